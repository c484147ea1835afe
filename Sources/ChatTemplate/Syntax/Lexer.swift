/// Splits a template into tokens, with `trim_blocks` and `lstrip_blocks` on as transformers sets them.
///
/// Works on bytes: every delimiter is ASCII, and UTF-8 never has an ASCII byte inside another scalar.
struct Lexer {
  let source: [UInt8]
  private var positions = PositionCounter()
  var offset = 0
  var tokens: [Token] = []

  /// What `-` and `+` next to a delimiter ask for.
  enum WhitespaceControl {
    case standard, strip, keep
  }

  init(_ text: String) {
    source = Self.normalizingNewlines(text)
  }

  /// All tokens of `text`, ended by `.end`.
  static func tokens(of text: String) throws(TemplateError) -> [Token] {
    var lexer = Lexer(text)
    try lexer.scanTemplate()
    return lexer.tokens
  }

  /// Line ends become "\n" and one at the very end is dropped, as Jinja does before anything else.
  private static func normalizingNewlines(_ text: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.utf8.count)
    var previous: UInt8 = 0
    for byte in text.utf8 {
      if byte == UInt8(ascii: "\n"), previous == UInt8(ascii: "\r") {
        // The carriage return before has already become the line end.
      } else {
        bytes.append(byte == UInt8(ascii: "\r") ? UInt8(ascii: "\n") : byte)
      }
      previous = byte
    }
    if bytes.last == UInt8(ascii: "\n") { bytes.removeLast() }
    return bytes
  }

  // MARK: - Text and tags

  private mutating func scanTemplate() throws(TemplateError) {
    // Whether the text starts at a line's start: only there `lstrip_blocks` may strip without a line end before.
    var isAtLineStart = true
    while true {
      let start = offset
      guard let delimiter = nextDelimiter(from: start) else {
        appendText(start..<source.count)
        append(.end, at: source.count)
        return
      }
      offset = delimiter + 2
      let kind = source[delimiter + 1]
      let control = scanControlSign()
      var textEnd = delimiter
      if control == .strip {
        textEnd = source.endStrippingWhitespace(start..<delimiter)
      } else if control == .standard, kind != UInt8(ascii: "{") {
        textEnd = endStrippingLineStart(start..<delimiter, isAtLineStart: isAtLineStart)
      }
      appendText(start..<textEnd)

      switch kind {
      case UInt8(ascii: "#"): try scanComment(from: delimiter)
      case UInt8(ascii: "{"):
        append(.expressionStart, at: delimiter)
        try scanExpression(openedAt: delimiter, isTag: false)
      default:
        if try !scanRaw(from: delimiter) {
          append(.tagStart, at: delimiter)
          try scanExpression(openedAt: delimiter, isTag: true)
        }
      }
      isAtLineStart = offset > 0 && source[offset - 1] == UInt8(ascii: "\n")
    }
  }

  private func nextDelimiter(from start: Int) -> Int? {
    var index = start
    while index + 1 < source.count {
      if source[index] == UInt8(ascii: "{") {
        let next = source[index + 1]
        if next == UInt8(ascii: "{") || next == UInt8(ascii: "%") || next == UInt8(ascii: "#") { return index }
      }
      index += 1
    }
    return nil
  }

  private mutating func scanControlSign() -> WhitespaceControl {
    if skip(UInt8(ascii: "-")) { return .strip }
    return skip(UInt8(ascii: "+")) ? .keep : .standard
  }

  /// The end of the text before a tag without the blanks that indent the tag, if only blanks stand before
  /// it on its line.
  private func endStrippingLineStart(_ range: Range<Int>, isAtLineStart: Bool) -> Int {
    let lineStart = source[range].lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? range.lowerBound
    guard lineStart > range.lowerBound || isAtLineStart else { return range.upperBound }
    return source.endStrippingWhitespace(lineStart..<range.upperBound) == lineStart ? lineStart : range.upperBound
  }

  private mutating func scanComment(from start: Int) throws(TemplateError) {
    guard let end = source[offset...].firstIndex(ofPair: UInt8(ascii: "#"), UInt8(ascii: "}")) else {
      throw error("the comment is not closed", at: start)
    }
    let sign = end > offset ? source[end - 1] : 0
    offset = end + 2
    skipAfterClosing(sign)
  }

  /// After a closing delimiter: all white space with `-`, one line end without a sign.
  private mutating func skipAfterClosing(_ sign: UInt8) {
    if sign == UInt8(ascii: "-") {
      skipWhitespace()
    } else if sign != UInt8(ascii: "+") {
      _ = skip(UInt8(ascii: "\n"))
    }
  }

  // MARK: - Raw blocks

  /// Reads a raw block up to its end tag if one starts here; otherwise leaves the offset after the sign.
  private mutating func scanRaw(from start: Int) throws(TemplateError) -> Bool {
    let afterSign = offset
    skipWhitespace()
    guard skip("raw") else {
      offset = afterSign
      return false
    }
    skipWhitespace()
    let strips = source.starts(with: "-%}".utf8, at: offset)
    guard skip("-%}") || skip("%}") else {
      offset = afterSign
      return false
    }
    if strips { skipWhitespace() }

    let textStart = offset
    var candidate = textStart
    while let tag = source[candidate...].firstIndex(ofPair: UInt8(ascii: "{"), UInt8(ascii: "%")) {
      offset = tag + 2
      let control = scanControlSign()
      skipWhitespace()
      if skip("endraw") {
        skipWhitespace()
        let sign = source.indices.contains(offset) ? source[offset] : 0
        if sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { offset += 1 }
        if skip("%}") {
          skipAfterClosing(sign)
          var textEnd = tag
          switch control {
          case .strip: textEnd = source.endStrippingWhitespace(textStart..<tag)
          case .standard: textEnd = endStrippingLineStart(textStart..<tag, isAtLineStart: rawStartsLine(textStart))
          case .keep: break
          }
          appendText(textStart..<textEnd)
          return true
        }
      }
      candidate = tag + 1
    }
    throw error("the raw block is not closed", at: start)
  }

  private func rawStartsLine(_ textStart: Int) -> Bool {
    textStart > 0 && source[textStart - 1] == UInt8(ascii: "\n")
  }

  // MARK: - Helpers

  private mutating func appendText(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    append(.text(String(decoding: source[range], as: UTF8.self)), at: range.lowerBound)
  }

  mutating func append(_ kind: Token.Kind, at offset: Int) {
    tokens.append(Token(kind: kind, position: positions.position(of: offset, in: source)))
  }

  mutating func skip(_ byte: UInt8) -> Bool {
    guard offset < source.count, source[offset] == byte else { return false }
    offset += 1
    return true
  }

  mutating func skip(_ word: String) -> Bool {
    guard source.starts(with: word.utf8, at: offset) else { return false }
    offset += word.utf8.count
    return true
  }

  mutating func skipWhitespace() {
    while let width = source.whitespaceWidth(at: offset) { offset += width }
  }

  func error(_ message: String, kind: TemplateError.Kind = .syntax, at offset: Int) -> TemplateError {
    var positions = PositionCounter()
    return TemplateError(Fault(kind, message), at: positions.position(of: offset, in: source))
  }
}

/// Tells lines and columns. Asked for offsets in order it reads the text once.
struct PositionCounter {
  private var offset = 0
  private var position = Position(line: 1, column: 1)

  mutating func position(of target: Int, in source: [UInt8]) -> Position {
    if target < offset { self = PositionCounter() }
    while offset < min(target, source.count) {
      if source[offset] == UInt8(ascii: "\n") {
        position.line &+= 1
        position.column = 1
      } else if source[offset] & 0xC0 != 0x80 {  // Continuation bytes belong to the scalar before.
        position.column &+= 1
      }
      offset += 1
    }
    return position
  }
}
