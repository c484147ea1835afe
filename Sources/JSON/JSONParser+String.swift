extension JSONParser {
  /// Reads a string; the position stands on its opening quote and ends after its closing one.
  mutating func string() throws(JSONParseError) -> String {
    position += 1
    let start = position
    try skipPlainBytes()
    if bytes[position] == UInt8(ascii: "\"") {
      defer { position += 1 }
      return try text(start..<position)
    }

    var unescaped: [UInt8] = []
    var runStart = start
    while bytes[position] != UInt8(ascii: "\"") {
      try checkUTF8(runStart..<position)
      unescaped.append(contentsOf: bytes[runStart..<position])
      try appendEscape(to: &unescaped)
      runStart = position
      try skipPlainBytes()
    }
    try checkUTF8(runStart..<position)
    unescaped.append(contentsOf: bytes[runStart..<position])
    position += 1
    return String(decoding: unescaped, as: UTF8.self)
  }

  /// Moves to the next quote or backslash. Throws where the text ends first or a control character stands.
  private mutating func skipPlainBytes() throws(JSONParseError) {
    var position = position
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        self.position = position
        return
      }
      if byte < 0x20 { throw failure(.controlCharacter(byte), at: position) }
      position += 1
    }
    throw failure(.unexpectedEnd(expected: "'\"'"), at: position)
  }

  private mutating func appendEscape(to unescaped: inout [UInt8]) throws(JSONParseError) {
    let start = position
    guard let letter = peek(1) else { throw failure(.unexpectedEnd(expected: "an escape"), at: bytes.count) }
    position += 2
    switch letter {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(letter)
    case UInt8(ascii: "b"): unescaped.append(0x08)
    case UInt8(ascii: "f"): unescaped.append(0x0C)
    case UInt8(ascii: "n"): unescaped.append(0x0A)
    case UInt8(ascii: "r"): unescaped.append(0x0D)
    case UInt8(ascii: "t"): unescaped.append(0x09)
    case UInt8(ascii: "u"):
      let unit = try hexadecimal(escapeAt: start)
      var scalarValue = UInt32(unit)
      if UTF16.isLeadSurrogate(unit) {
        let second = position
        guard peek() == UInt8(ascii: "\\"), peek(1) == UInt8(ascii: "u") else {
          throw failure(.loneSurrogate, at: start)
        }
        position += 2
        let trail = try hexadecimal(escapeAt: second)
        guard UTF16.isTrailSurrogate(trail) else { throw failure(.loneSurrogate, at: start) }
        scalarValue = 0x10000 + (UInt32(unit & 0x3FF) << 10) + UInt32(trail & 0x3FF)
      }
      guard let scalar = UnicodeScalar(scalarValue) else { throw failure(.loneSurrogate, at: start) }
      unescaped.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
    default: throw failure(.invalidEscape, at: start)
    }
  }

  private mutating func hexadecimal(escapeAt start: Int) throws(JSONParseError) -> UInt16 {
    var value: UInt16 = 0
    for _ in 0..<4 {
      guard let byte = peek() else { throw failure(.unexpectedEnd(expected: "four hexadecimal digits")) }
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: throw failure(.invalidEscape, at: start)
      }
      value = value << 4 | UInt16(digit)
      position += 1
    }
    return value
  }

  private func text(_ range: Range<Int>) throws(JSONParseError) -> String {
    let slice = UnsafeBufferPointer(rebasing: bytes[range])
    guard let text = String(validating: slice, as: UTF8.self) else { throw invalidUTF8(range) }
    return text
  }

  private func checkUTF8(_ range: Range<Int>) throws(JSONParseError) {
    guard bytes[range].contains(where: { $0 >= 0x80 }) else { return }
    _ = try text(range)
  }

  /// The error at the first byte of the range that is not part of valid UTF-8.
  private func invalidUTF8(_ range: Range<Int>) -> JSONParseError {
    var decoder = UTF8()
    var iterator = bytes[range].makeIterator()
    var offset = range.lowerBound
    while case .scalarValue(let scalar) = decoder.decode(&iterator) { offset += UTF8.width(scalar) }
    return failure(.invalidUTF8, at: min(offset, range.upperBound))
  }
}
