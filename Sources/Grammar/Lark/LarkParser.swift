import JSON

/// A recursive-descent parser of Lark grammars; recursion is bounded by the limit on groups.
///
/// In rules, strings, patterns and terminals are lexemes: what `%ignore` names may follow each. In terminals, they are
/// parts of one lexeme.
struct LarkParser {
  let text: GrammarText
  private let tokens: [LarkToken]
  private var next = 0
  private(set) var rules: [String: GrammarExpression] = [:]
  /// Where rules and terminals are first used.
  private var uses: [String: Int] = [:]
  /// The terminals that each terminal uses.
  private var terminalUses: [String: Set<String>] = [:]
  /// Where terminals begin.
  private var terminalPlaces: [String: Int] = [:]
  private var ignored: [GrammarExpression] = []
  private var options = LarkOptions()
  private var depth = 0
  private var jsonSchemas = 0
  /// The name of the terminal being read, or that of the directive; nil in rules.
  var terminal: String?

  private static let root = "start"
  /// The rule for what may follow a lexeme; no name has a percent sign.
  private static let ignoreRule = "%ignore"

  init(_ source: String) throws(GrammarError) {
    var lexer = try LarkLexer(source)
    tokens = try lexer.tokens()
    text = lexer.text
  }

  mutating func grammar() throws(GrammarError) -> GrammarDefinition {
    while peek != .end {
      if take(.lineEnd) { continue }
      try statement()
      guard take(.lineEnd) || peek == .end else { throw malformed("the end of the line") }
    }
    let undefined = uses.filter { rules[$0.key] == nil }.min { $0.value < $1.value }
    if let (name, place) = undefined {
      throw text.malformed("a rule or terminal that is defined; \(name) is not", at: place)
    }
    guard rules[Self.root] != nil else { throw malformed("a rule named start, which documents follow") }
    try checkTerminals()
    let ignore = GrammarExpression.either(ignored)
    rules[Self.ignoreRule] =
      ignored.isEmpty ? .empty : options.ignoresOnce ? .optional(ignore) : .anyNumber(of: ignore)
    guard options.ignoresBeforeFirst else { return GrammarDefinition(root: Self.root, rules: rules) }
    rules["%start"] = .sequence([.rule(Self.ignoreRule), .rule(Self.root)])
    return GrammarDefinition(root: "%start", rules: rules)
  }

  // MARK: - Statements

  private mutating func statement() throws(GrammarError) {
    let place = place
    switch peek {
    case .directive(let name): try directive(name)
    case .json("llguidance", let value):
      advance()
      try options.read(value, text, at: place)
    case .terminal(let name):
      advance()
      terminal = name
      terminalPlaces[name] = place
      if take(.mark("[")) { throw malformed("no attributes: terminals have none") }
      try priority()
      try definition(name, at: place, LarkAttributes())
    default:
      // What stands before a rule's name says how trees are made.
      while take(.mark("?")) || take(.mark("!")) {}
      guard case .rule(let name) = peek else { throw malformed("a rule, a terminal or a directive") }
      advance()
      terminal = nil
      try priority()
      let attributes = try attributes()
      // Attributes that change which texts match do so for one lexeme.
      if attributes.isLazy { terminal = name }
      try definition(name, at: place, attributes)
    }
    terminal = nil
  }

  /// The rest of a rule or terminal after its name.
  private mutating func definition(
    _ name: String, at place: Int, _ attributes: LarkAttributes
  ) throws(GrammarError) {
    if peek == .mark("{") { throw unsupported("a template", "write a rule for each use") }
    guard take(.mark(":")) else { throw malformed("a colon after \(name)") }
    let body = attributes.applied(to: try alternatives())
    guard attributes.isLazy else { return try define(name, body, at: place) }
    terminal = nil
    try define(name, lexeme(body), at: place)
  }

  private mutating func define(_ name: String, _ expression: GrammarExpression, at place: Int) throws(GrammarError) {
    guard rules[name] == nil else { throw text.malformed("one definition of \(name); there are two", at: place) }
    guard rules.count < GrammarText.mostRules else {
      throw .tooLarge(rule: name, what: "rules in a grammar", limit: GrammarText.mostRules)
    }
    rules[name] = expression
  }

  /// A priority says which of several trees is taken; there are none here.
  private mutating func priority() throws(GrammarError) {
    guard take(.mark(".")) else { return }
    guard case .number = peek else { throw malformed("a number: the priority") }
    advance()
  }

