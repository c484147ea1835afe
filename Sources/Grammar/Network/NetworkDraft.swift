/// A network under construction, with empty moves.
struct NetworkDraft {
  struct Edge {
    var from: Int32
    var to: Int32
    /// Nil for an empty move.
    var symbol: GrammarNetwork.Symbol?
    var increments = false
  }

  struct Rule {
    var name: String
    var start: Int32
    var end: Int32
    var bounds: GrammarNetwork.Bounds?
  }

  private(set) var rules: [Rule] = []
  private(set) var ruleOfNode: [Int32] = []
  private(set) var edges: [Edge] = []

  /// A new rule with two nodes, its start and its end.
  mutating func addRule(
    _ name: String, bounds: GrammarNetwork.Bounds? = nil, _ budget: CompilationBudget
  ) throws(GrammarError) -> Int32 {
    let number = Int32(rules.count)
    let start = try addNode(of: number, budget)
    let end = try addNode(of: number, budget)
    rules.append(Rule(name: name, start: start, end: end, bounds: bounds))
    return number
  }

  mutating func addNode(of rule: Int32, _ budget: CompilationBudget) throws(GrammarError) -> Int32 {
    try budget.check(ruleOfNode.count + 1, "nodes", limit: budget.limits.networkNodes)
    try budget.spend()
    ruleOfNode.append(rule)
    return Int32(ruleOfNode.count - 1)
  }

  mutating func addEdge(from: Int32, to: Int32, _ symbol: GrammarNetwork.Symbol?, increments: Bool = false) {
    edges.append(Edge(from: from, to: to, symbol: symbol, increments: increments))
  }
}

extension NetworkDraft {
  /// The network without empty moves, and without what no text leads through.
  func finished(
    root: Int32, terminals: [Terminal], _ budget: CompilationBudget
  ) throws(GrammarError) -> GrammarNetwork {
    let graph = DraftGraph(self)
    let productive = try graph.productiveRules(terminals, budget)
    guard productive[Int(root)] else { throw .matchesNothing(rule: rules[Int(root)].name) }
    let usable = edges.map { edge in
      guard let symbol = edge.symbol else { return true }
      if let terminal = symbol.terminal { return !terminals[Int(terminal)].isEmpty }
      return symbol.rule.map { productive[Int($0)] } ?? false
    }
    let nullable = try graph.nullableRules(terminals, usable: usable, budget)
    let live = try graph.nodesThatReachEnds(usable: usable, budget)
    return try graph.network(
      root: root, terminals: terminals, usable: usable, nullable: nullable, live: live, budget)
  }
}

/// The edges of a draft by node, and what follows from them.
private struct DraftGraph {
  let draft: NetworkDraft
  /// Indices of the edges out of each node.
  let outgoing: [[Int]]
  let incoming: [[Int]]
  /// Indices of the edges that read each rule.
  let readers: [[Int]]

  init(_ draft: NetworkDraft) {
    self.draft = draft
    var outgoing = Array(repeating: [Int](), count: draft.ruleOfNode.count)
    var incoming = outgoing
    var readers = Array(repeating: [Int](), count: draft.rules.count)
    for (index, edge) in draft.edges.enumerated() {
      outgoing[Int(edge.from)].append(index)
      incoming[Int(edge.to)].append(index)
      if let rule = edge.symbol?.rule { readers[Int(rule)].append(index) }
    }
    self.outgoing = outgoing
    self.incoming = incoming
    self.readers = readers
  }

  /// The rules whose end is reached from their start by edges that `passes`, given the rules found so far.
  private func rulesThatEnd(
    _ budget: CompilationBudget, passes: (NetworkDraft.Edge, Int, [Bool]) -> Bool
  ) throws(GrammarError) -> [Bool] {
    var ended = Array(repeating: false, count: draft.rules.count)
    var reached = Array(repeating: false, count: draft.ruleOfNode.count)
    var pending = draft.rules.map(\.start)
    for start in pending { reached[Int(start)] = true }
    while let node = pending.popLast() {
      let rule = draft.ruleOfNode[Int(node)]
      var ready = outgoing[Int(node)]
      if node == draft.rules[Int(rule)].end, !ended[Int(rule)] {
        ended[Int(rule)] = true
        ready += readers[Int(rule)].filter { reached[Int(draft.edges[$0].from)] }
      }
      for index in ready {
        try budget.spend()
        let edge = draft.edges[index]
        guard !reached[Int(edge.to)], passes(edge, index, ended) else { continue }
        reached[Int(edge.to)] = true
        pending.append(edge.to)
      }
    }
    return ended
  }

