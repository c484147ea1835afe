/// Finds the place of every variable, and checks what Jinja checks while compiling.
struct Resolver {
  private(set) var resolution: Resolution
  private var outsideIndex: [String: Int] = [:]
  private var scope: ScopeAnalysis
  private var context = Context()

  /// What surrounds the statement being looked at.
  private struct Context {
    /// Inside an `if` of the same scope, where unknown filters and tests fail only when reached.
    var isConditional = false
    /// Inside a loop of the same activation, where `break` and `continue` have a target.
    var isInLoop = false
    /// Inside any loop, where `loop` must not be assigned.
    var isBelowLoop = false
  }

  private init(nameUseCount: Int, scopeCount: Int) {
    resolution = Resolution(
      locations: Array(repeating: .outside(0), count: nameUseCount),
      scopes: Array(repeating: Resolution.Scope(), count: scopeCount))
    scope = ScopeAnalysis(parent: nil, activation: ActivationLayout(level: 0, scope: 0))
  }

  /// Resolves the names of a whole template. Also returns the names it takes from outside.
  static func resolve(
    _ template: [Statement], nameUseCount: Int, scopeCount: Int
  ) throws(TemplateError) -> Resolution {
    var resolver = Resolver(nameUseCount: nameUseCount, scopeCount: scopeCount)
    resolver.scope.analyze(template)
    try resolver.visit(template)
    resolver.finishScope(0)
    resolver.finish(resolver.scope.activation)
    return resolver.resolution
  }

  // MARK: - Scopes

  /// Visits a scope's contents after `analysis` has noted its names. A new activation is one a call starts.
  private mutating func inScope(
    _ number: Int, startsActivation: Bool = false, isLoopBody: Bool = false,
    analysis: (ScopeAnalysis) -> Void, visit: (inout Resolver) throws(TemplateError) -> Void
  ) throws(TemplateError) {
    let outer = (scope, context)
    let activation =
      startsActivation
      ? ActivationLayout(level: scope.activation.level + 1, scope: number) : scope.activation
    scope = ScopeAnalysis(parent: outer.0, activation: activation)
    context.isConditional = false
    if startsActivation { context.isInLoop = false }
    if isLoopBody { context.isInLoop = true }
    analysis(scope)
    try visit(&self)
    finishScope(number)
    if startsActivation { finish(activation) }
    (scope, context) = outer
  }

  private mutating func finishScope(_ number: Int) {
    var initialValues: [(slot: Int, value: Resolution.InitialValue)] = []
    for (name, variable) in scope.symbols.variables.sorted(by: { $0.value.slot < $1.value.slot }) {
      switch scope.symbols.loads[variable] {
      case .undefined: initialValues.append((variable.slot, .undefined))
      case .alias(let outer):
        let isOutside = scope.parent?.owner(of: name)?.readsOutside(name) ?? false
        let value = isOutside ? .outside(outsideIndex(of: name)) : Resolution.InitialValue.copy(location(of: outer))
        initialValues.append((variable.slot, value))
      case .outside where !scope.readsOutside(name):
        initialValues.append((variable.slot, .outside(outsideIndex(of: name))))
      case .outside, .parameter, nil: break
      }
    }
    resolution.scopes[number].initialValues = initialValues
  }

  private mutating func finish(_ activation: ActivationLayout) {
    resolution.scopes[activation.scope].slotCount = activation.slotCount
  }

  private func location(of variable: Variable) -> Resolution.Location {
    .slot(hops: scope.activation.level - variable.level, index: variable.slot)
  }

  private mutating func outsideIndex(of name: String) -> Int {
    if let index = outsideIndex[name] { return index }
    let index = resolution.outsideNames.count
    resolution.outsideNames.append(name)
    outsideIndex[name] = index
    return index
  }

  private mutating func resolve(_ name: NameUse, at position: Position) throws(TemplateError) {
    guard let owner = scope.owner(of: name.name), let variable = owner.symbols.variables[name.name] else {
      // Jinja itself fails on such a name: it stands in the filter of a `set` block and nowhere else.
      throw TemplateError(Fault(.unsupported, "the variable '\(name.name)' cannot be used here"), at: position)
    }
    if owner.readsOutside(name.name) {
      resolution.locations[name.use] = .outside(outsideIndex(of: name.name))
    } else {
      resolution.locations[name.use] = location(of: variable)
    }
  }

  // MARK: - Statements

  private mutating func visit(_ statements: [Statement]) throws(TemplateError) {
    for statement in statements { try visit(statement) }
  }

  private mutating func visit(_ statement: Statement) throws(TemplateError) {
    switch statement {
    case .text: break
    case .print(let expression): try visit(expression)
    case .conditional(let branches, let alternative):
      let outer = context
      context.isConditional = true
      for branch in branches {
        try visit(branch.condition)
        try visit(branch.body)
      }
      try visit(alternative)
      context = outer
    case .loop(let loop): try visit(loop)
    case .macro(let name, let definition):
      try visit(definition)
      try resolve(name, at: definition.position)
    case .callBlock(let block):
      try visit(block.definition)
      if let callee = block.callee { try visit(callee) }
      for argument in block.arguments.expressions { try visit(argument) }
    case .filterBlock(let block):
      try inScope(block.scope) { scope in
        scope.analyze(block.body)
        scope.load(block.filters)
      } visit: { (resolver) throws(TemplateError) in
        try resolver.visit(block.body)
        try resolver.visit(block.filters)
      }
    case .assign(let target, let value, let position):
      try visit(target, at: position)
      try visit(value)
    case .assignBlock(let block):
      try inScope(block.scope) { scope in
        scope.analyze(block.body)
      } visit: { (resolver) throws(TemplateError) in
        try resolver.visit(block.body)
        try resolver.visit(block.filters)
      }
      try visit(block.target, at: block.position)
    case .with(let with):
      for binding in with.bindings { try visit(binding.value) }
      try inScope(with.scope) { scope in
        with.bindings.forEach { scope.declareParameters($0.target) }
        scope.analyze(with.body)
      } visit: { (resolver) throws(TemplateError) in
        for binding in with.bindings { try resolver.visitParameters(binding.target, at: with.position) }
        try resolver.visit(with.body)
      }
    case .breakLoop(let position), .continueLoop(let position):
      guard context.isInLoop else {
        throw TemplateError(Fault(.syntax, "'break' and 'continue' need a loop around them"), at: position)
      }
    }
  }

