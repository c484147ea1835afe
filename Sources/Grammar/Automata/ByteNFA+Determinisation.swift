extension ByteNFA {
  /// The equivalent deterministic automaton, by subset construction.
  func determinised(_ budget: CompilationBudget) throws(GrammarError) -> ByteAutomaton {
    let alphabet = ByteClasses(edges)
    let graph = NFAGraph(self, alphabet)
    var construction = SubsetConstruction(graph: graph, alphabet: alphabet, accept: accept)
    return try construction.run(from: start, budget)
  }
}

/// The edges of an automaton by state, without those that lead nowhere.
private struct NFAGraph {
  /// Edges of state s: `edges[edgeStarts[s]..<edgeStarts[s + 1]]`; `set` is the place of their bytes in
  /// `ByteClasses.members`.
  let edges: [(to: Int32, set: Int)]
  let edgeStarts: [Int]
  let emptyMoves: [Int32]
  let emptyStarts: [Int]

  init(_ automaton: ByteNFA, _ alphabet: ByteClasses) {
    let count = Int(automaton.count)
    let live = Self.live(automaton)
    let liveEdges = automaton.edges.filter { live[Int($0.to)] }
    let liveMoves = automaton.emptyMoves.filter { live[Int($0.to)] }
    (edgeStarts, edges) = Self.grouped(
      liveEdges, count: count, by: { $0.from }, value: { ($0.to, alphabet.places[$0.bytes] ?? 0) })
    (emptyStarts, emptyMoves) = Self.grouped(liveMoves, count: count, by: { $0.from }, value: { $0.to })
  }

  /// Which states reach the accepting one.
  private static func live(_ automaton: ByteNFA) -> [Bool] {
    let count = Int(automaton.count)
    let moves = automaton.edges.map { ($0.from, $0.to) } + automaton.emptyMoves.map { ($0.from, $0.to) }
    let (starts, sources) = grouped(moves, count: count, by: { $0.1 }, value: { $0.0 })
    var live = Array(repeating: false, count: count)
    live[Int(automaton.accept)] = true
    var pending = [automaton.accept]
    while let state = pending.popLast() {
      for source in sources[starts[Int(state)]..<starts[Int(state) + 1]] where !live[Int(source)] {
        live[Int(source)] = true
        pending.append(source)
      }
    }
    return live
  }

  private static func grouped<Element, Value>(
    _ elements: [Element], count: Int, by key: (Element) -> Int32, value: (Element) -> Value
  ) -> (starts: [Int], values: [Value]) {
    var starts = Array(repeating: 0, count: count + 1)
    for element in elements { starts[Int(key(element)) + 1] += 1 }
    for state in 0..<count { starts[state + 1] += starts[state] }
    var places = starts
    var order = Array(repeating: 0, count: elements.count)
    for (index, element) in elements.enumerated() {
      order[places[Int(key(element))]] = index
      places[Int(key(element))] += 1
    }
    return (starts, order.map { value(elements[$0]) })
  }
}

/// The coarsest division of bytes into classes that no edge's set cuts.
private struct ByteClasses {
  let classes: [UInt8]
  let count: Int
  /// The classes in each distinct set of bytes.
  private(set) var members: [[UInt8]] = []
  /// Where each set is in `members`.
  private(set) var places: [ByteSet: Int] = [:]

  init(_ edges: [ByteNFA.Edge]) {
    var sets: [[UInt8]] = []
    for edge in edges where places[edge.bytes] == nil {
      places[edge.bytes] = sets.count
      sets.append(edge.bytes.bytes)
    }
    var classes = Array(repeating: 0, count: 256)
    var sizes = [256]
    for set in sets where sizes.count < 256 {
      var inside = Array(repeating: 0, count: sizes.count)
      for byte in set { inside[classes[Int(byte)]] += 1 }
      // The parts of classes that the set cuts become classes of their own.
      var parts: [Int?] = Array(repeating: nil, count: sizes.count)
      for byte in set {
        let old = classes[Int(byte)]
        guard inside[old] < sizes[old] else { continue }
        let part = parts[old] ?? sizes.count
        if parts[old] == nil {
          parts[old] = part
          sizes.append(inside[old])
        }
        classes[Int(byte)] = part
      }
      for (old, part) in parts.enumerated() where part != nil { sizes[old] -= inside[old] }
    }
    // Numbers by first byte, so that equal automata are numbered alike.
    var numbers: [UInt8?] = Array(repeating: nil, count: sizes.count)
    var count = 0
    self.classes = classes.map { old in
      if let number = numbers[old] { return number }
      let number = UInt8(count)
      numbers[old] = number
      count += 1
      return number
    }
    self.count = count
    for set in sets {
      var seen = ByteSet()
      for byte in set { seen.insert(self.classes[Int(byte)]) }
      members.append(seen.bytes)
    }
  }
}

