/// Turns the rules of a definition into a network over terminals.
struct NetworkBuilder {
  private let analysis: RuleAnalysis
  private let terminals: TerminalCache
  private let budget: CompilationBudget
  private var draft = NetworkDraft()
  private var ruleNumbers: [String: Int32] = [:]
  private var pending: [String] = []
  private var used: [Terminal] = []
  private var terminalNumbers: [ObjectIdentifier: Int32] = [:]

  init(_ analysis: RuleAnalysis, _ terminals: TerminalCache, _ budget: CompilationBudget) {
    self.analysis = analysis
    self.terminals = terminals
    self.budget = budget
  }

  mutating func build() throws(GrammarError) -> GrammarNetwork {
    let root = try number(of: analysis.definition.root)
    while let name = pending.popLast() {
      guard let expression = analysis.definition[name] else { continue }
      budget.rule = name
      let rule = draft.rules[Int(try number(of: name))]
      try add(expression, from: rule.start, to: rule.end)
    }
    return try draft.finished(root: root, terminals: used, budget)
  }

  private mutating func number(of name: String) throws(GrammarError) -> Int32 {
    if let number = ruleNumbers[name] { return number }
    let number = try draft.addRule(name, budget)
    ruleNumbers[name] = number
    pending.append(name)
    return number
  }

  private mutating func addEdge(from: Int32, to: Int32, _ terminal: Terminal, increments: Bool = false) {
    draft.addEdge(from: from, to: to, symbol(of: terminal), increments: increments)
  }

  private mutating func symbol(of terminal: Terminal) -> GrammarNetwork.Symbol {
    if let number = terminalNumbers[ObjectIdentifier(terminal)] { return .terminal(number) }
    let number = Int32(used.count)
    used.append(terminal)
    terminalNumbers[ObjectIdentifier(terminal)] = number
    return .terminal(number)
  }
}

// MARK: - Expressions

extension NetworkBuilder {
  private mutating func add(_ expression: GrammarExpression, from: Int32, to: Int32) throws(GrammarError) {
    if analysis.shape(of: expression).isPlain {
      return addEdge(from: from, to: to, try plainTerminal(expression))
    }
    switch expression {
    case .bytes, .byteClass, .characters, .difference, .automaton:
      addEdge(from: from, to: to, try plainTerminal(expression))
    case .intersection(let parts):
      if let counted = analysis.countedOperand(of: parts), let terminal = try countedTerminal(parts, operand: counted) {
        addEdge(from: from, to: to, terminal)
      } else {
        addEdge(from: from, to: to, try plainTerminal(expression))
      }
    case .rule(let name): try add(rule: name, from: from, to: to)
    case .sequence(let parts):
      var state = from
      let runs = runs(parts)
      for (index, run) in runs.enumerated() {
        let next = index == runs.count - 1 ? to : try draft.addNode(of: draft.ruleOfNode[Int(from)], budget)
        try add(run, from: state, to: next)
        state = next
      }
    case .choice(let parts):
      let plain = parts.filter { analysis.shape(of: $0).isPlain }
      if !plain.isEmpty { addEdge(from: from, to: to, try plainTerminal(.choice(plain))) }
      for part in parts where !analysis.shape(of: part).isPlain { try add(part, from: from, to: to) }
    case .repetition(let unit, let atLeast, let atMost):
      if analysis.shape(of: unit).isCounted(atLeast: atLeast, atMost: atMost) {
        try add(counted: unit, atLeast: atLeast, atMost: atMost, from: from, to: to)
      } else {
        try add(repetition: unit, atLeast: atLeast, atMost: atMost, from: from, to: to)
      }
    }
  }

  /// The parts of a sequence, with neighbours that one automaton can read put together.
  private func runs(_ parts: [GrammarExpression]) -> [GrammarExpression] {
    var result: [GrammarExpression] = []
    var plain: [GrammarExpression] = []
    for part in parts {
      if analysis.shape(of: part).isPlain {
        plain.append(part)
        continue
      }
      if !plain.isEmpty { result.append(.sequence(plain)) }
      plain = []
      result.append(part)
    }
    if !plain.isEmpty { result.append(.sequence(plain)) }
    return result
  }

