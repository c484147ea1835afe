/// The rules of a definition, checked, and the shapes of their expressions.
struct RuleAnalysis {
  let definition: GrammarDefinition
  private(set) var shapes: [String: ExpressionShape] = [:]
  private(set) var recursive: Set<String> = []
  /// The rules reachable from the root, each after those it uses, except where they are recursive.
  private(set) var order: [String] = []

  init(_ definition: GrammarDefinition, _ budget: CompilationBudget) throws(GrammarError) {
    self.definition = definition
    guard definition[definition.root] != nil else {
      throw .undefinedRule(definition.root, in: "the grammar")
    }
    let uses = try checkRules(budget)
    for group in Self.components(of: uses, from: definition.root) {
      if group.count > 1 || uses[group[0]]?.contains(group[0]) == true { recursive.formUnion(group) }
      order += group
    }
    for name in order {
      budget.rule = name
      if recursive.contains(name) {
        shapes[name] = ExpressionShape(isPlain: false, isRegular: false, loops: true, size: 1, width: 256)
      } else if let expression = definition[name] {
        shapes[name] = shape(of: expression)
      }
    }
  }

  // MARK: - Checks

  /// The rules that each reachable rule uses, without duplicates.
  private mutating func checkRules(_ budget: CompilationBudget) throws(GrammarError) -> [String: [String]] {
    var uses: [String: [String]] = [:]
    var pending = [definition.root]
    while let name = pending.popLast() {
      guard uses[name] == nil, let expression = definition[name] else { continue }
      budget.rule = name
      var used: [String] = []
      var seen: Set<String> = []
      try check(expression, depth: 1, &used, &seen, budget)
      for other in used where definition[other] == nil { throw .undefinedRule(other, in: name) }
      uses[name] = used
      pending += used
    }
    return uses
  }

  private mutating func check(
    _ expression: GrammarExpression, depth: Int, _ used: inout [String], _ seen: inout Set<String>,
    _ budget: CompilationBudget
  ) throws(GrammarError) {
    try budget.check(depth, "levels of nested expressions", limit: budget.limits.depth)
    try budget.spendExpression()
    switch expression {
    case .bytes, .byteClass, .characters, .automaton: break
    case .rule(let name): if seen.insert(name).inserted { used.append(name) }
    case .sequence(let parts), .choice(let parts), .intersection(let parts):
      for part in parts { try check(part, depth: depth + 1, &used, &seen, budget) }
    case .difference(let first, let second):
      try check(first, depth: depth + 1, &used, &seen, budget)
      try check(second, depth: depth + 1, &used, &seen, budget)
    case .repetition(let unit, let atLeast, let atMost):
      guard atLeast >= 0, atMost ?? atLeast >= atLeast, (atMost ?? atLeast) < Int(Counting.unbounded) else {
        throw .invalidBounds(rule: budget.rule, atLeast: atLeast, atMost: atMost)
      }
      try check(unit, depth: depth + 1, &used, &seen, budget)
    }
  }

  /// Tarjan's strongly connected components, without recursion; a component comes after those it uses.
  private static func components(of uses: [String: [String]], from root: String) -> [[String]] {
    var numbers: [String: Int] = [:]
    var lowest: [String: Int] = [:]
    var onStack: Set<String> = []
    var stack: [String] = []
    var result: [[String]] = []
    var calls: [(name: String, next: Int)] = []
    func enter(_ name: String) {
      numbers[name] = numbers.count
      lowest[name] = numbers[name]
      stack.append(name)
      onStack.insert(name)
      calls.append((name, 0))
    }
    enter(root)
    while let (name, next) = calls.last {
      let used = uses[name] ?? []
      if next < used.count {
        calls[calls.count - 1].next += 1
        let other = used[next]
        if numbers[other] == nil {
          enter(other)
        } else if onStack.contains(other) {
          lowest[name] = min(lowest[name] ?? 0, numbers[other] ?? 0)
        }
        continue
      }
      calls.removeLast()
      if let caller = calls.last?.name { lowest[caller] = min(lowest[caller] ?? 0, lowest[name] ?? 0) }
      if lowest[name] == numbers[name], let first = stack.lastIndex(of: name) {
        result.append(Array(stack[first...]))
        onStack.subtract(stack[first...])
        stack.removeSubrange(first...)
      }
    }
    return result
  }
}

// MARK: - Shapes