private struct SubsetConstruction {
  let graph: NFAGraph
  let alphabet: ByteClasses
  let accept: Int32
  /// States that the empty moves from a state lead to and that have edges or accept, by state.
  private var closures: [Int32: [Int32]] = [:]
  private var numbers: [[Int32]: Int32] = [:]
  private var subsets: [[Int32]] = []
  private var subsetElements = 0

  init(graph: NFAGraph, alphabet: ByteClasses, accept: Int32) {
    self.graph = graph
    self.alphabet = alphabet
    self.accept = accept
  }

  mutating func run(from start: Int32, _ budget: CompilationBudget) throws(GrammarError) -> ByteAutomaton {
    _ = try number(of: closure(of: start, budget).sorted(), budget)
    var successors: [Int32] = []
    var next = 0
    var buckets = Array(repeating: [Int32](), count: alphabet.count)
    while next < subsets.count {
      for state in subsets[next] {
        for edge in graph.edges[graph.edgeStarts[Int(state)]..<graph.edgeStarts[Int(state) + 1]] {
          let targets = try closure(of: edge.to, budget)
          for number in alphabet.members[edge.set] {
            buckets[Int(number)].append(contentsOf: targets)
            try budget.spend(targets.count)
          }
        }
      }
      next += 1
      for index in buckets.indices {
        let subset = Self.ascending(buckets[index])
        buckets[index].removeAll(keepingCapacity: true)
        successors.append(subset.isEmpty ? ByteAutomaton.dead : try number(of: subset, budget))
      }
      try budget.check(
        successors.count, "automaton transitions", limit: budget.limits.automatonStates * Product.transitionsPerState)
    }
    return ByteAutomaton(
      classes: alphabet.classes, classCount: alphabet.count, successors: successors,
      accepting: subsets.map { $0.contains(accept) })
  }

  private static func ascending(_ states: [Int32]) -> [Int32] {
    guard states.count > 1 else { return states }
    var result: [Int32] = []
    for state in states.sorted() where state != result.last { result.append(state) }
    return result
  }

  private mutating func number(of subset: [Int32], _ budget: CompilationBudget) throws(GrammarError) -> Int32 {
    if let number = numbers[subset] { return number }
    try account(subset.count, budget)
    try budget.check(subsets.count + 1, "automaton states", limit: budget.limits.automatonStates)
    let number = Int32(subsets.count)
    numbers[subset] = number
    subsets.append(subset)
    return number
  }

  /// Accounts for the memory and time that keeping `states` more states in subsets takes.
  private mutating func account(_ states: Int, _ budget: CompilationBudget) throws(GrammarError) {
    subsetElements += states
    try budget.check(
      subsetElements, "automaton states in subsets", limit: budget.limits.automatonStates * Product.transitionsPerState)
    try budget.spend(states)
  }

  private mutating func closure(of state: Int32, _ budget: CompilationBudget) throws(GrammarError) -> [Int32] {
    if let known = closures[state] { return known }
    var seen: Set<Int32> = [state]
    var pending = [state]
    var result: [Int32] = []
    while let next = pending.popLast() {
      try budget.spend()
      let hasEdges = graph.edgeStarts[Int(next)] < graph.edgeStarts[Int(next) + 1]
      if hasEdges || next == accept { result.append(next) }
      for target in graph.emptyMoves[graph.emptyStarts[Int(next)]..<graph.emptyStarts[Int(next) + 1]]
      where seen.insert(target).inserted {
        pending.append(target)
      }
    }
    result.sort()
    try account(result.count, budget)
    closures[state] = result
    return result
  }
}