  private mutating func add(rule name: String, from: Int32, to: Int32) throws(GrammarError) {
    if analysis.shapes[name]?.isPlain == true {
      return addEdge(from: from, to: to, try plainTerminal(.rule(name)))
    }
    let number = try number(of: name)
    if draft.ruleOfNode[Int(from)] == number, draft.rules[Int(number)].end == to {
      // A rule that ends with itself starts over: what reads the inner text has then read the outer one. So lists
      // written with recursion take no more to parse than loops.
      draft.addEdge(from: from, to: draft.rules[Int(number)].start, nil)
    } else {
      draft.addEdge(from: from, to: to, .rule(number))
    }
  }

  private mutating func add(
    repetition unit: GrammarExpression, atLeast: Int, atMost: Int?, from: Int32, to: Int32
  ) throws(GrammarError) {
    let rule = draft.ruleOfNode[Int(from)]
    var state = from
    for _ in 0..<atLeast {
      let next = try draft.addNode(of: rule, budget)
      try add(unit, from: state, to: next)
      state = next
    }
    guard let atMost else {
      let first = try draft.addNode(of: rule, budget)
      let last = try draft.addNode(of: rule, budget)
      draft.addEdge(from: state, to: first, nil)
      try add(unit, from: first, to: last)
      draft.addEdge(from: last, to: first, nil)
      draft.addEdge(from: first, to: to, nil)
      return
    }
    for _ in atLeast..<atMost {
      draft.addEdge(from: state, to: to, nil)
      let next = try draft.addNode(of: rule, budget)
      try add(unit, from: state, to: next)
      state = next
    }
    draft.addEdge(from: state, to: to, nil)
  }

  private mutating func add(
    counted unit: GrammarExpression, atLeast: Int, atMost: Int?, from: Int32, to: Int32
  ) throws(GrammarError) {
    let repetition = GrammarExpression.repetition(unit, atLeast: atLeast, atMost: atMost)
    if isPlainUnit(unit), let terminal = try countedTerminal([repetition], operand: 0) {
      return addEdge(from: from, to: to, terminal)
    }
    // A rule of its own counts texts of the unit, whatever they are.
    let name = budget.rule
    let bounds = GrammarNetwork.Bounds(
      atLeast: Int32(clamping: atLeast), atMost: atMost.map { Int32(clamping: $0) } ?? Counting.unbounded)
    let loop = try draft.addRule(name, bounds: bounds, budget)
    let (start, end) = (draft.rules[Int(loop)].start, draft.rules[Int(loop)].end)
    let body = try draft.addRule(name, budget)
    try add(unit, from: draft.rules[Int(body)].start, to: draft.rules[Int(body)].end)
    draft.addEdge(from: start, to: start, .rule(body), increments: true)
    draft.addEdge(from: start, to: end, .rule(body), increments: true)
    if atLeast == 0 { draft.addEdge(from: start, to: end, nil) }
    draft.addEdge(from: from, to: to, .rule(loop))
  }
}

// MARK: - Terminals

extension NetworkBuilder {
  private func isPlainUnit(_ unit: GrammarExpression) -> Bool {
    if case .rule(let name) = unit { return analysis.shapes[name]?.isPlain == true }
    return analysis.shape(of: unit).isPlain
  }

  private func plainTerminal(_ expression: GrammarExpression) throws(GrammarError) -> Terminal {
    let expression = try analysis.resolved(expression, budget)
    return try terminals.terminal(for: expression) { () throws(GrammarError) in
      (try ByteNFA.automaton(of: expression, budget), nil)
    } ?? Terminal.nothing
  }

  /// The terminal of an intersection one of whose operands is a repetition to be counted; nil where that is not exact.
  private func countedTerminal(_ parts: [GrammarExpression], operand: Int) throws(GrammarError) -> Terminal? {
    guard case .repetition(let unit, let atLeast, let atMost) = parts[operand] else { return nil }
    let unitExpression = try analysis.resolved(unit, budget)
    var others = parts
    others.remove(at: operand)
    let filter = others.isEmpty ? nil : try analysis.resolved(.intersection(others), budget)
    let repetition = GrammarExpression.repetition(unitExpression, atLeast: atLeast, atMost: atMost)
    let key = GrammarExpression.intersection([repetition] + (filter.map { [$0] } ?? []))
    return try terminals.terminal(for: key) { () throws(GrammarError) in
      let filter = try filter.map { (filter) throws(GrammarError) in try ByteNFA.automaton(of: filter, budget) }
      let counted = try ByteAutomaton.counting(
        ByteNFA.automaton(of: unitExpression, budget), atLeast: atLeast, atMost: atMost, within: filter, budget)
      return counted.map { ($0.automaton, $0.counting) }
    }
  }
}
