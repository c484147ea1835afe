/// A recursive-descent parser; recursion is bounded by the limit on groups.
struct RegularExpressionParser {
  private let scalars: [Unicode.Scalar]
  private(set) var position = 0
  private let extent: RegularExpression.Extent
  private let dialect: RegularExpression.Dialect
  private(set) var flags: RegularExpression.Flags
  private var depth = 0

  /// How deep groups may be nested.
  private static let deepestGroup = 64
  /// Each puts a condition on what follows it.
  private static let mostLookaheads = 32
  /// The highest number in a quantifier.
  private static let highestCount = 100_000

  init(
    _ pattern: String, _ extent: RegularExpression.Extent, _ dialect: RegularExpression.Dialect,
    _ flags: RegularExpression.Flags
  ) {
    scalars = Array(pattern.unicodeScalars)
    self.extent = extent
    self.dialect = dialect
    self.flags = flags
  }

  mutating func pattern() throws(GrammarError) -> AnchoredExpression {
    let result = try alternatives()
    guard peek() == nil else { throw malformed("the end: this parenthesis closes nothing") }
    return result
  }

  // MARK: - Composition

  private mutating func alternatives() throws(GrammarError) -> AnchoredExpression {
    var parts = [try sequence()]
    while take("|") { parts.append(try sequence()) }
    return .united(parts)
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
    // What follows it and has no anchors, and characters behind that.
    var plain: [GrammarExpression] = []
    var literal: [UInt8] = []
    var lookaheads: [Lookahead] = []
    func endLiteral() {
      if !literal.isEmpty { plain.append(.bytes(literal)) }
      literal = []
    }
    func flush() {
      endLiteral()
      if !plain.isEmpty { result = result.followed(by: AnchoredExpression(.inTurn(plain))) }
      plain = []
    }
    while let next = peek(), next != "|", next != ")" {
      if next == "(", peek(1) == "?", let mark = peek(2), mark == "=" || mark == "!" {
        let start = position
        guard depth == 0 else { throw unsupported("lookahead within a group", "put it outside of groups", at: start) }
        guard lookaheads.count < Self.mostLookaheads else {
          throw .tooLarge(rule: "regular expression", what: "lookaheads", limit: Self.mostLookaheads)
        }
        flush()
        position += 3
        lookaheads.append(
          Lookahead(before: result, ahead: try group(from: start), isNegated: mark == "!", position: start))
        result = AnchoredExpression(.empty)
      } else {
        let next = try repeated()
        switch next.unanchored {
        case .bytes(let bytes): literal += bytes
        case let expression?:
          endLiteral()
          plain.append(expression)
        case nil:
          flush()
          result = result.followed(by: next)
        }
      }
    }
    flush()
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
    let flags = flags
    let result = try alternatives()
    guard take(")") else { throw malformed("a closing parenthesis for this one", at: start) }
    self.flags = flags
    depth -= 1
    return result
  }

  private mutating func repeated() throws(GrammarError) -> AnchoredExpression {
    let start = position
    let unit = try atom()
    guard let (atLeast, atMost) = try quantifier() else { return unit }
    _ = take("?")  // Laziness makes no difference.
    let end = position
    if try quantifier() != nil { throw malformed("something to repeat", at: end) }
    guard let expression = unit.unanchored else {
      switch (atLeast, atMost) {
      case (1, 1): return unit
      case (0, 1): return .united([unit, AnchoredExpression(.empty)])
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
    case ".": return AnchoredExpression(.characters(dot))
    case "[": return AnchoredExpression(.characters(try bracketed(from: start)))
    case "\\": return AnchoredExpression(.characters(inAllCases(try escape(inClass: false).set)))
    case "(":
      if take("?") {
        if dialect == .lark, let flags = try flagChange(from: start) {
          let before = self.flags
          self.flags = flags
          // Without a colon, they hold up to the end of the group around.
          if take(")") { return AnchoredExpression(.empty) }
          _ = take(":")
          let result = try group(from: start)
          self.flags = before
          return result
        }
        if dialect == .lark, peek() == "P", peek(1) == "<" { position += 1 }
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
    default:
      let set = inAllCases(ScalarSet(scalar...scalar))
      return AnchoredExpression(set.count == 1 ? .bytes(Array(String(scalar).utf8)) : .characters(set))
    }
  }

  /// What `.` stands for.
  private var dot: ScalarSet {
    if flags.contains(.dotIsAnything) { return .all }
    return dialect == .lark ? ScalarSet(of: "\n").inverted : RegularExpressionClass.dot
  }

  /// The set with the other cases of its characters, where cases are the same.
  func inAllCases(_ set: ScalarSet) -> ScalarSet { flags.contains(.ignoresCase) ? set.ignoringCase : set }

  /// The flags after those that stand here, up to a colon or a parenthesis; nil if none do.
  private mutating func flagChange(from start: Int) throws(GrammarError) -> RegularExpression.Flags? {
    guard let first = peek(), "-imsux".unicodeScalars.contains(first) else { return nil }
    var result = flags
    var isRemoved = false
    while let letter = peek(), letter != ":", letter != ")" {
      position += 1
      switch letter {
      case "-": isRemoved = true
      case "i", "s":
        let flag = letter == "i" ? RegularExpression.Flags.ignoresCase : .dotIsAnything
        if isRemoved { result.remove(flag) } else { result.insert(flag) }
      case "m", "u": break  // Patterns are of Unicode characters, and match whole texts.
      default: throw unsupported("the flag \(letter)", "write the pattern without it", at: start)
      }
    }
    guard peek() != nil else { throw malformed("a closing parenthesis for this one", at: start) }
    return result
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
