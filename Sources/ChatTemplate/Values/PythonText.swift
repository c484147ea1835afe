/// Python's string operations. They work on UTF-8 bytes where that gives the same result as code points,
/// and on scalars otherwise; never on grapheme clusters.
extension String {
  // MARK: - Searching

  /// The first place of `part` from `start` on, as byte offsets.
  func firstRange(ofBytes part: String, from start: Int = 0) -> Range<Int>? {
    withBytes { bytes in
      part.withBytes { part in
        guard let first = part.first else { return start <= bytes.count ? start..<start : nil }
        var index = start
        while index + part.count <= bytes.count {
          if bytes[index] == first, bytes[index..<index + part.count].elementsEqual(part) {
            return index..<index + part.count
          }
          index += 1
        }
        return nil
      }
    }
  }

  /// The last place of `part` that ends at `end` or before, as byte offsets.
  func lastRange(ofBytes part: String, upTo end: Int) -> Range<Int>? {
    withBytes { bytes in
      part.withBytes { part in
        var index = end - part.count
        while index >= 0 {
          if bytes[index..<index + part.count].elementsEqual(part) { return index..<index + part.count }
          index -= 1
        }
        return nil
      }
    }
  }

  func hasBytePrefix(_ prefix: String) -> Bool { utf8.starts(with: prefix.utf8) }

  func hasByteSuffix(_ suffix: String) -> Bool { utf8.reversed().starts(with: suffix.utf8.reversed()) }

  /// How often `part` occurs without overlaps.
  func occurrences(of part: String) -> Int {
    if part.isEmpty { return unicodeScalars.count + 1 }
    var count = 0
    var start = 0
    while let range = firstRange(ofBytes: part, from: start) {
      count += 1
      start = range.upperBound
    }
    return count
  }

  /// The bytes of a range, which must lie on scalar boundaries.
  func slice(bytes range: Range<Int>) -> String {
    withBytes { String(decoding: UnsafeBufferPointer(rebasing: $0[range]), as: UTF8.self) }
  }

  func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
    if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
    return Array(utf8).withUnsafeBufferPointer(body)
  }

  // MARK: - Stripping

  /// The text without the white space, or without the scalars of `set`, at the chosen ends.
  func stripping(_ set: String?, start stripsStart: Bool, end stripsEnd: Bool) -> String {
    guard let set else {
      let range = withBytes { bytes in
        let start = stripsStart ? bytes.startStrippingWhitespace(0..<bytes.count) : 0
        return start..<(stripsEnd ? bytes.endStrippingWhitespace(start..<bytes.count) : bytes.count)
      }
      return range.count == utf8.count ? self : slice(bytes: range)
    }
    let stripped = Set(set.unicodeScalars)
    var rest = unicodeScalars[...]
    if stripsStart { rest = rest.drop { stripped.contains($0) } }
    if stripsEnd {
      while let last = rest.last, stripped.contains(last) { rest.removeLast() }
    }
    return String(rest)
  }

  // MARK: - Splitting

  /// Parts between separators, of which the first `limit` count (the last with `fromEnd`); all if negative.
  func split(by separator: String, limit: Int, fromEnd: Bool = false) -> [String] {
    var parts: [String] = []
    if fromEnd {
      var end = utf8.count
      while limit < 0 || parts.count < limit, let range = lastRange(ofBytes: separator, upTo: end) {
        parts.append(slice(bytes: range.upperBound..<end))
        end = range.lowerBound
      }
      parts.append(slice(bytes: 0..<end))
      return parts.reversed()
    }
    var start = 0
    while limit < 0 || parts.count < limit, let range = firstRange(ofBytes: separator, from: start) {
      parts.append(slice(bytes: start..<range.lowerBound))
      start = range.upperBound
    }
    parts.append(slice(bytes: start..<utf8.count))
    return parts
  }

  /// Parts between runs of white space, without empty ones.
  func splitAtWhitespace(limit: Int, fromEnd: Bool = false) -> [String] {
    let ranges = withBytes { bytes in
      fromEnd
        ? Self.wordsFromEnd(bytes, limit: limit).reversed() : Self.words(bytes, limit: limit)
    }
    return ranges.map { slice(bytes: $0) }
  }

  private static func words(_ bytes: UnsafeBufferPointer<UInt8>, limit: Int) -> [Range<Int>] {
    var words: [Range<Int>] = []
    var index = bytes.startStrippingWhitespace(0..<bytes.count)
    while index < bytes.count {
      let start = index
      if limit >= 0, words.count == limit {
        words.append(start..<bytes.count)
        break
      }
      while index < bytes.count, bytes.whitespaceWidth(at: index) == nil { index += 1 }
      words.append(start..<index)
      index = bytes.startStrippingWhitespace(index..<bytes.count)
    }
    return words
  }

  private static func wordsFromEnd(_ bytes: UnsafeBufferPointer<UInt8>, limit: Int) -> [Range<Int>] {
    let all = words(bytes, limit: -1)
    guard limit >= 0, all.count > limit else { return all.reversed() }
    let kept = all.suffix(limit)
    // What stands before the kept words stays one part, with the white space at its start.
    return ([0..<all[all.count - limit - 1].upperBound] + kept).reversed()
  }

  /// Python's `splitlines`.
  func lines(keepingEnds: Bool = false) -> [String] {
    var lines: [String] = []
    var line = UnicodeScalarView()
    var scalars = unicodeScalars[...]
    while let scalar = scalars.popFirst() {
      switch scalar {
      case "\n", "\r", "\u{B}", "\u{C}", "\u{1C}", "\u{1D}", "\u{1E}", "\u{85}", "\u{2028}", "\u{2029}":
        if keepingEnds { line.append(scalar) }
        if scalar == "\r", scalars.first == "\n" {
          scalars.removeFirst()
          if keepingEnds { line.append("\n") }
        }
        lines.append(String(line))
        line = UnicodeScalarView()
      default: line.append(scalar)
      }
    }
    if !line.isEmpty { lines.append(String(line)) }
    return lines
  }

  // MARK: - Replacing

  /// The text with the first `limit` occurrences replaced; all if negative.
  func replacing(bytes old: String, with new: String, limit: Int) -> String {
    guard limit != 0 else { return self }
    if old.isEmpty {
      var result = ""
      var inserted = 0
      for scalar in unicodeScalars {
        if limit < 0 || inserted < limit { result += new }
        inserted += 1
        result.unicodeScalars.append(scalar)
      }
      if limit < 0 || inserted < limit { result += new }
      return result
    }
    return split(by: old, limit: limit).joined(separator: new)
  }

  // MARK: - Classes of characters

  /// Whether there are scalars and all satisfy the condition.
  func isNonEmpty(all condition: (UnicodeScalar) -> Bool) -> Bool {
    !isEmpty && unicodeScalars.allSatisfy(condition)
  }

  /// Whether there is a cased scalar and none of the other case.
  func isCased(upper: Bool) -> Bool {
    var hasCased = false
    for scalar in unicodeScalars {
      let properties = scalar.properties
      let isUpper = properties.isUppercase
      let isTitle = properties.generalCategory == .titlecaseLetter
      if isTitle || (upper ? properties.isLowercase : isUpper) { return false }
      if upper ? isUpper : properties.isLowercase { hasCased = true }
    }
    return hasCased
  }
}