  private mutating func directive(_ name: String) throws(GrammarError) {
    let place = place
    advance()
    switch name {
    case "ignore":
      terminal = Self.ignoreRule
      ignored.append(try alternatives())
    case "import": try importTerminals(at: place)
    case "declare", "override", "extend":
      throw text.unsupported("%\(name)", "define everything in this grammar", at: place)
    default: throw text.malformed("%ignore, %import, %json or %llguidance; there is no %\(name)", at: place)
    }
  }

  /// `common.INT`, `common.INT -> NUMBER`, or `common (INT, WS)`.
  private mutating func importTerminals(at place: Int) throws(GrammarError) {
    guard take(.rule("common")) else {
      throw text.unsupported("an import from elsewhere than common", "define everything in this grammar", at: place)
    }
    if take(.mark("(")) {
      repeat { try importTerminal(as: nil, at: place) } while take(.mark(","))
      guard take(.mark(")")) else { throw malformed("a comma or a closing parenthesis") }
      return
    }
    guard take(.mark(".")) else { throw malformed(". and the name of a terminal, as in common.WS") }
    try importTerminal(as: "->", at: place)
  }

  private mutating func importTerminal(as arrow: String?, at place: Int) throws(GrammarError) {
    guard case .terminal(let name) = peek else { throw malformed("the name of a terminal") }
    guard let expression = LarkCommon.terminal(named: name) else {
      throw unsupported("the terminal \(name) of common", "define it in this grammar")
    }
    advance()
    var local = name
    if let arrow, take(.mark(arrow)) {
      guard case .terminal(let other) = peek else { throw malformed("the name of a terminal") }
      advance()
      local = other
    }
    try define(local, expression, at: place)
  }

  /// Terminals are regular: none is used in itself.
  private func checkTerminals() throws(GrammarError) {
    // Those that use no others but checked ones are taken away, until none is left.
    var users: [String: [String]] = [:]
    var open = terminalUses.mapValues(\.count)
    for (name, used) in terminalUses { for other in used { users[other, default: []].append(name) } }
    var pending = rules.keys.filter { open[$0] ?? 0 == 0 }
    while let name = pending.popLast() {
      for user in users[name] ?? [] {
        open[user, default: 0] -= 1
        if open[user] == 0 { pending.append(user) }
      }
    }
    let recursive = open.filter { $0.value > 0 }.compactMap { name, _ in terminalPlaces[name].map { (name, $0) } }
    if let (name, place) = recursive.min(by: { $0.1 < $1.1 }) {
      throw text.malformed(
        "a terminal that does not use itself; \(name) does, so it is to be a rule in lower case", at: place)
    }
  }
}

// MARK: - Reading

extension LarkParser {
  var peek: LarkToken.Kind { tokens[min(next, tokens.count - 1)].kind }
  func peek(_ ahead: Int) -> LarkToken.Kind { tokens[min(next + ahead, tokens.count - 1)].kind }
  var place: Int { tokens[min(next, tokens.count - 1)].place }
  mutating func advance() { next += 1 }

  mutating func take(_ kind: LarkToken.Kind) -> Bool {
    guard peek == kind else { return false }
    next += 1
    return true
  }

  func malformed(_ expected: String) -> GrammarError { text.malformed(expected, at: place) }

  func unsupported(_ feature: String, _ advice: String) -> GrammarError {
    text.unsupported(feature, advice, at: place)
  }

  /// Records that a rule or terminal is used at a place.
  mutating func use(_ name: String, isTerminal: Bool, at place: Int) {
    if uses[name] == nil { uses[name] = place }
    if isTerminal, let terminal { terminalUses[terminal, default: []].insert(name) }
  }

  /// Adds the rules of a JSON Schema; returns the name of the one that documents follow.
  mutating func addRules(of schema: JSON, at place: Int) throws(GrammarError) -> String {
    jsonSchemas += 1
    let prefix = "%json \(jsonSchemas) "
    let definition: GrammarDefinition
    do {
      definition = try GrammarDefinition(jsonSchema: schema)
    } catch {
      throw text.malformed("a JSON Schema that can be followed: \(error)", at: place)
    }
    for (name, expression) in definition.rules {
      try define(prefix + name, expression.renamingRules(prefix), at: place)
    }
    return prefix + definition.root
  }

  /// Counts a level of groups that begins.
  mutating func enter() throws(GrammarError) {
    depth += 1
    guard depth <= GrammarText.deepestGroup else { throw malformed("fewer groups within each other") }
  }

  mutating func leave() { depth -= 1 }

  /// A lexeme, and what may be ignored after it.
  func lexeme(_ expression: GrammarExpression) -> GrammarExpression {
    terminal == nil ? .sequence([expression, .rule(Self.ignoreRule)]) : expression
  }
}
