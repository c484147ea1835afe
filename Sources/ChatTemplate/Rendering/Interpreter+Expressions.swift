extension Interpreter {
  /// The value of an expression. Failures carry the position of the innermost expression that failed.
  func evaluate(_ expression: Expression, _ activation: Activation) throws(Fault) -> Value {
    try descend()
    defer { ascend() }
    do throws(Fault) {
      try budget.spend()
      return try evaluateKind(of: expression, activation)
    } catch {
      throw error.located(at: expression.position)
    }
  }

  // The cases are functions of their own to keep the frames of the recursion small.
  private func evaluateKind(of expression: Expression, _ activation: Activation) throws(Fault) -> Value {
    switch expression.kind {
    case .literal(let literal): Value(literal)
    case .name(let name): value(of: name, activation)
    case .attribute(let base, let name): try evaluate(base, activation).attribute(name, budget)
    case .item(let base, let index): try item(index, of: base, activation)
    case .slice(let base, let start, let stop, let step): try slice(base, start, stop, step, activation)
    case .call(let callee, let arguments): try call(callee, arguments, activation)
    case .filter(let use): try filter(use, activation)
    case .test(let input, let name, let test, let arguments):
      .boolean(try self.test(input, name, test, arguments, activation))
    case .unary(let operation, let operand): try Value.apply(operation, evaluate(operand, activation))
    case .binary(let operation, let left, let right): try binary(operation, left, right, activation)
    case .compare(let first, let rest): .boolean(try compare(first, rest, activation))
    case .concatenate(let parts): try concatenate(parts, activation)
    case .and(let left, let right): try and(left, right, activation)
    case .or(let left, let right): try or(left, right, activation)
    case .not(let operand): .boolean(try !evaluate(operand, activation).isTrue)
    case .conditional(let value, let condition, let alternative):
      try conditional(value, condition, alternative, activation)
    case .list(let items): .list(try ListValue(try evaluate(items, activation)))
    case .tuple(let items): .tuple(try ListValue(try evaluate(items, activation)))
    case .dictionary(let items): try dictionary(items, activation)
    }
  }

  private func evaluate(_ items: [Expression], _ activation: Activation) throws(Fault) -> [Value] {
    var values: [Value] = []
    values.reserveCapacity(items.count)
    for item in items { values.append(try evaluate(item, activation)) }
    return values
  }

  private func dictionary(
    _ items: [(key: Expression, value: Expression)], _ activation: Activation
  ) throws(Fault) -> Value {
    var entries: [DictionaryValue.Entry] = []
    for (key, value) in items { entries.append((try evaluate(key, activation), try evaluate(value, activation))) }
    return .dictionary(try DictionaryValue(entries, budget))
  }

  // MARK: - Operators

  private func binary(
    _ operation: BinaryOperator, _ left: Expression, _ right: Expression, _ activation: Activation
  ) throws(Fault) -> Value {
    let left = try evaluate(left, activation)
    return try Value.apply(operation, left, try evaluate(right, activation), budget)
  }

  private func compare(
    _ first: Expression, _ rest: [(ComparisonOperator, Expression)], _ activation: Activation
  ) throws(Fault) -> Bool {
    var left = try evaluate(first, activation)
    for (comparison, expression) in rest {
      let right = try evaluate(expression, activation)
      let holds =
        switch comparison {
        case .equal: try Value.areEqual(left, right, budget)
        case .notEqual: try !Value.areEqual(left, right, budget)
        case .contained: try Value.contains(right, left, budget)
        case .notContained: try !Value.contains(right, left, budget)
        case .less, .lessOrEqual, .greater, .greaterOrEqual: try Value.isOrdered(left, comparison, right, budget)
        }
      guard holds else { return false }
      left = right
    }
    return true
  }

  private func concatenate(_ parts: [Expression], _ activation: Activation) throws(Fault) -> Value {
    var text = ""
    for part in parts {
      text += try evaluate(part, activation).string(budget)
      try budget.spend(textBytes: text.utf8.count)
    }
    return .string(text)
  }

  private func and(_ left: Expression, _ right: Expression, _ activation: Activation) throws(Fault) -> Value {
    let left = try evaluate(left, activation)
    return left.isTrue ? try evaluate(right, activation) : left
  }

  private func or(_ left: Expression, _ right: Expression, _ activation: Activation) throws(Fault) -> Value {
    let left = try evaluate(left, activation)
    return left.isTrue ? left : try evaluate(right, activation)
  }

  private func conditional(
    _ value: Expression, _ condition: Expression, _ alternative: Expression?, _ activation: Activation
  ) throws(Fault) -> Value {
    if try evaluate(condition, activation).isTrue { return try evaluate(value, activation) }
    guard let alternative else {
      return .undefined(UndefinedValue(.hint("the condition of an 'if' without 'else' is false")))
    }
    return try evaluate(alternative, activation)
  }

  // MARK: - Parts

  private func item(_ index: Expression, of base: Expression, _ activation: Activation) throws(Fault) -> Value {
    let base = try evaluate(base, activation)
    return try base.item(try evaluate(index, activation), budget)
  }

  private func slice(
    _ base: Expression, _ start: Expression?, _ stop: Expression?, _ step: Expression?, _ activation: Activation
  ) throws(Fault) -> Value {
    let base = try evaluate(base, activation)
    let start = try start.map { (bound) throws(Fault) in try evaluate(bound, activation) } ?? .none
    let stop = try stop.map { (bound) throws(Fault) in try evaluate(bound, activation) } ?? .none
    let step = try step.map { (bound) throws(Fault) in try evaluate(bound, activation) } ?? .none
    return try base.slice(start: start, stop: stop, step: step, budget)
  }

  // MARK: - Filters and tests

  private func filter(_ use: FilterUse, _ activation: Activation) throws(Fault) -> Value {
    guard let input = use.input else { return .none }
    return try apply(use, to: try evaluate(input, activation), activation)
  }

  func apply(_ filters: [FilterUse], to value: Value, _ activation: Activation) throws(Fault) -> Value {
    var value = value
    for use in filters {
      value = try located(at: use.position) { () throws(Fault) in try apply(use, to: value, activation) }
    }
    return value
  }

  private func apply(_ use: FilterUse, to value: Value, _ activation: Activation) throws(Fault) -> Value {
    let arguments = try evaluate(use.arguments, activation)
    guard let filter = use.filter else { throw Fault(.syntax, "there is no filter '\(use.name)'") }
    return try Filters(runtime: runtime).apply(filter, to: value, arguments)
  }

  private func test(
    _ input: Expression, _ name: String, _ test: TestName?, _ arguments: CallArguments, _ activation: Activation
  ) throws(Fault) -> Bool {
    let value = try evaluate(input, activation)
    let arguments = try evaluate(arguments, activation)
    guard let test else { throw Fault(.syntax, "there is no test '\(name)'") }
    return try Tests(budget: budget).apply(test, to: value, arguments)
  }
}

extension Value {
  init(_ literal: Literal) {
    switch literal {
    case .none: self = .none
    case .boolean(let value): self = .boolean(value)
    case .integer(let value): self = .integer(value)
    case .float(let value): self = .float(value)
    case .string(let text): self = .string(text)
    }
  }
}
