/// How the bytes at a place compare with a literal.
enum LiteralMatch {
  case whole
  /// The bytes end before the literal does, and agree so far.
  case partial
  case none
}

extension [UInt8] {
  /// Compares the bytes from `start` on with `literal`. No bytes at all are a partial match.
  func match(_ literal: [UInt8], at start: Int) -> LiteralMatch {
    let length = Swift.min(literal.count, count - start)
    for offset in 0..<length where self[start + offset] != literal[offset] { return .none }
    return length == literal.count ? .whole : .partial
  }

  /// Whether the bytes in front of `end` are `literal`, which is not empty.
  func has(_ literal: [UInt8], endingAt end: Int) -> Bool {
    guard !literal.isEmpty, literal.count <= end, self[end - 1] == literal[literal.count - 1] else { return false }
    return self[(end - literal.count)..<end].elementsEqual(literal)
  }

  /// The length of the longest suffix that a longer `literal` begins with, and whose start `canBegin` accepts.
  func unfinished(_ literal: [UInt8], canBegin: (Int) -> Bool = { _ in true }) -> Int {
    var length = Swift.min(literal.count - 1, count)
    while length > 0 {
      if suffix(length).elementsEqual(literal.prefix(length)), canBegin(count - length) { return length }
      length -= 1
    }
    return 0
  }

  /// The first index from `start` on that holds no JSON or XML white space, or the end.
  func skippingWhitespace(from start: Int) -> Int {
    var index = start
    while index < count, self[index].isWhitespace { index += 1 }
    return index
  }

  /// The least index such that only white space lies from there to `end`.
  func startOfWhitespace(before end: Int) -> Int {
    var index = end
    while index > 0, self[index - 1].isWhitespace { index -= 1 }
    return index
  }

  /// The bytes of a range, which begins and ends between scalars, as text.
  func text(_ range: Range<Int>) -> String { String(decoding: self[range], as: UTF8.self) }
}

extension UInt8 {
  static let newline = UInt8(ascii: "\n")

  /// Space, tab, line feed or carriage return.
  var isWhitespace: Bool { self == 0x20 || self == 0x09 || self == 0x0A || self == 0x0D }
}