  private mutating func visit(_ loop: Loop) throws(TemplateError) {
    try visit(loop.iterable)
    let outer = context
    context.isBelowLoop = true
    try visitLoopTargets(loop.target, at: loop.position)
    if let condition = loop.condition {
      try inScope(loop.conditionScope) { scope in
        scope.declareParameters(loop.conditionTarget)
        scope.load(condition)
      } visit: { (resolver) throws(TemplateError) in
        try resolver.visitParameters(loop.conditionTarget, at: loop.position)
        try resolver.visit(condition)
      }
    }
    try inScope(loop.bodyScope, startsActivation: loop.isRecursive, isLoopBody: true) { scope in
      scope.declareParameter(loop.loopVariable.name)
      scope.declareParameters(loop.target)
      scope.analyze(loop.body)
    } visit: { (resolver) throws(TemplateError) in
      try resolver.resolve(loop.loopVariable, at: loop.position)
      try resolver.visitParameters(loop.target, at: loop.position)
      try resolver.visit(loop.body)
    }
    // `else` of a recursive loop gets an activation of its own, so that its slots need no counting with the body's.
    try inScope(loop.alternativeScope, startsActivation: loop.isRecursive) { scope in
      scope.analyze(loop.alternative)
    } visit: { (resolver) throws(TemplateError) in
      try resolver.visit(loop.alternative)
    }
    context = outer
  }

  private mutating func visit(_ definition: MacroDefinition) throws(TemplateError) {
    let special = UndeclaredNames(["caller", "kwargs", "varargs"], in: definition.body).found
    let parameters = definition.parameters.map(\.name)
    let uses = special.subtracting(parameters)
    resolution.scopes[definition.scope].usesCaller = special.contains("caller")
    resolution.scopes[definition.scope].usesKeywords = uses.contains("kwargs")
    resolution.scopes[definition.scope].usesPositional = uses.contains("varargs")
    if special.contains("caller"), let index = parameters.firstIndex(of: "caller"),
      index < parameters.count - definition.defaults.count
    {
      throw TemplateError(Fault(.syntax, "the parameter 'caller' needs a default"), at: definition.position)
    }
    try inScope(definition.scope, startsActivation: true) { scope in
      parameters.forEach(scope.declareParameter)
      definition.defaults.forEach { scope.load($0) }
      scope.analyze(definition.body)
      uses.forEach(scope.declareParameter)
    } visit: { (resolver) throws(TemplateError) in
      for parameter in definition.parameters { try resolver.resolve(parameter, at: definition.position) }
      for (name, use) in [
        ("caller", definition.caller), ("kwargs", definition.keywords), ("varargs", definition.positional),
      ] where uses.contains(name) {
        try resolver.resolve(use, at: definition.position)
      }
      for value in definition.defaults { try resolver.visit(value) }
      try resolver.visit(definition.body)
    }
  }

  // MARK: - Targets

  private mutating func visit(_ target: AssignmentTarget, at position: Position) throws(TemplateError) {
    if context.isBelowLoop { try visitLoopTargets(target, at: position) }
    try visitParameters(target, at: position)
  }

  private mutating func visitParameters(_ target: AssignmentTarget, at position: Position) throws(TemplateError) {
    switch target {
    case .name(let name), .attribute(let name, _, _): try resolve(name, at: position)
    case .tuple(let targets):
      for target in targets { try visitParameters(target, at: position) }
    }
  }

  private func visitLoopTargets(_ target: AssignmentTarget, at position: Position) throws(TemplateError) {
    switch target {
    case .name(let name) where name.name == "loop":
      throw TemplateError(Fault(.syntax, "cannot assign to 'loop' in a loop"), at: position)
    case .name, .attribute: break
    case .tuple(let targets):
      for target in targets { try visitLoopTargets(target, at: position) }
    }
  }

  // MARK: - Expressions

  private mutating func visit(_ filters: [FilterUse]) throws(TemplateError) {
    for filter in filters {
      try check(filter)
      for argument in filter.arguments.expressions { try visit(argument) }
    }
  }

  private func check(_ filter: FilterUse) throws(TemplateError) {
    guard filter.filter != nil || context.isConditional else {
      throw TemplateError(Fault(.syntax, "there is no filter '\(filter.name)'"), at: filter.position)
    }
  }

  private mutating func visit(_ expression: Expression) throws(TemplateError) {
    let outer = context
    switch expression.kind {
    case .name(let name): try resolve(name, at: expression.position)
    case .filter(let use): try check(use)
    case .test(_, let name, let test, _):
      guard test != nil || context.isConditional else {
        throw TemplateError(Fault(.syntax, "there is no test '\(name)'"), at: expression.position)
      }
    case .conditional: context.isConditional = true
    default: break
    }
    var children: [Expression] = []
    expression.forEachChild { children.append($0) }
    for child in children { try visit(child) }
    context = outer
  }
}
