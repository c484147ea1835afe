extension ScopeAnalysis {
  /// Notes the names the statements load and store in this scope. Bodies with scopes of their own are not entered.
  func analyze(_ statements: [Statement]) {
    for statement in statements { analyze(statement) }
  }

  private func analyze(_ statement: Statement) {
    switch statement {
    case .text, .breakLoop, .continueLoop: break
    case .print(let expression): load(expression)
    case .conditional(let branches, let alternative): analyze(branches, else: alternative)
    case .loop(let loop): load(loop.iterable)
    case .macro(let name, _): store(name.name)
    case .callBlock(let block):
      if let callee = block.callee { load(callee) }
      block.arguments.expressions.forEach(load)
    case .filterBlock(let block): load(block.filters)
    case .assign(let target, let value, _):
      load(value)
      store(target)
    case .assignBlock(let block): store(block.target)
    case .with(let with): with.bindings.forEach { load($0.value) }
    }
  }

  private func analyze(_ branches: [(condition: Expression, body: [Statement])], else alternative: [Statement]) {
    guard let first = branches.first else { return }
    load(first.condition)
    let body = symbolsAfter { analyze(first.body) }
    let others = symbolsAfter {
      for branch in branches.dropFirst() { analyze([branch], else: []) }
    }
    let otherwise = symbolsAfter { analyze(alternative) }
    merge([body, others, otherwise])
  }

  /// The symbols as they are after `work`, which leaves no trace here.
  private func symbolsAfter(_ work: () -> Void) -> Symbols {
    let before = symbols
    defer { symbols = before }
    work()
    return symbols
  }

  func load(_ expression: Expression) {
    expression.forEachName { load($0.name) }
  }

  func load(_ filters: [FilterUse]) {
    for filter in filters { filter.arguments.expressions.forEach(load) }
  }

  private func store(_ target: AssignmentTarget) {
    target.forEachName { name, isAttribute in
      if isAttribute { load(name.name) } else { store(name.name) }
    }
  }

  func declareParameters(_ target: AssignmentTarget) {
    target.forEachName { name, _ in declareParameter(name.name) }
  }
}

extension AssignmentTarget {
  /// Every name in the target, and whether it is one whose attribute is assigned.
  func forEachName(_ body: (NameUse, _ isAttribute: Bool) -> Void) {
    switch self {
    case .name(let name): body(name, false)
    case .attribute(let name, _, _): body(name, true)
    case .tuple(let targets): targets.forEach { $0.forEachName(body) }
    }
  }
}

extension Expression {
  /// Every name the expression loads, in the order of evaluation.
  func forEachName(_ body: (NameUse) -> Void) {
    if case .name(let name) = kind { body(name) }
    forEachChild { $0.forEachName(body) }
  }

  /// Every expression directly below this one.
  func forEachChild(_ body: (Expression) -> Void) {
    switch kind {
    case .literal, .name: break
    case .list(let items), .tuple(let items), .concatenate(let items): items.forEach(body)
    case .dictionary(let items):
      for item in items {
        body(item.key)
        body(item.value)
      }
    case .attribute(let base, _), .unary(_, let base), .not(let base): body(base)
    case .item(let left, let right), .binary(_, let left, let right), .and(let left, let right),
      .or(let left, let right):
      body(left)
      body(right)
    case .slice(let base, let start, let stop, let step): [base, start, stop, step].forEach { $0.map(body) }
    case .call(let callee, let arguments):
      body(callee)
      arguments.expressions.forEach(body)
    case .filter(let use):
      use.input.map(body)
      use.arguments.expressions.forEach(body)
    case .test(let input, _, _, let arguments):
      body(input)
      arguments.expressions.forEach(body)
    case .compare(let first, let rest):
      body(first)
      rest.forEach { body($0.1) }
    case .conditional(let value, let condition, let alternative):
      [condition, value, alternative].forEach { $0.map(body) }
    }
  }
}
