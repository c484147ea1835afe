/// Finds which special names a macro's body uses without assigning them first. The order in which a
/// statement's parts are visited is Jinja's, which is not always that of evaluation.
struct UndeclaredNames {
  private var candidates: Set<String>
  private(set) var found: Set<String> = []

  init(_ candidates: Set<String>, in body: [Statement]) {
    self.candidates = candidates
    visit(body)
  }

  private mutating func load(_ expression: Expression?) {
    expression?.forEachName { name in
      if candidates.contains(name.name) { found.insert(name.name) }
    }
  }

  private mutating func store(_ target: AssignmentTarget) {
    target.forEachName { name, isAttribute in
      if !isAttribute { candidates.remove(name.name) }
    }
  }

  private mutating func visit(_ statements: [Statement]) {
    for statement in statements { visit(statement) }
  }

  private mutating func visit(_ statement: Statement) {
    switch statement {
    case .text, .breakLoop, .continueLoop: break
    case .print(let expression): load(expression)
    case .conditional(let branches, let alternative):
      for branch in branches {
        load(branch.condition)
        visit(branch.body)
      }
      visit(alternative)
    case .loop(let loop):
      store(loop.target)
      load(loop.iterable)
      visit(loop.body)
      visit(loop.alternative)
      load(loop.condition)
    case .macro(_, let definition): visit(definition)
    case .callBlock(let block):
      load(block.callee)
      block.arguments.expressions.forEach { load($0) }
      visit(block.definition)
    case .filterBlock(let block):
      visit(block.body)
      load(block.filters)
    case .assign(let target, let value, _):
      store(target)
      load(value)
    case .assignBlock(let block):
      store(block.target)
      load(block.filters)
      visit(block.body)
    case .with(let with):
      with.bindings.forEach { store($0.target) }
      with.bindings.forEach { load($0.value) }
      visit(with.body)
    }
  }

  private mutating func visit(_ definition: MacroDefinition) {
    definition.parameters.forEach { candidates.remove($0.name) }
    definition.defaults.forEach { load($0) }
    visit(definition.body)
  }

  private mutating func load(_ filters: [FilterUse]) {
    for filter in filters { filter.arguments.expressions.forEach { load($0) } }
  }
}
