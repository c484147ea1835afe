extension Parser {
  /// One tag after its opening delimiter, with the body and the closing tag of a block.
  mutating func statement() throws(TemplateError) -> [Statement] {
    let token = current
    guard case .name(let keyword) = token.kind else {
      throw error("expected the name of a tag, found \(token.kind.name)", at: token)
    }
    advance()
    switch keyword {
    case "if": return [try conditionalStatement()]
    case "for": return [try loop(at: token.position)]
    case "set": return [try assignment(at: token.position)]
    case "macro": return [try macro(at: token.position)]
    case "call": return [try callBlock(at: token.position)]
    case "generation": return [try generationBlock(at: token.position)]
    case "filter": return [try filterBlock(at: token.position)]
    case "with": return [try with(at: token.position)]
    case "print": return try printStatement()
    case "break": return [.breakLoop(token.position)]
    case "continue": return [.continueLoop(token.position)]
    case "block", "extends", "include", "import", "from", "autoescape":
      throw error("the tag '\(keyword)' is not supported", kind: .unsupported, at: token)
    default: throw error("unknown tag '\(keyword)'", at: token)
    }
  }

  private mutating func conditionalStatement() throws(TemplateError) -> Statement {
    var branches: [(condition: Expression, body: [Statement])] = []
    while true {
      let condition = try tuple(withConditional: false)
      let (body, ending) = try block(until: ["elif", "else", "endif"])
      branches.append((condition, body))
      switch ending {
      case "elif": continue
      case "else": return .conditional(branches, else: try block(until: ["endif"]).body)
      default: return .conditional(branches, else: [])
      }
    }
  }

  private mutating func loop(at position: Position) throws(TemplateError) -> Statement {
    let target = try assignmentTarget(endings: ["in"])
    let conditionTarget = renewed(target)
    guard skip(keyword: "in") else { throw error("expected 'in', found \(current.kind.name)", at: current) }
    let iterable = try tuple(withConditional: false, endings: ["recursive"])
    let condition = skip(keyword: "if") ? try expression() : nil
    let isRecursive = skip(keyword: "recursive")
    let (body, ending) = try block(until: ["endfor", "else"])
    let alternative = ending == "else" ? try block(until: ["endfor"]).body : []
    return .loop(
      Loop(
        target: target, conditionTarget: conditionTarget, iterable: iterable, condition: condition,
        isRecursive: isRecursive, loopVariable: use(of: "loop"), body: body, alternative: alternative,
        bodyScope: newScope(), conditionScope: newScope(), alternativeScope: newScope(), position: position))
  }

  /// The same names as new uses.
  private mutating func renewed(_ target: AssignmentTarget) -> AssignmentTarget {
    switch target {
    case .name(let name): .name(use(of: name.name))
    case .attribute(let owner, let name, let position): .attribute(of: use(of: owner.name), name: name, position)
    case .tuple(let targets): .tuple(targets.map { renewed($0) })
    }
  }

  private mutating func assignment(at position: Position) throws(TemplateError) -> Statement {
    let target = try assignmentTarget(withAttributes: true)
    if skip(.assign) { return .assign(target, try tuple(), position) }
    let filters = try filterChain(startsInline: false)
    let body = try block(until: ["endset"]).body
    return .assignBlock(
      AssignBlock(target: target, filters: filters, body: body, scope: newScope(), position: position))
  }

  /// A target with commas makes a tuple. `withAttributes` allows `namespace.attribute`.
  private mutating func assignmentTarget(
    withAttributes: Bool = false, endings: Set<String> = []
  ) throws(TemplateError) -> AssignmentTarget {
    try nested { (parser) throws(TemplateError) in
      var targets: [AssignmentTarget] = []
      var isTuple = false
      while !parser.isAtTupleEnd(endings) {
        targets.append(try parser.singleTarget(withAttributes: withAttributes, endings: endings))
        guard parser.skip(.comma) else { break }
        isTuple = true
      }
      if !isTuple, let only = targets.first { return only }
      guard isTuple else {
        throw parser.error("expected a name to assign to, found \(parser.current.kind.name)", at: parser.current)
      }
      return .tuple(targets)
    }
  }

  private mutating func singleTarget(
    withAttributes: Bool, endings: Set<String>
  ) throws(TemplateError) -> AssignmentTarget {
    let token = current
    if skip(.leftParenthesis) {
      let target = try assignmentTarget(withAttributes: withAttributes)
      try expect(.rightParenthesis)
      return target
    }
    let name = try targetName()
    if withAttributes, skip(.dot) {
      return .attribute(of: use(of: name), name: try expectName(), token.position)
    }
    return .name(use(of: name))
  }

  /// A name that can be assigned to.
  private mutating func targetName() throws(TemplateError) -> String {
    let token = current
    let name = try expectName()
    if ["true", "false", "none", "True", "False", "None"].contains(name) {
      throw error("cannot assign to '\(name)'", at: token)
    }
    return name
  }

  // MARK: - Macros

  private mutating func macro(at position: Position) throws(TemplateError) -> Statement {
    let name = try targetName()
    let signature = try signature()
    let body = try block(until: ["endmacro"]).body
    return .macro(use(of: name), definition(name: name, signature, body: body, at: position))
  }

  private typealias Signature = (parameters: [NameUse], defaults: [Expression])

  private mutating func signature() throws(TemplateError) -> Signature {
    var signature: Signature = ([], [])
    try expect(.leftParenthesis)
    while !isAt(.rightParenthesis) {
      if !signature.parameters.isEmpty { try expect(.comma) }
      let name = try targetName()
      if signature.parameters.contains(where: { $0.name == name }) {
        throw error("the parameter '\(name)' is given twice", at: current)
      }
      if skip(.assign) {
        signature.defaults.append(try expression())
      } else if !signature.defaults.isEmpty {
        throw error("a parameter without default follows one with a default", at: current)
      }
      signature.parameters.append(use(of: name))
    }
    try expect(.rightParenthesis)
    return signature
  }

  private mutating func definition(
    name: String?, _ signature: Signature, body: [Statement], at position: Position
  ) -> MacroDefinition {
    MacroDefinition(
      name: name, parameters: signature.parameters, defaults: signature.defaults, caller: use(of: "caller"),
      keywords: use(of: "kwargs"), positional: use(of: "varargs"), body: body, scope: newScope(), position: position)
  }

  private mutating func callBlock(at position: Position) throws(TemplateError) -> Statement {
    let signature = isAt(.leftParenthesis) ? try signature() : ([], [])
    let token = current
    guard case .call(let callee, let arguments) = try expression().kind else {
      throw error("expected a call", at: token)
    }
    let body = try block(until: ["endcall"]).body
    return .callBlock(
      CallBlock(
        callee: callee, arguments: arguments,
        definition: definition(name: nil, signature, body: body, at: position), position: position))
  }

  private mutating func generationBlock(at position: Position) throws(TemplateError) -> Statement {
    let body = try block(until: ["endgeneration"]).body
    return .callBlock(
      CallBlock(
        callee: nil, arguments: CallArguments(),
        definition: definition(name: nil, ([], []), body: body, at: position), position: position))
  }

  // MARK: - Other tags

  private mutating func filterBlock(at position: Position) throws(TemplateError) -> Statement {
    let filters = try filterChain(startsInline: true)
    let body = try block(until: ["endfilter"]).body
    return .filterBlock(FilterBlock(filters: filters, body: body, scope: newScope(), position: position))
  }

  private mutating func with(at position: Position) throws(TemplateError) -> Statement {
    var bindings: [(target: AssignmentTarget, value: Expression)] = []
    while current.kind != .tagEnd, !isAt(.colon) {
      if !bindings.isEmpty { try expect(.comma) }
      let target = try assignmentTarget()
      try expect(.assign)
      bindings.append((target, try expression()))
    }
    let body = try block(until: ["endwith"]).body
    return .with(With(bindings: bindings, body: body, scope: newScope(), position: position))
  }

  private mutating func printStatement() throws(TemplateError) -> [Statement] {
    var statements: [Statement] = []
    while current.kind != .tagEnd {
      if !statements.isEmpty { try expect(.comma) }
      statements.append(.print(try expression()))
    }
    return statements
  }
}
