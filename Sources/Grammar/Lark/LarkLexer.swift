import JSON

/// Cuts the text of a Lark grammar into tokens. White space, comments and line continuations are left out, and so are
/// line ends within brackets and those before a `|`.
struct LarkLexer {
  private(set) var text: GrammarText
  private var openBrackets = 0

  /// Longer ones first.
  private static let marks = ["->", ".."] + ":|()[]{},.~&=+*?!".map(String.init)

  init(_ source: String) throws(GrammarError) {
    text = try GrammarText(source)
  }

  mutating func tokens() throws(GrammarError) -> [LarkToken] {
    var tokens: [LarkToken] = []
    repeat {
      let token = try next()
      if token.kind == .lineEnd, openBrackets > 0 || tokens.last?.kind == .lineEnd { continue }
      if token.kind == .mark("|"), tokens.last?.kind == .lineEnd { tokens.removeLast() }
      tokens.append(token)
    } while tokens.last?.kind != .end
    return tokens
  }

  private mutating func next() throws(GrammarError) -> LarkToken {
    skipSpace()
    let start = text.position
    func token(_ kind: LarkToken.Kind) -> LarkToken { LarkToken(kind: kind, place: start) }
    guard let first = text.peek() else { return token(.end) }
    switch first {
    case "\n":
      text.advance()
      return token(.lineEnd)
    case "\"": return token(try string())
    case "/": return token(try pattern())
    case "%": return token(try directive())
    case "<", "@": return token(.reference(text.take { $0 != " " && $0 != "\n" && $0 != "\t" }))
    default: break
    }
    if let name = try name() { return token(name) }
    let isNegative = (first == "-" || first == "+") && (text.peek(1).map { ("0"..."9").contains($0) } ?? false)
    if isNegative { text.advance() }
    if let number = try text.count() { return token(.number(first == "-" ? 0 - number : number)) }
    guard let mark = Self.marks.first(where: { text.isNext($0) }) else {
      throw text.malformed("a name, a string in double quotation marks, a /pattern/ or an operator")
    }
    text.advance(mark.unicodeScalars.count)
    if mark == "(" || mark == "[" { openBrackets += 1 }
    if mark == ")" || mark == "]" { openBrackets = max(0, openBrackets - 1) }
    return token(.mark(mark))
  }

  /// Blanks, comments and escaped line ends.
  private mutating func skipSpace() {
    while let next = text.peek() {
      if next == "#" || text.isNext("//") {
        _ = text.take { $0 != "\n" }
      } else if next == " " || next == "\t" || next == "\r" || next == "\u{0C}" {
        text.advance()
      } else if text.isNext("\\\n") {
        text.advance(2)
      } else {
        return
      }
    }
  }

  /// A name: all letters are of one case, and `_` may come before them.
  private mutating func name() throws(GrammarError) -> LarkToken.Kind? {
    let first = text.peek() == "_" ? text.peek(1) : text.peek()
    guard let first, first.isASCII, first.properties.isAlphabetic else { return nil }
    let isTerminal = first.properties.isUppercase
    let start = text.position
    text.advance()
    while let next = text.peek() {
      let isPart =
        next == "_" || ("0"..."9").contains(next)
        || (isTerminal ? ("A"..."Z").contains(next) : ("a"..."z").contains(next))
      // A hyphen is part of a name only between its parts, so that `a->b` has an arrow.
      let isHyphen =
        next == "-" && (text.peek(1).map { $0.isASCII && ($0.properties.isAlphabetic || $0 == "_") } ?? false)
      guard isPart || isHyphen else { break }
      text.advance()
    }
    if let next = text.peek(), next.isASCII, next.properties.isAlphabetic {
      throw text.malformed("a name in lower case for a rule, or in upper case for a terminal", at: start)
    }
    let name = text.text(from: start)
    return isTerminal ? .terminal(name) : .rule(name)
  }
}

// MARK: - Literals

extension LarkLexer {
  private mutating func string() throws(GrammarError) -> LarkToken.Kind {
    let start = text.position
    text.advance()
    var result = String.UnicodeScalarView()
    while !text.take("\"") {
      guard let next = text.peek(), next != "\n" else {
        throw text.malformed("a closing quotation mark for this one", at: start)
      }
      text.advance()
      result.append(next == "\\" ? try escape() : next)
    }
    // A letter behind it is a flag only if no name begins with it.
    let isFlag = text.peek() == "i" && !(text.peek(1).map { $0.properties.isAlphabetic || $0 == "_" } ?? false)
    if isFlag { text.advance() }
    return .string(String(result), ignoresCase: isFlag)
  }

  private mutating func escape() throws(GrammarError) -> Unicode.Scalar {
    let start = text.position - 1
    guard let escaped = text.peek() else { throw text.malformed("a character after the backslash") }
    text.advance()
    var value: UInt32
    switch escaped {
    case "n": return "\n"
    case "t": return "\t"
    case "r": return "\r"
    case "f": return "\u{0C}"
    case "v": return "\u{0B}"
    case "b": return "\u{08}"
    case "\\", "\"", "/", "'": return escaped
    case "x": value = try text.hexadecimal(2, from: start)
    case "U": value = try text.hexadecimal(8, from: start)
    case "u":
      value = try text.hexadecimal(4, from: start)
      if (0xD800...0xDBFF).contains(value), text.take("\\u") {
        let low = try text.hexadecimal(4, from: start)
        guard (0xDC00...0xDFFF).contains(low) else { throw text.malformed("the second half of a pair", at: start) }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
    default: throw text.malformed("an escape that strings have, such as \\n, \\u000A or \\\\", at: start)
    }
    guard let scalar = Unicode.Scalar(value) else {
      throw text.malformed("a character, and no half of a pair", at: start)
    }
    return scalar
  }

  private mutating func pattern() throws(GrammarError) -> LarkToken.Kind {
    let start = text.position
    text.advance()
    while let next = text.peek(), next != "/", next != "\n" { text.advance(next == "\\" ? 2 : 1) }
    let pattern = text.text(from: start + 1)
    guard text.take("/") else { throw text.malformed("a closing slash for this one", at: start) }
    return .pattern(pattern, flags: text.take { "imslux".unicodeScalars.contains($0) })
  }

  private mutating func directive() throws(GrammarError) -> LarkToken.Kind {
    let start = text.position
    text.advance()
    let name = text.take { ("a"..."z").contains($0) }
    guard ["json", "llguidance", "regex"].contains(name) else { return .directive(name) }
    skipSpace()
    while text.peek() == "\n" {
      text.advance()
      skipSpace()
    }
    let source = try braced(after: "%\(name)", at: start)
    do {
      return .json(name, try JSON(parsing: source))
    } catch {
      throw text.malformed("JSON after %\(name): \(error)", at: start)
    }
  }

  /// A JSON object, up to the brace that closes it.
  private mutating func braced(after what: String, at start: Int) throws(GrammarError) -> String {
    let first = text.position
    guard text.peek() == "{" else { throw text.malformed("an object in braces after \(what)") }
    var depth = 0
    var isInString = false
    while let next = text.peek() {
      text.advance(isInString && next == "\\" ? 2 : 1)
      if next == "\"" { isInString.toggle() }
      guard !isInString else { continue }
      if next == "{" { depth += 1 }
      if next == "}" { depth -= 1 }
      if depth == 0 { return text.text(from: first) }
    }
    throw text.malformed("a closing brace for the object after \(what)", at: start)
  }
}