  func productiveRules(_ terminals: [Terminal], _ budget: CompilationBudget) throws(GrammarError) -> [Bool] {
    try rulesThatEnd(budget) { edge, _, ended in
      guard let symbol = edge.symbol else { return true }
      if let terminal = symbol.terminal { return !terminals[Int(terminal)].isEmpty }
      return symbol.rule.map { ended[Int($0)] } ?? false
    }
  }

  func nullableRules(
    _ terminals: [Terminal], usable: [Bool], _ budget: CompilationBudget
  ) throws(GrammarError) -> [Bool] {
    try rulesThatEnd(budget) { edge, index, ended in
      guard usable[index] else { return false }
      return Self.isEmptyMove(edge, terminals, nullable: ended)
    }
  }

  private static func isEmptyMove(_ edge: NetworkDraft.Edge, _ terminals: [Terminal], nullable: [Bool]) -> Bool {
    guard let symbol = edge.symbol else { return true }
    if let terminal = symbol.terminal { return terminals[Int(terminal)].isNullable }
    return symbol.rule.map { nullable[Int($0)] } ?? false
  }

  func nodesThatReachEnds(usable: [Bool], _ budget: CompilationBudget) throws(GrammarError) -> [Bool] {
    var live = Array(repeating: false, count: draft.ruleOfNode.count)
    var pending = draft.rules.map(\.end)
    for end in pending { live[Int(end)] = true }
    while let node = pending.popLast() {
      for index in incoming[Int(node)] where usable[index] {
        try budget.spend()
        let source = draft.edges[index].from
        if !live[Int(source)] {
          live[Int(source)] = true
          pending.append(source)
        }
      }
    }
    return live
  }

  func network(
    root: Int32, terminals: [Terminal], usable: [Bool], nullable: [Bool], live: [Bool], _ budget: CompilationBudget
  ) throws(GrammarError) -> GrammarNetwork {
    var nodes: [GrammarNetwork.Node] = []
    var edges: [GrammarNetwork.Edge] = []
    var mark = Array(repeating: Int32(-1), count: draft.ruleOfNode.count)
    for node in draft.ruleOfNode.indices {
      let rule = draft.ruleOfNode[node]
      budget.rule = draft.rules[Int(rule)].name
      let firstEdge = edges.count
      var isFinal = false
      var own: [GrammarNetwork.Edge] = []
      var pending = live[node] ? [Int32(node)] : []
      mark[node] = Int32(node)
      while let next = pending.popLast() {
        isFinal = isFinal || next == draft.rules[Int(rule)].end
        for index in outgoing[Int(next)] where usable[index] && live[Int(draft.edges[index].to)] {
          try budget.spend()
          let edge = draft.edges[index]
          if let symbol = edge.symbol {
            own.append(GrammarNetwork.Edge(symbol: symbol, target: edge.to, increments: edge.increments))
          }
          if Self.isEmptyMove(edge, terminals, nullable: nullable), mark[Int(edge.to)] != Int32(node) {
            mark[Int(edge.to)] = Int32(node)
            pending.append(edge.to)
          }
        }
      }
      own.sort { ($0.symbol, $0.target) < ($1.symbol, $1.target) }
      for edge in own {
        let isNew = edges.count == firstEdge || edges.last?.symbol != edge.symbol || edges.last?.target != edge.target
        if isNew { edges.append(edge) }
      }
      try budget.check(edges.count, "edges", limit: budget.limits.networkNodes * 4)
      nodes.append(
        GrammarNetwork.Node(
          firstEdge: Int32(firstEdge), endEdge: Int32(edges.count), isFinal: isFinal, rule: rule))
    }
    var bounds = draft.rules.map(\.bounds)
    // Units that may be empty make up any lower bound.
    for edge in draft.edges where edge.increments && Self.isEmptyMove(edge, terminals, nullable: nullable) {
      bounds[Int(draft.ruleOfNode[Int(edge.from)])]?.atLeast = 0
    }
    return GrammarNetwork(
      nodes: nodes, edges: edges, starts: draft.rules.map(\.start), bounds: bounds, root: root,
      terminals: terminals)
  }
}
