import JSON

/// What rules and terminals are made of.
extension LarkParser {
  mutating func alternatives() throws(GrammarError) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    repeat {
      parts.append(try conjunction())
      if take(.mark("->")) {
        // An alias names a node of the tree; there are no trees here.
        guard case .rule = peek else { throw malformed("an alias in lower case") }
        advance()
      }
    } while take(.mark("|"))
    return .either(parts)
  }

  private mutating func conjunction() throws(GrammarError) -> GrammarExpression {
    var parts = [try sequence()]
    while peek == .mark("&") {
      guard terminal != nil else { throw unsupported("& in a rule", "use it in a terminal, with a name in upper case") }
      advance()
      parts.append(try sequence())
    }
    return parts.count == 1 ? parts[0] : .intersection(parts)
  }

  private mutating func sequence() throws(GrammarError) -> GrammarExpression {
    var parts: [GrammarExpression] = []
    while !isAtEndOfSequence { parts.append(try repeated()) }
    return .inTurn(parts)
  }

  private var isAtEndOfSequence: Bool {
    switch peek {
    case .lineEnd, .end, .mark("|"), .mark("&"), .mark("->"), .mark(")"), .mark("]"), .mark(":"): true
    default: false
    }
  }

  private mutating func repeated() throws(GrammarError) -> GrammarExpression {
    let unit = try item()
    guard let (atLeast, atMost) = try quantifier() else { return unit }
    return .repetition(unit, atLeast: atLeast, atMost: atMost)
  }

  /// `*`, `+`, `?`, `~ 2`, `~ 2..3`, `{2}`, `{2,}`, `{,3}`, `{2,3}`.
  private mutating func quantifier() throws(GrammarError) -> (atLeast: Int, atMost: Int?)? {
    if take(.mark("*")) { return (0, nil) }
    if take(.mark("+")) { return (1, nil) }
    if take(.mark("?")) { return (0, 1) }
    let place = place
    var bounds: (atLeast: Int, atMost: Int?)
    if peek == .mark("~"), case .number(let atLeast) = peek(1) {
      advance()
      advance()
      bounds = (atLeast, atLeast)
      if take(.mark("..")) {
        guard let atMost = takeNumber() else { throw malformed("a number: the upper bound") }
        bounds.atMost = atMost
      }
    } else if take(.mark("{")) {
      let atLeast = takeNumber()
      bounds = (atLeast ?? 0, atLeast)
      if take(.mark(",")) { bounds.atMost = takeNumber() }
      guard atLeast != nil || bounds.atMost != nil else { throw malformed("a number of repetitions") }
      guard take(.mark("}")) else { throw malformed("a closing brace") }
    } else {
      return nil
    }
    guard bounds.atLeast >= 0, bounds.atMost ?? bounds.atLeast >= bounds.atLeast else {
      throw text.malformed("bounds from 0 on, in order", at: place)
    }
    return bounds
  }

  private mutating func takeNumber() -> Int? {
    guard case .number(let number) = peek else { return nil }
    advance()
    return number
  }

  // MARK: - Items

  private mutating func item() throws(GrammarError) -> GrammarExpression {
    let place = place
    switch peek {
    case .mark("("): return try group(until: ")")
    case .mark("["): return .optional(try group(until: "]"))
    case .mark("~"):
      guard terminal != nil else { throw unsupported("~ in a rule", "use it in a terminal, with a name in upper case") }
      try enter()
      advance()
      let refused = try item()
      leave()
      return .difference(.anyText, refused)
    case .string(let string, let ignoresCase):
      advance()
      return try literal(string, ignoresCase: ignoresCase, at: place)
    case .pattern(let pattern, let flags):
      advance()
      return lexeme(try expression(of: pattern, flags: flags, at: place))
    case .terminal(let name):
      advance()
      use(name, isTerminal: true, at: place)
      return lexeme(.rule(name))
    case .rule(let name): return try rule(name, at: place)
    case .json("json", let schema):
      guard terminal == nil else {
        throw unsupported("%json in a terminal", "use it in a rule, with a name in lower case")
      }
      advance()
      return lexeme(.rule(try addRules(of: schema, at: place)))
    case .json(let name, _): throw unsupported("%\(name) here", "write a pattern, or rules")
    case .reference:
      throw unsupported(
        "a special token or another grammar", "a reply's content has no special tokens; write everything as text")
    default: throw malformed("a string, a pattern, a name or a group")
    }
  }

  private mutating func rule(_ name: String, at place: Int) throws(GrammarError) -> GrammarExpression {
    guard terminal == nil else {
      throw malformed("only terminals within a terminal; \(name), in lower case, is a rule")
    }
    advance()
    if peek == .mark("{") {
      switch peek(1) {
      case .number, .mark(","): break
      default: throw unsupported("a template", "write a rule for each use")
      }
    }
    use(name, isTerminal: false, at: place)
    return .rule(name)
  }

  private mutating func group(until close: String) throws(GrammarError) -> GrammarExpression {
    let start = place
    try enter()
    advance()
    let result = try alternatives()
    guard take(.mark(close)) else { throw text.malformed("a closing \(close) for this one", at: start) }
    leave()
    return result
  }

  // MARK: - Lexemes

  /// A string, or a range from it to another one.
  private mutating func literal(
    _ string: String, ignoresCase: Bool, at place: Int
  ) throws(GrammarError) -> GrammarExpression {
    guard take(.mark("..")) else {
      if string.isEmpty { return .empty }
      guard ignoresCase else { return lexeme(.text(string)) }
      return lexeme(.inTurn(string.unicodeScalars.map { .characters(ScalarSet($0...$0).ignoringCase) }))
    }
    guard case .string(let last, false) = peek, !ignoresCase else { throw malformed("a string: the end of the range") }
    advance()
    guard string.unicodeScalars.count == 1, last.unicodeScalars.count == 1, let lower = string.unicodeScalars.first,
      let upper = last.unicodeScalars.first, lower <= upper
    else { throw text.malformed("a range from one character to a later one", at: place) }
    return lexeme(.characters(ScalarSet(lower...upper)))
  }

  private func expression(
    of pattern: String, flags: String, at place: Int
  ) throws(GrammarError) -> GrammarExpression {
    var options = RegularExpression.Flags()
    for flag in flags {
      switch flag {
      case "i": options.insert(.ignoresCase)
      case "s": options.insert(.dotIsAnything)
      case "u", "m": break  // Patterns are of Unicode characters, and match lexemes as a whole.
      default:
        throw text.unsupported("the flag \(flag) of a pattern", "write the pattern without it", at: place)
      }
    }
    do {
      return try RegularExpression.expression(pattern, matching: .whole, in: .lark, options)
    } catch {
      // Places in a pattern are columns of its own; it stands behind a slash.
      let start = text.place(place)
      switch error {
      case .malformed(_, let column, let expected):
        throw .malformed(line: start.line, column: start.column + column, expected: expected)
      case .unsupported(_, let column, let feature, let advice):
        throw .unsupported(line: start.line, column: start.column + column, feature: feature, advice: advice)
      default: throw error
      }
    }
  }
}