extension RuleAnalysis {
  /// The shape of an expression, given those of the rules it uses.
  func shape(of expression: GrammarExpression) -> ExpressionShape {
    switch expression {
    case .bytes(let bytes): return ExpressionShape(size: bytes.count, width: min(bytes.count, 1))
    case .byteClass(let set): return ExpressionShape(size: 1, width: set.count)
    case .characters(let scalars):
      // Non-ASCII scalars begin with few bytes, but are many tokens.
      let ascii = scalars.intersection(ScalarSet([0...0x7F])).ranges.reduce(0) { $0 + $1.count }
      return ExpressionShape(size: 1, width: ascii < 128 && scalars.ranges.last?.upperBound ?? 0 > 0x7F ? 256 : ascii)
    case .automaton(let table):
      return ExpressionShape(loops: true, size: table.accepting.count, width: table.transitions(from: 0).count)
    case .rule(let name):
      var shape = shapes[name] ?? ExpressionShape(isPlain: false, isRegular: false)
      shape.isPlain = shape.isInlined
      shape.isCountedRepetition = false
      return shape
    case .sequence(let parts):
      let shapes = parts.map { shape(of: $0) }
      var result = combined(shapes)
      result.width = shapes.lazy.map(\.width).first { $0 > 0 } ?? 0
      return result
    case .choice(let parts): return combined(parts.map { shape(of: $0) })
    case .intersection(let parts):
      let shapes = parts.map { shape(of: $0) }
      var result = combined(shapes)
      result.size = shapes.reduce(1) { ExpressionShape.saturating($0, times: max($1.size, 1)) }
      result.loops = true
      result.isPlain = result.isRegular && !shapes.contains { $0.isCountedRepetition }
      return result
    case .difference(let first, let second):
      var result = combined([shape(of: first), shape(of: second)])
      result.loops = true
      result.isPlain = result.isRegular
      return result
    case .repetition(let unit, let atLeast, let atMost):
      var result = shape(of: unit)
      result.isCountedRepetition = result.isCounted(atLeast: atLeast, atMost: atMost)
      if result.isCountedRepetition { result.isPlain = false }
      result.size = ExpressionShape.saturating(result.size, times: max(atMost ?? atLeast, 1))
      result.loops = result.loops || atMost == nil
      result.height += 1
      return result
    }
  }

  private func combined(_ shapes: [ExpressionShape]) -> ExpressionShape {
    var result = ExpressionShape()
    for shape in shapes {
      result.isPlain = result.isPlain && shape.isPlain
      result.isRegular = result.isRegular && shape.isRegular
      result.loops = result.loops || shape.loops
      result.size = min(result.size + shape.size, ExpressionShape.greatestSize)
      result.width = min(result.width + shape.width, 256)
      result.height = max(result.height, shape.height + 1)
    }
    return result
  }

  /// The first operand of an intersection that is a counted repetition.
  func countedOperand(of parts: [GrammarExpression]) -> Int? {
    parts.firstIndex { part in
      guard case .repetition(let unit, let atLeast, let atMost) = part else { return false }
      return shape(of: unit).isCounted(atLeast: atLeast, atMost: atMost)
    }
  }

  /// The expression with the rules it uses put in their places.
  func resolved(
    _ expression: GrammarExpression, depth: Int = 1, _ budget: CompilationBudget
  ) throws(GrammarError) -> GrammarExpression {
    try budget.check(depth, "levels of nested expressions and rules", limit: budget.limits.depth * 2)
    try budget.spendExpression()
    func all(_ parts: [GrammarExpression]) throws(GrammarError) -> [GrammarExpression] {
      var result: [GrammarExpression] = []
      result.reserveCapacity(parts.count)
      for part in parts { result.append(try resolved(part, depth: depth + 1, budget)) }
      return result
    }
    switch expression {
    case .bytes, .byteClass, .characters, .automaton: return expression
    case .rule(let name):
      guard !recursive.contains(name) else { throw .notRegular(rule: budget.rule, recursive: name) }
      guard let rule = definition[name] else { throw .undefinedRule(name, in: budget.rule) }
      return try resolved(rule, depth: depth + 1, budget)
    case .sequence(let parts): return .sequence(try all(parts))
    case .choice(let parts): return .choice(try all(parts))
    case .intersection(let parts): return .intersection(try all(parts))
    case .difference(let first, let second):
      return .difference(
        try resolved(first, depth: depth + 1, budget), try resolved(second, depth: depth + 1, budget))
    case .repetition(let unit, let atLeast, let atMost):
      return .repetition(try resolved(unit, depth: depth + 1, budget), atLeast: atLeast, atMost: atMost)
    }
  }
}
