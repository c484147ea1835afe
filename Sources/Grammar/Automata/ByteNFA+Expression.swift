extension ByteNFA {
  /// The automaton of an expression without rules.
  static func automaton(
    of expression: GrammarExpression, _ budget: CompilationBudget
  ) throws(GrammarError) -> ByteAutomaton {
    var automaton = ByteNFA()
    try automaton.add(expression, from: automaton.start, to: automaton.accept, budget)
    return try automaton.determinised(budget)
  }

  private mutating func add(
    _ expression: GrammarExpression, from: Int32, to: Int32, _ budget: CompilationBudget
  ) throws(GrammarError) {
    switch expression {
    case .bytes(let bytes): try add(bytes: bytes, from: from, to: to, budget)
    case .byteClass(let set): addEdge(from: from, to: to, set)
    case .characters(let scalars): try add(scalars, from: from, to: to, budget)
    case .sequence(let parts):
      var state = from
      for part in parts.dropLast() {
        let next = try addState(budget)
        try add(part, from: state, to: next, budget)
        state = next
      }
      if let last = parts.last { try add(last, from: state, to: to, budget) } else { addEmptyMove(from: from, to: to) }
    case .choice(let parts): try add(alternatives: parts, from: from, to: to, budget)
    case .repetition(let unit, let atLeast, let atMost):
      try add(repetition: unit, atLeast: atLeast, atMost: atMost, from: from, to: to, budget)
    case .intersection(let parts):
      guard let first = parts.first else {
        return try add(.repetition(.byteClass(.all), atLeast: 0, atMost: nil), from: from, to: to, budget)
      }
      var result = try Self.automaton(of: first, budget)
      for part in parts.dropFirst() {
        result = try result.combined(with: Self.automaton(of: part, budget), removing: false, budget)
      }
      try add(result, from: from, to: to, budget)
    case .difference(let first, let second):
      let result = try Self.automaton(of: first, budget).combined(
        with: Self.automaton(of: second, budget), removing: true, budget)
      try add(result, from: from, to: to, budget)
    case .automaton(let table): try add(table, from: from, to: to, budget)
    case .rule(let name): throw .undefinedRule(name, in: budget.rule)
    }
  }

  private mutating func add(
    alternatives: [GrammarExpression], from: Int32, to: Int32, _ budget: CompilationBudget
  ) throws(GrammarError) {
    var texts: [[UInt8]] = []
    for alternative in alternatives {
      if case .bytes(let bytes) = alternative {
        texts.append(bytes)
      } else {
        try add(alternative, from: from, to: to, budget)
      }
    }
    texts.sort { $0.lexicographicallyPrecedes($1) }
    var distinct: [[UInt8]] = []
    for text in texts where text != distinct.last { distinct.append(text) }
    try add(texts: distinct[...], from: from, to: to, budget)
  }

  private mutating func add(
    repetition unit: GrammarExpression, atLeast: Int, atMost: Int?, from: Int32, to: Int32,
    _ budget: CompilationBudget
  ) throws(GrammarError) {
    var state = from
    for _ in 0..<atLeast {
      let next = try addState(budget)
      try add(unit, from: state, to: next, budget)
      state = next
    }
    guard let atMost else {
      // States of the loop's own: its ends may have other edges.
      let first = try addState(budget)
      let last = try addState(budget)
      addEmptyMove(from: state, to: first)
      try add(unit, from: first, to: last, budget)
      addEmptyMove(from: last, to: first)
      addEmptyMove(from: first, to: to)
      return
    }
    for _ in atLeast..<atMost {
      addEmptyMove(from: state, to: to)
      let next = try addState(budget)
      try add(unit, from: state, to: next, budget)
      state = next
    }
    addEmptyMove(from: state, to: to)
  }

  private mutating func add(
    _ table: TransitionTable, from: Int32, to: Int32, _ budget: CompilationBudget
  ) throws(GrammarError) {
    var states: [Int32] = []
    for _ in table.accepting { states.append(try addState(budget)) }
    addEmptyMove(from: from, to: states[0])
    for (number, state) in states.enumerated() {
      var bytes: [Int: ByteSet] = [:]
      for (byte, target) in table.transitions(from: number) { bytes[target, default: ByteSet()].insert(byte) }
      for (target, set) in bytes.sorted(by: { $0.key < $1.key }) { addEdge(from: state, to: states[target], set) }
      if table.accepting[number] { addEmptyMove(from: state, to: to) }
    }
  }
}
