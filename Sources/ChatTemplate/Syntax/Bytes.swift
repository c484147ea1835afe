extension RandomAccessCollection where Element == UInt8, Index == Int {
  /// The width in bytes of the white space scalar at `offset` as Python's `str.isspace` sees it, or nil.
  func whitespaceWidth(at offset: Int) -> Int? {
    guard offset < endIndex else { return nil }
    switch self[offset] {
    case 0x09...0x0D, 0x1C...0x20: return 1
    case 0xC2 where offset + 1 < endIndex:  // U+0085, U+00A0
      return self[offset + 1] == 0x85 || self[offset + 1] == 0xA0 ? 2 : nil
    case 0xE1...0xE3 where offset + 2 < endIndex:
      let tail = (self[offset], self[offset + 1], self[offset + 2])
      switch tail {
      case (0xE1, 0x9A, 0x80), (0xE2, 0x81, 0x9F), (0xE3, 0x80, 0x80): return 3  // U+1680, U+205F, U+3000
      case (0xE2, 0x80, 0x80...0x8A), (0xE2, 0x80, 0xA8...0xA9), (0xE2, 0x80, 0xAF): return 3
      default: return nil
      }
    default: return nil
    }
  }

  /// The end of `range` without the white space at its end.
  func endStrippingWhitespace(_ range: Range<Int>) -> Int {
    var end = range.upperBound
    while end > range.lowerBound {
      var start = end - 1
      while start > range.lowerBound, self[start] & 0xC0 == 0x80 { start -= 1 }
      guard whitespaceWidth(at: start) == end - start else { break }
      end = start
    }
    return end
  }

  /// The start of `range` without the white space at its start.
  func startStrippingWhitespace(_ range: Range<Int>) -> Int {
    var start = range.lowerBound
    while start < range.upperBound, let width = whitespaceWidth(at: start) { start += width }
    return start
  }

  /// Whether `prefix` stands at `offset`.
  func starts(with prefix: some Collection<UInt8>, at offset: Int) -> Bool {
    offset >= startIndex && offset <= endIndex - prefix.count && self[offset...].starts(with: prefix)
  }

  /// Where the two bytes first stand next to each other.
  func firstIndex(ofPair first: UInt8, _ second: UInt8) -> Int? {
    var index = startIndex
    while index + 1 < endIndex {
      if self[index] == first, self[index + 1] == second { return index }
      index += 1
    }
    return nil
  }
}
