/// Literals, classes and escapes.
extension GBNFParser {
  /// The rest of a literal after its quotation mark.
  mutating func literal(from start: Int) throws(GrammarError) -> String {
    var result = String.UnicodeScalarView()
    while !text.take("\"") {
      let place = text.position
      let value = try character(within: "a closing quotation mark for this one", from: start)
      guard let scalar = Unicode.Scalar(value) else {
        throw text.malformed("a character, and no half of a surrogate pair; write \\U0001F600", at: place)
      }
      result.append(scalar)
    }
    return String(result)
  }

  /// The rest of a class after its bracket.
  mutating func characterClass(from start: Int) throws(GrammarError) -> ScalarSet {
    let isNegated = text.take("^")
    var ranges: [ClosedRange<UInt32>] = []
    while !text.take("]") {
      let place = text.position
      let first = try character(within: "a closing bracket for this one", from: start)
      var last = first
      if text.peek() == "-", let next = text.peek(1), next != "]" {
        text.advance()
        last = try character(within: "a closing bracket for this one", from: start)
      }
      guard first <= last else { throw text.malformed("a range from one character to a later one", at: place) }
      ranges.append(first...last)
    }
    guard !ranges.isEmpty else { throw text.malformed("characters in this class", at: start) }
    let set = ScalarSet(ranges)
    return isNegated ? set.inverted : set
  }

  /// The value of one character, as itself or as an escape.
  private mutating func character(within what: String, from start: Int) throws(GrammarError) -> UInt32 {
    let place = text.position
    guard let scalar = text.peek() else { throw text.malformed(what, at: start) }
    text.advance()
    guard scalar == "\\" else { return scalar.value }
    guard let escaped = text.peek() else { throw text.malformed("a character after the backslash") }
    text.advance()
    switch escaped {
    case "x": return try text.hexadecimal(2, from: place)
    case "u": return try text.hexadecimal(4, from: place)
    case "U": return try text.hexadecimal(8, from: place)
    case "t": return 0x09
    case "n": return 0x0A
    case "r": return 0x0D
    case "f": return 0x0C
    case "v": return 0x0B
    case "b": return 0x08
    case "a": return 0x07
    case "e": return 0x1B
    case "0": return 0x00
    case "\\", "\"", "'", "[", "]", "-", "^", "/", "?", ".": return escaped.value
    default: throw text.malformed("an escape that GBNF knows, such as \\n, \\x0A or \\\\", at: place)
    }
  }
}
