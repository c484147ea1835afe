extension Lexer {
  /// Reads what stands between a tag's or expression's delimiters, and the closing delimiter.
  mutating func scanExpression(openedAt start: Int, isTag: Bool) throws(TemplateError) {
    // Closing delimiters count only where all brackets are closed, so that `{{ {'a': {}} }}` works.
    var openBrackets: [UInt8] = []
    while true {
      if openBrackets.isEmpty, skipClosing(isTag: isTag) { return }
      guard offset < source.count else {
        throw error(isTag ? "the tag is not closed" : "the expression is not closed", at: start)
      }
      if source.whitespaceWidth(at: offset) != nil {
        skipWhitespace()
        continue
      }
      let byte = source[offset]
      if isDigit(byte) {
        try scanNumber()
      } else if isNameByte(byte) {
        try scanName()
      } else if byte == UInt8(ascii: "'") || byte == UInt8(ascii: "\"") {
        try scanString(quote: byte)
      } else {
        try scanSymbol(&openBrackets)
      }
    }
  }

  private mutating func skipClosing(isTag: Bool) -> Bool {
    let start = offset
    let strips = skip(UInt8(ascii: "-"))
    let keeps = !strips && isTag && skip(UInt8(ascii: "+"))
    guard skip(isTag ? "%}" : "}}") else {
      offset = start
      return false
    }
    append(isTag ? .tagEnd : .expressionEnd, at: start)
    if strips {
      skipWhitespace()
    } else if isTag, !keeps {
      _ = skip(UInt8(ascii: "\n"))  // trim_blocks
    }
    return true
  }

  private mutating func scanName() throws(TemplateError) {
    let start = offset
    while offset < source.count, isNameByte(source[offset]), source.whitespaceWidth(at: offset) == nil { offset += 1 }
    let name = String(decoding: source[start..<offset], as: UTF8.self)
    guard name.unicodeScalars.allSatisfy({ $0 == "_" || $0.properties.isXIDContinue }) else {
      throw error("unexpected character in an expression", at: start)
    }
    append(.name(name), at: start)
  }

  private mutating func scanSymbol(_ openBrackets: inout [UInt8]) throws(TemplateError) {
    let start = offset
    for length in [2, 1] where start + length <= source.count {
      let text = String(decoding: source[start..<start + length], as: UTF8.self)
      guard let symbol = Token.Symbol(rawValue: text) else { continue }
      offset += length
      switch symbol {
      case .leftBrace: openBrackets.append(UInt8(ascii: "}"))
      case .leftParenthesis: openBrackets.append(UInt8(ascii: ")"))
      case .leftBracket: openBrackets.append(UInt8(ascii: "]"))
      case .rightBrace, .rightParenthesis, .rightBracket:
        guard openBrackets.popLast() == source[start] else {
          throw error("'\(text)' does not close an open bracket", at: start)
        }
      default: break
      }
      append(.symbol(symbol), at: start)
      return
    }
    throw error("unexpected character in an expression", at: start)
  }

  // MARK: - Numbers

  private mutating func scanNumber() throws(TemplateError) {
    let start = offset
    if let prefix = radixPrefix() {
      offset += 2
      try appendInteger(digits: scanDigits { prefix.isDigit($0) }, radix: prefix.radix, at: start)
      return
    }
    var digits = scanDigits(isDigit)
    var isFloat = false
    // "x.0.5" is two subscripts, so a number right after a dot is never a float.
    let followsDot = start > 0 && source[start - 1] == UInt8(ascii: ".")
    if !followsDot {
      if source.starts(with: ".".utf8, at: offset), offset + 1 < source.count, isDigit(source[offset + 1]) {
        offset += 1
        digits += "." + scanDigits(isDigit)
        isFloat = true
      }
      let mantissaEnd = offset
      if skip(UInt8(ascii: "e")) || skip(UInt8(ascii: "E")) {
        var exponent = "e"
        if skip(UInt8(ascii: "-")) { exponent += "-" } else { _ = skip(UInt8(ascii: "+")) }
        if offset < source.count, isDigit(source[offset]) {
          digits += exponent + scanDigits(isDigit)
          isFloat = true
        } else {
          offset = mantissaEnd
        }
      }
    }
    if isFloat {
      guard let value = Double(digits) else { throw error("malformed number", at: start) }
      append(.float(value), at: start)
    } else {
      guard digits.first != "0" || digits.allSatisfy({ $0 == "0" }) else {
        throw error("a number must not start with zeros", at: start)
      }
      try appendInteger(digits: digits, radix: 10, at: start)
    }
  }

  private struct RadixPrefix {
    let radix: Int

    func isDigit(_ byte: UInt8) -> Bool {
      Int(String(UnicodeScalar(byte)), radix: radix) != nil
    }
  }

  /// The radix of `0x…`, `0o…` and `0b…` if a digit follows the prefix.
  private func radixPrefix() -> RadixPrefix? {
    guard offset + 2 < source.count, source[offset] == UInt8(ascii: "0") else { return nil }
    let prefix: RadixPrefix
    switch source[offset + 1] | 0x20 {
    case UInt8(ascii: "x"): prefix = RadixPrefix(radix: 16)
    case UInt8(ascii: "o"): prefix = RadixPrefix(radix: 8)
    case UInt8(ascii: "b"): prefix = RadixPrefix(radix: 2)
    default: return nil
    }
    return prefix.isDigit(source[offset + 2]) ? prefix : nil
  }

  private mutating func appendInteger(digits: String, radix: Int, at start: Int) throws(TemplateError) {
    guard let value = Int(digits, radix: radix) else {
      throw error("integers beyond 64 bits are not supported", kind: .unsupported, at: start)
    }
    append(.integer(value), at: start)
  }

  /// Digits, which single underscores may separate.
  private mutating func scanDigits(_ isDigit: (UInt8) -> Bool) -> String {
    var digits: [UInt8] = []
    while offset < source.count {
      if isDigit(source[offset]) {
        digits.append(source[offset])
      } else if source[offset] != UInt8(ascii: "_") || digits.isEmpty || offset + 1 >= source.count
        || !isDigit(source[offset + 1])
      {
        break
      }
      offset += 1
    }
    return String(decoding: digits, as: UTF8.self)
  }

  private func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  private func isNameByte(_ byte: UInt8) -> Bool {
    isDigit(byte) || byte | 0x20 &- UInt8(ascii: "a") < 26 || byte == UInt8(ascii: "_") || byte >= 0x80
  }

  // MARK: - Strings

  private mutating func scanString(quote: UInt8) throws(TemplateError) {
    let start = offset
    offset += 1
    var bytes: [UInt8] = []
    while offset < source.count {
      let byte = source[offset]
      if byte == quote {
        offset += 1
        append(.string(String(decoding: bytes, as: UTF8.self)), at: start)
        return
      }
      if byte == UInt8(ascii: "\\") {
        try scanEscape(into: &bytes)
      } else {
        bytes.append(byte)
        offset += 1
      }
    }
    throw error("the string is not closed", at: start)
  }

  /// An escape as in Python's string literals. Unknown ones stay as they are written.
  private mutating func scanEscape(into bytes: inout [UInt8]) throws(TemplateError) {
    let start = offset
    guard offset + 1 < source.count else { throw error("the string is not closed", at: start) }
    let letter = source[offset + 1]
    offset += 2
    switch letter {
    case UInt8(ascii: "\n"): break
    case UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\""): bytes.append(letter)
    case UInt8(ascii: "a"): bytes.append(0x07)
    case UInt8(ascii: "b"): bytes.append(0x08)
    case UInt8(ascii: "f"): bytes.append(0x0C)
    case UInt8(ascii: "n"): bytes.append(0x0A)
    case UInt8(ascii: "r"): bytes.append(0x0D)
    case UInt8(ascii: "t"): bytes.append(0x09)
    case UInt8(ascii: "v"): bytes.append(0x0B)
    case UInt8(ascii: "0")...UInt8(ascii: "7"):
      offset -= 1
      try appendScalar(radix: 8, digits: 1...3, to: &bytes, at: start)
    case UInt8(ascii: "x"): try appendScalar(radix: 16, digits: 2...2, to: &bytes, at: start)
    case UInt8(ascii: "u"): try appendScalar(radix: 16, digits: 4...4, to: &bytes, at: start)
    case UInt8(ascii: "U"): try appendScalar(radix: 16, digits: 8...8, to: &bytes, at: start)
    case UInt8(ascii: "N"): throw error("named characters are not supported", kind: .unsupported, at: start)
    case 0x80...:
      throw error("a backslash before a non-ASCII character is not supported", kind: .unsupported, at: start)
    default: bytes += [UInt8(ascii: "\\"), letter]
    }
  }

  private mutating func appendScalar(
    radix: Int, digits: ClosedRange<Int>, to bytes: inout [UInt8], at start: Int
  ) throws(TemplateError) {
    var value: UInt32 = 0
    var count = 0
    while count < digits.upperBound, offset < source.count, source[offset] < 0x80,
      let digit = UInt32(String(UnicodeScalar(source[offset])), radix: radix)
    {
      let (shifted, overflow) = value.multipliedReportingOverflow(by: UInt32(radix))
      if overflow { throw error("the escape is no Unicode scalar", at: start) }
      value = shifted + digit
      count += 1
      offset += 1
    }
    guard digits.contains(count) else { throw error("malformed escape in a string", at: start) }
    guard let scalar = UnicodeScalar(value) else {
      // Python strings may hold lone surrogates; text that is to become UTF-8 may not.
      throw error("the escape is no Unicode scalar", kind: .unsupported, at: start)
    }
    bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
  }
}
