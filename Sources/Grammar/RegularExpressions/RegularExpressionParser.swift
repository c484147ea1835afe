/// A recursive-descent parser; recursion is bounded by the limit on groups.
struct RegularExpressionParser {
  private let scalars: [Unicode.Scalar]
  private(set) var position = 0
  private let extent: RegularExpression.Extent
  private var depth = 0

  /// How deep groups may be nested.
  private static let deepestGroup = 64
  /// The highest number in a quantifier.
  private static let highestCount = 100_000

  init(_ pattern: String, _ extent: RegularExpression.Extent) {
    scalars = Array(pattern.unicodeScalars)
    self.extent = extent
  }

  mutating func pattern() throws(GrammarError) -> AnchoredExpression {
    let result = try alternatives()
    guard peek() == nil else { throw malformed("the end: this parenthesis closes nothing") }
    return result
  }

  // MARK: - Composition

  private mutating func alternatives() throws(GrammarError) -> AnchoredExpression {
    var result = try sequence()
    while take("|") { result = result.united(with: try sequence()) }
    return result
  }

  /// A condition on all that follows it.
  private struct Lookahead {
    let before: AnchoredExpression
    let ahead: AnchoredExpression
    let isNegated: Bool
    let position: Int
  }

  private mutating func sequence() throws(GrammarError) -> AnchoredExpression {
    var result = AnchoredExpression(.empty)
    var lookaheads: [Lookahead] = []
    while let next = peek(), next != "|", next != ")" {
      if next == "(", peek(1) == "?", let mark = peek(2), mark == "=" || mark == "!" {
        let start = position
        guard depth == 0 else { throw unsupported("lookahead within a group", "put it outside of groups", at: start) }
        position += 3
        lookaheads.append(
          Lookahead(before: result, ahead: try group(from: start), isNegated: mark == "!", position: start))
        result = AnchoredExpression(.empty)
      } else {
        result = result.followed(by: try repeated())
      }
    }
    for lookahead in lookaheads.reversed() {
      guard let rest = result.following(lookahead.ahead, isNegated: lookahead.isNegated, extent) else {
        throw unsupported("\"^\" within negative lookahead", "leave it out", at: lookahead.position)
      }
      result = lookahead.before.followed(by: rest)
    }
    return result
  }

  /// The rest of a group whose beginning has been read.
  private mutating func group(from start: Int) throws(GrammarError) -> AnchoredExpression {
    depth += 1
    guard depth <= Self.deepestGroup else {
      throw .tooLarge(rule: "regular expression", what: "nested groups", limit: Self.deepestGroup)
    }
    let result = try alternatives()
    guard take(")") else { throw malformed("a closing parenthesis for this one", at: start) }
    depth -= 1
    return result
  }

  private mutating func repeated() throws(GrammarError) -> AnchoredExpression {
    let start = position
    let unit = try atom()
    guard let (atLeast, atMost) = try quantifier() else { return unit }
    _ = take("?")  // Laziness makes no difference.
    if let next = peek(), "*+?".unicodeScalars.contains(next) { throw malformed("something to repeat") }
    guard let expression = unit.unanchored else {
      switch (atLeast, atMost) {
      case (1, 1): return unit
      case (0, 1): return unit.united(with: AnchoredExpression(.empty))
      default: throw unsupported("the repetition of an anchor", "move \"^\" and \"$\" out of it", at: start)
      }
    }
    return AnchoredExpression(.repetition(expression, atLeast: atLeast, atMost: atMost))
  }

  private mutating func quantifier() throws(GrammarError) -> (atLeast: Int, atMost: Int?)? {
    switch peek() {
    case "*":
      position += 1
      return (0, nil)
    case "+":
      position += 1
      return (1, nil)
    case "?":
      position += 1
      return (0, 1)
    case "{":
      let start = position
      position += 1
      let atLeast = try count()
      let hasComma = take(",")
      let atMost = hasComma ? try count() : atLeast
      guard take("}"), atLeast != nil || atMost != nil else {
        position = start  // A brace that stands for itself.
        return nil
      }
      guard let atLeast else { throw malformed("a lower bound, as in {0,3}", at: start) }
      if let atMost, atMost < atLeast { throw malformed("bounds in order", at: start) }
      return (atLeast, atMost)
    default: return nil
    }
  }

  private mutating func count() throws(GrammarError) -> Int? {
    var value: Int?
    while let digit = peek(), ("0"..."9").contains(digit) {
      value = (value ?? 0) * 10 + Int(digit.value - 48)
      guard value ?? 0 <= Self.highestCount else {
        throw .tooLarge(rule: "regular expression", what: "repetitions", limit: Self.highestCount)
      }
      position += 1
    }
    return value
  }

  // MARK: - Atoms

  private mutating func atom() throws(GrammarError) -> AnchoredExpression {
    let start = position
    guard let scalar = peek() else { throw malformed("a character") }
    position += 1
    switch scalar {
    case "^": return AnchoredExpression(ways: [.init(expression: .empty, isAtStart: true)])
    case "$": return AnchoredExpression(ways: [.init(expression: .empty, isAtEnd: true)])
    case ".": return AnchoredExpression(.characters(RegularExpressionClass.dot))
    case "[": return AnchoredExpression(.characters(try bracketed(from: start)))
    case "\\": return AnchoredExpression(.characters(try escape(inClass: false).set))
    case "(":
      if take("?") {
        if take("<") {
          guard let next = peek(), next != "=", next != "!" else {
            throw unsupported("lookbehind", "describe the text from its beginning", at: start)
          }
          while let next = peek(), next != ">" { position += 1 }
          guard take(">") else { throw malformed("\">\" after the group's name") }
        } else if !take(":") {
          throw peek() == "=" || peek() == "!"
            ? unsupported("lookahead within a repetition", "put it outside", at: start)
            : unsupported("a group of this kind", "use (?:…)", at: start)
        }
      }
      return try group(from: start)
    case "*", "+", "?": throw malformed("something to repeat", at: start)
    default: return AnchoredExpression(.bytes(Array(String(scalar).utf8)))
    }
  }

  // MARK: - Reading

  func peek(_ ahead: Int = 0) -> Unicode.Scalar? {
    scalars.indices.contains(position + ahead) ? scalars[position + ahead] : nil
  }

  mutating func take(_ scalar: Unicode.Scalar) -> Bool {
    guard peek() == scalar else { return false }
    position += 1
    return true
  }

  mutating func advance() { position += 1 }

  func malformed(_ expected: String, at place: Int? = nil) -> GrammarError {
    .malformed(line: 1, column: (place ?? position) + 1, expected: expected)
  }

  func unsupported(_ feature: String, _ advice: String, at place: Int) -> GrammarError {
    .unsupported(line: 1, column: place + 1, feature: feature, advice: advice)
  }
}
