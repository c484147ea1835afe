/// A recursive-descent parser of GBNF; recursion is bounded by the limit on groups.
struct GBNFParser {
  var text: GrammarText
  private var rules: [String: GrammarExpression] = [:]
  /// Where rules begin, and where they are first used.
  private var definitions: [String: Int] = [:]
  private var uses: [String: Int] = [:]
  private var depth = 0

  /// The rule that documents follow.
  private static let root = "root"

  init(_ source: String) throws(GrammarError) {
    text = try GrammarText(source)
  }

  mutating func grammar() throws(GrammarError) -> GrammarDefinition {
    skipSpace()
    while text.peek() != nil { try rule() }
    let undefined = uses.filter { rules[$0.key] == nil }.min { $0.value < $1.value }
    if let (name, place) = undefined { throw text.malformed("a rule that is defined; \(name) is not", at: place) }
    guard rules[Self.root] != nil else { throw text.malformed("a rule named root, which documents follow") }
    return GrammarDefinition(root: Self.root, rules: rules)
  }

  // MARK: - Rules

  private mutating func rule() throws(GrammarError) {
    let start = text.position
    guard let name = name() else { throw text.malformed("the name of a rule", at: start) }
    skipSpace()
    guard text.take("::=") else { throw text.malformed("::= after the rule's name") }
    if let first = definitions[name] {
      throw text.malformed("one rule named \(name); line \(text.place(first).line) has it already", at: start)
    }
    guard rules.count < GrammarText.mostRules else {
      throw .tooLarge(rule: name, what: "rules in a grammar", limit: GrammarText.mostRules)
    }
    definitions[name] = start
    skipSpace()
    rules[name] = try alternatives()
    guard text.peek() == nil || isAtRule else {
      throw text.malformed(
        text.peek() == ")" ? "no closing parenthesis: none is open" : "something to match, or a rule")
    }
  }

  private mutating func name() -> String? {
    let name = text.take { scalar in
      ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || ("0"..."9").contains(scalar) || scalar == "-"
        || scalar == "_"
    }
    return name.isEmpty ? nil : name
  }

  /// White space and comments.
  mutating func skipSpace() {
    while let next = text.peek() {
      if next == "#" {
        _ = text.take { $0 != "\n" && $0 != "\r" }
      } else if next == " " || next == "\t" || next == "\n" || next == "\r" {
        text.advance()
      } else {
        return
      }
    }
  }

  /// Whether a rule begins here: a name, and `::=` behind it.
  private var isAtRule: Bool {
    var ahead = self
    guard ahead.name() != nil else { return false }
    ahead.skipSpace()
    return ahead.text.isNext("::=")
  }

  // MARK: - Composition

  private mutating func alternatives() throws(GrammarError) -> GrammarExpression {
    var parts = [try sequence()]
    while text.take("|") {
      skipSpace()
      parts.append(try sequence())
    }
    return .either(parts)
  }

  private mutating func sequence() throws(GrammarError) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    while let next = text.peek(), next != "|", next != ")", !isAtRule {
      parts.append(try repeated())
    }
    return .inTurn(parts)
  }

  private mutating func repeated() throws(GrammarError) -> GrammarExpression {
    let unit = try item()
    skipSpace()
    guard let (atLeast, atMost) = try quantifier() else { return unit }
    skipSpace()
    if let next = text.peek(), "*+?{".unicodeScalars.contains(next) {
      throw text.malformed("parentheses around what is repeated twice")
    }
    return .repetition(unit, atLeast: atLeast, atMost: atMost)
  }

  private mutating func quantifier() throws(GrammarError) -> (atLeast: Int, atMost: Int?)? {
    if text.take("*") { return (0, nil) }
    if text.take("+") { return (1, nil) }
    if text.take("?") { return (0, 1) }
    let start = text.position
    guard text.take("{") else { return nil }
    skipSpace()
    guard let atLeast = try text.count() else { throw text.malformed("a number of repetitions") }
    skipSpace()
    var atMost: Int? = atLeast
    if text.take(",") {
      skipSpace()
      atMost = try text.count()
      skipSpace()
    }
    guard text.take("}") else { throw text.malformed("a closing brace") }
    if let atMost, atMost < atLeast { throw text.malformed("bounds in order", at: start) }
    return (atLeast, atMost)
  }

  private mutating func item() throws(GrammarError) -> GrammarExpression {
    let start = text.position
    if text.take("\"") { return .text(try literal(from: start)) }
    if text.take("[") { return .characters(try characterClass(from: start)) }
    if text.take(".") { return .characters(.all) }
    if text.take("(") { return try group(from: start) }
    if let name = name() {
      if uses[name] == nil { uses[name] = start }
      return .rule(name)
    }
    switch text.peek() {
    case "<", "!":
      throw text.unsupported(
        "a token by its name or number", "a reply's content has no special tokens; write text in quotation marks",
        at: start)
    case "*", "+", "?", "{": throw text.malformed("something to repeat")
    default: throw text.malformed("a literal, a class, a group or the name of a rule")
    }
  }

  private mutating func group(from start: Int) throws(GrammarError) -> GrammarExpression {
    if text.peek() == "=" { throw text.unsupported("lookahead", "write what follows where it follows", at: start) }
    depth += 1
    guard depth <= GrammarText.deepestGroup else { throw text.malformed("fewer groups within each other", at: start) }
    skipSpace()
    let result = try alternatives()
    guard text.take(")") else { throw text.malformed("a closing parenthesis for this one", at: start) }
    depth -= 1
    return result
  }
}
