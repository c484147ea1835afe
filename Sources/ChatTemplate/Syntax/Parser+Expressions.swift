extension Parser {
  /// A full expression, with `a if b else c`.
  mutating func expression() throws(TemplateError) -> Expression {
    try nested { (parser) throws(TemplateError) in try parser.conditional() }
  }

  private mutating func conditional() throws(TemplateError) -> Expression {
    var result = try or()
    while skip(keyword: "if") {
      let condition = try or()
      let alternative = skip(keyword: "else") ? try expression() : nil
      result = try expression(
        .conditional(result, if: condition, else: alternative), at: result.position,
        over: [result, condition, alternative])
    }
    return result
  }

  /// An expression without `if`, as it stands where an `if` belongs to the tag.
  mutating func or() throws(TemplateError) -> Expression {
    var left = try and()
    while skip(keyword: "or") {
      let right = try and()
      left = try expression(.or(left, right), at: left.position, over: [left, right])
    }
    return left
  }

  private mutating func and() throws(TemplateError) -> Expression {
    var left = try not()
    while skip(keyword: "and") {
      let right = try not()
      left = try expression(.and(left, right), at: left.position, over: [left, right])
    }
    return left
  }

  private mutating func not() throws(TemplateError) -> Expression {
    let position = current.position
    guard skip(keyword: "not") else { return try comparison() }
    let operand = try nested { (parser) throws(TemplateError) in try parser.not() }
    return try expression(.not(operand), at: position, over: [operand])
  }

  private mutating func comparison() throws(TemplateError) -> Expression {
    let first = try sum()
    var rest: [(ComparisonOperator, Expression)] = []
    while let comparison = comparisonOperator() { rest.append((comparison, try sum())) }
    if rest.isEmpty { return first }
    return try expression(.compare(first, rest), at: first.position, over: [first] + rest.map(\.1))
  }

  private mutating func comparisonOperator() -> ComparisonOperator? {
    switch current.kind {
    case .symbol(let symbol):
      guard let comparison = ComparisonOperator(rawValue: symbol.rawValue) else { return nil }
      advance()
      return comparison
    case .name("in"):
      advance()
      return .contained
    case .name("not") where next.kind == .name("in"):
      advance()
      advance()
      return .notContained
    default: return nil
    }
  }

  private mutating func sum() throws(TemplateError) -> Expression {
    try operators([.add, .subtract]) { (parser) throws(TemplateError) in try parser.concatenation() }
  }

  private mutating func concatenation() throws(TemplateError) -> Expression {
    var parts = [try product()]
    while skip(.concatenate) { parts.append(try product()) }
    if parts.count == 1 { return parts[0] }
    return try expression(.concatenate(parts), at: parts[0].position, over: parts)
  }

  private mutating func product() throws(TemplateError) -> Expression {
    try operators([.multiply, .divide, .floorDivide, .modulo]) { (parser) throws(TemplateError) in
      // Unlike Python's, Jinja's power associates to the left and binds weaker than a sign.
      try parser.operators([.power]) { (parser) throws(TemplateError) in try parser.unary(withFilters: true) }
    }
  }

  /// Left-associative binary operators over operands read by `operand`.
  private mutating func operators(
    _ symbols: [Token.Symbol], operand: (inout Parser) throws(TemplateError) -> Expression
  ) throws(TemplateError) -> Expression {
    var left = try operand(&self)
    while case .symbol(let symbol) = current.kind, symbols.contains(symbol),
      let binary = BinaryOperator(rawValue: symbol.rawValue)
    {
      advance()
      let right = try operand(&self)
      left = try expression(.binary(binary, left, right), at: left.position, over: [left, right])
    }
    return left
  }

  private mutating func unary(withFilters: Bool) throws(TemplateError) -> Expression {
    let position = current.position
    var result: Expression
    if isAt(.subtract) || isAt(.add) {
      let sign: UnaryOperator = isAt(.subtract) ? .minus : .plus
      advance()
      let operand = try nested { (parser) throws(TemplateError) in try parser.unary(withFilters: false) }
      result = try expression(.unary(sign, operand), at: position, over: [operand])
    } else {
      result = try primary()
    }
    result = try postfix(result)
    return withFilters ? try filtersAndTests(result) : result
  }

  // MARK: - Primaries

  private mutating func primary() throws(TemplateError) -> Expression {
    let token = current
    switch token.kind {
    case .name(let name):
      advance()
      return Expression(kind: literal(name) ?? .name(use(of: name)), position: token.position, depth: 1)
    case .string(var text):
      advance()
      while case .string(let more) = current.kind {
        text += more
        advance()
      }
      return Expression(kind: .literal(.string(text)), position: token.position, depth: 1)
    case .integer(let value):
      advance()
      return Expression(kind: .literal(.integer(value)), position: token.position, depth: 1)
    case .float(let value):
      advance()
      return Expression(kind: .literal(.float(value)), position: token.position, depth: 1)
    case .symbol(.leftParenthesis):
      advance()
      let result = try tuple(isParenthesized: true)
      try expect(.rightParenthesis)
      return result
    case .symbol(.leftBracket): return try list()
    case .symbol(.leftBrace): return try dictionary()
    default: throw error("expected an expression, found \(token.kind.name)", at: token)
    }
  }

  private func literal(_ name: String) -> Expression.Kind? {
    switch name {
    case "true", "True": .literal(.boolean(true))
    case "false", "False": .literal(.boolean(false))
    case "none", "None": .literal(.none)
    default: nil
    }
  }

  /// One expression, or several with commas between them, which make a tuple. `withConditional` allows
  /// `a if b`; `endings` are keywords that end the tuple after a comma.
  mutating func tuple(
    isParenthesized: Bool = false, withConditional: Bool = true, endings: Set<String> = []
  ) throws(TemplateError) -> Expression {
    let position = current.position
    var items: [Expression] = []
    var isTuple = false
    while !isAtTupleEnd(endings) {
      items.append(try withConditional ? expression() : nested { (parser) throws(TemplateError) in try parser.or() })
      guard skip(.comma) else { break }
      isTuple = true
    }
    if !isTuple, let only = items.first { return only }
    guard isTuple || isParenthesized else {
      throw error("expected an expression, found \(current.kind.name)", at: current)
    }
    return try expression(.tuple(items), at: position, over: items)
  }

  func isAtTupleEnd(_ endings: Set<String>) -> Bool {
    switch current.kind {
    case .expressionEnd, .tagEnd, .symbol(.rightParenthesis): true
    case .name(let name): endings.contains(name)
    default: false
    }
  }

  private mutating func list() throws(TemplateError) -> Expression {
    let position = current.position
    try expect(.leftBracket)
    var items: [Expression] = []
    while !isAt(.rightBracket) {
      if !items.isEmpty { try expect(.comma) }
      if isAt(.rightBracket) { break }
      items.append(try expression())
    }
    try expect(.rightBracket)
    return try expression(.list(items), at: position, over: items)
  }

  private mutating func dictionary() throws(TemplateError) -> Expression {
    let position = current.position
    try expect(.leftBrace)
    var items: [(key: Expression, value: Expression)] = []
    while !isAt(.rightBrace) {
      if !items.isEmpty { try expect(.comma) }
      if isAt(.rightBrace) { break }
      let key = try expression()
      try expect(.colon)
      items.append((key, try expression()))
    }
    try expect(.rightBrace)
    return try expression(.dictionary(items), at: position, over: items.flatMap { [$0.key, $0.value] })
  }

  // MARK: - What follows a primary

  private mutating func postfix(_ base: Expression) throws(TemplateError) -> Expression {
    var result = base
    while true {
      if isAt(.dot) {
        result = try attribute(of: result)
      } else if isAt(.leftBracket) {
        result = try subscripted(result)
      } else if isAt(.leftParenthesis) {
        result = try call(result)
      } else {
        return result
      }
    }
  }

  private mutating func filtersAndTests(_ base: Expression) throws(TemplateError) -> Expression {
    var result = base
    while true {
      if isAt(.pipe) {
        advance()
        result = try filter(of: result)
      } else if isAt(keyword: "is") {
        result = try test(of: result)
      } else if isAt(.leftParenthesis) {
        result = try call(result)
      } else {
        return result
      }
    }
  }

  private mutating func attribute(of base: Expression) throws(TemplateError) -> Expression {
    let position = current.position
    try expect(.dot)
    switch current.kind {
    case .name(let name):
      advance()
      return try expression(.attribute(of: base, name: name), at: position, over: [base])
    case .integer(let value):
      let index = Expression(kind: .literal(.integer(value)), position: current.position, depth: 1)
      advance()
      return try expression(.item(of: base, index: index), at: position, over: [base])
    default: throw error("expected a name or a number after '.'", at: current)
    }
  }

  private mutating func subscripted(_ base: Expression) throws(TemplateError) -> Expression {
    let opening = current
    try expect(.leftBracket)
    if isAt(.rightBracket) {
      advance()
      let empty = Expression(kind: .tuple([]), position: opening.position, depth: 1)
      return try expression(.item(of: base, index: empty), at: opening.position, over: [base])
    }
    var bounds: [Expression?] = [isAt(.colon) ? nil : try expression()]
    while bounds.count < 3, skip(.colon) {
      bounds.append(isAt(.colon) || isAt(.rightBracket) ? nil : try expression())
    }
    if isAt(.comma) { throw error("subscripts of several parts are not supported", kind: .unsupported, at: current) }
    try expect(.rightBracket)
    if bounds.count == 1, let index = bounds[0] {
      return try expression(.item(of: base, index: index), at: opening.position, over: [base, index])
    }
    bounds += [nil, nil]
    return try expression(
      .slice(of: base, start: bounds[0], stop: bounds[1], step: bounds[2]), at: opening.position, over: [base] + bounds)
  }

  private mutating func call(_ callee: Expression) throws(TemplateError) -> Expression {
    let position = current.position
    let arguments = try arguments()
    return try expression(.call(callee, arguments), at: position, over: [callee] + arguments.expressions)
  }

  mutating func arguments() throws(TemplateError) -> CallArguments {
    let opening = current
    try expect(.leftParenthesis)
    var arguments = CallArguments()
    var isFirst = true
    while !isAt(.rightParenthesis) {
      if !isFirst {
        try expect(.comma)
        if isAt(.rightParenthesis) { break }
      }
      isFirst = false
      let allowsMore = arguments.unpackedKeywords == nil
      if skip(.multiply) {
        guard allowsMore, arguments.unpackedPositional == nil else { throw error("misplaced '*'", at: opening) }
        arguments.unpackedPositional = try expression()
      } else if skip(.power) {
        guard allowsMore else { throw error("misplaced '**'", at: opening) }
        arguments.unpackedKeywords = try expression()
      } else if case .name(let name) = current.kind, next.kind == .symbol(.assign) {
        guard allowsMore else { throw error("a named argument after '**'", at: opening) }
        advance()
        advance()
        guard !arguments.keywords.contains(where: { $0.name == name }) else {
          throw error("the argument '\(name)' is given twice", at: opening)
        }
        arguments.keywords.append((name, try expression()))
      } else {
        guard allowsMore, arguments.unpackedPositional == nil, arguments.keywords.isEmpty else {
          throw error("a positional argument after a named one", at: opening)
        }
        arguments.positional.append(try expression())
      }
    }
    try expect(.rightParenthesis)
    return arguments
  }

  // MARK: - Filters and tests

  private mutating func dottedName() throws(TemplateError) -> String {
    var name = try expectName()
    while skip(.dot) { name += "." + (try expectName()) }
    return name
  }

  /// A filter after its '|', applied to `input`.
  private mutating func filter(of input: Expression) throws(TemplateError) -> Expression {
    let use = try filterUse(input: input)
    return try expression(.filter(use), at: use.position, over: [input] + use.arguments.expressions)
  }

  /// The filters of a block, the first without a '|' before it if `startsInline`.
  mutating func filterChain(startsInline: Bool) throws(TemplateError) -> [FilterUse] {
    var filters: [FilterUse] = startsInline ? [try filterUse(input: nil)] : []
    while skip(.pipe) { filters.append(try filterUse(input: nil)) }
    return filters
  }

  private mutating func filterUse(input: Expression?) throws(TemplateError) -> FilterUse {
    let position = current.position
    let name = try dottedName()
    let arguments = isAt(.leftParenthesis) ? try arguments() : CallArguments()
    return FilterUse(
      input: input, name: name, filter: FilterName(rawValue: name), arguments: arguments, position: position)
  }

  private mutating func test(of input: Expression) throws(TemplateError) -> Expression {
    let position = current.position
    advance()
    let isNegated = skip(keyword: "not")
    let name = try dottedName()
    var arguments = CallArguments()
    if isAt(.leftParenthesis) {
      arguments = try self.arguments()
    } else if startsTestArgument {
      if isAt(keyword: "is") { throw error("tests cannot be chained with 'is'", at: current) }
      arguments.positional = [try postfix(try primary())]
    }
    let test = try expression(
      .test(of: input, name: name, TestName(rawValue: name), arguments), at: position,
      over: [input] + arguments.expressions)
    return isNegated ? try expression(.not(test), at: position, over: [test]) : test
  }

  /// Whether an argument without parentheses follows a test's name.
  private var startsTestArgument: Bool {
    switch current.kind {
    case .name(let name): !["else", "or", "and"].contains(name)
    case .string, .integer, .float, .symbol(.leftBracket), .symbol(.leftBrace): true
    default: false
    }
  }
}
