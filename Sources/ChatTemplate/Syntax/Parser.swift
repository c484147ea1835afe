/// Builds the tree of a template from its tokens.
struct Parser {
  /// How deep expressions and blocks may nest.
  static let maximumDepth = 120

  private let tokens: [Token]
  private var index = 0
  private(set) var nameUseCount = 0
  private(set) var scopeCount = 1
  /// How many expressions and blocks are open.
  private var nesting = 0

  init(_ source: String) throws(TemplateError) {
    tokens = try Lexer.tokens(of: source)
  }

  /// The whole template. Scope 0 is its own.
  mutating func template() throws(TemplateError) -> [Statement] {
    try statements(until: []).body
  }

  // MARK: - Bodies

  /// Statements up to a tag called by one of `endings`, of which the opening and the name are consumed.
  mutating func statements(until endings: Set<String>) throws(TemplateError) -> (body: [Statement], ending: String) {
    try nested { (parser) throws(TemplateError) in
      var body: [Statement] = []
      while true {
        let token = parser.current
        switch token.kind {
        case .text(let text):
          parser.advance()
          body.append(.text(text))
        case .expressionStart:
          parser.advance()
          body.append(.print(try parser.tuple()))
          try parser.expect(.expressionEnd)
        case .tagStart:
          parser.advance()
          if case .name(let name) = parser.current.kind, endings.contains(name) {
            parser.advance()
            return (body, name)
          }
          body += try parser.statement()
          try parser.expect(.tagEnd)
        case .end:
          guard endings.isEmpty else {
            throw parser.error("the template ends where one of \(endings.sorted()) is expected", at: token)
          }
          return (body, "")
        default:
          throw parser.error("unexpected \(token.kind.name)", at: token)
        }
      }
    }
  }

  /// The rest of a tag that opens a block, and its body up to one of `endings`.
  mutating func block(until endings: Set<String>) throws(TemplateError) -> (body: [Statement], ending: String) {
    skip(.colon)
    try expect(.tagEnd)
    return try statements(until: endings)
  }

  // MARK: - Tokens

  var current: Token { tokens[index] }

  var next: Token { tokens[min(index + 1, tokens.count - 1)] }

  mutating func advance() {
    if index < tokens.count - 1 { index += 1 }
  }

  func isAt(_ symbol: Token.Symbol) -> Bool { current.kind == .symbol(symbol) }

  func isAt(keyword: String) -> Bool { current.kind == .name(keyword) }

  @discardableResult
  mutating func skip(_ symbol: Token.Symbol) -> Bool {
    guard isAt(symbol) else { return false }
    advance()
    return true
  }

  mutating func skip(keyword: String) -> Bool {
    guard isAt(keyword: keyword) else { return false }
    advance()
    return true
  }

  mutating func expect(_ kind: Token.Kind) throws(TemplateError) {
    guard current.kind == kind else {
      throw error("expected \(kind.name), found \(current.kind.name)", at: current)
    }
    advance()
  }

  mutating func expect(_ symbol: Token.Symbol) throws(TemplateError) { try expect(.symbol(symbol)) }

  mutating func expectName() throws(TemplateError) -> String {
    guard case .name(let name) = current.kind else {
      throw error("expected a name, found \(current.kind.name)", at: current)
    }
    advance()
    return name
  }

  func error(_ message: String, kind: TemplateError.Kind = .syntax, at token: Token) -> TemplateError {
    TemplateError(Fault(kind, message), at: token.position)
  }

  // MARK: - Numbers of uses and scopes

  mutating func use(of name: String) -> NameUse {
    defer { nameUseCount += 1 }
    return NameUse(name: name, use: nameUseCount)
  }

  mutating func newScope() -> Int {
    defer { scopeCount += 1 }
    return scopeCount
  }

  // MARK: - Depth

  /// Runs `body` one level deeper.
  mutating func nested<Result>(
    _ body: (inout Parser) throws(TemplateError) -> Result
  ) throws(TemplateError) -> Result {
    nesting += 1
    defer { nesting -= 1 }
    guard nesting <= Self.maximumDepth else { throw error("nested too deeply", kind: .limit, at: current) }
    return try body(&self)
  }

  /// An expression over `children`.
  func expression(
    _ kind: Expression.Kind, at position: Position, over children: [Expression?]
  ) throws(TemplateError) -> Expression {
    let depth = children.reduce(0) { max($0, $1?.depth ?? 0) } + 1
    guard depth <= Self.maximumDepth else {
      throw TemplateError(Fault(.limit, "the expression is nested too deeply"), at: position)
    }
    return Expression(kind: kind, position: position, depth: depth)
  }
}
