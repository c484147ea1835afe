/// The regular expressions of Qwen and Llama 3 that cut text into words, as a hand-written scanner.
///
/// All have the same seven alternatives:
///
///     (?i:'s|'t|'re|'ve|'m|'ll|'d)        a contraction
///     [^\r\n\p{L}\p{N}]?\p{L}+            letters, after at most one scalar of another kind
///     \p{N}                               a digit (or up to three)
///      ?[^\s\p{L}\p{N}]+[\r\n]*           symbols, after at most one space, with the newlines behind them
///     \s*[\r\n]+                          white space up to its last newline
///     \s+(?!\S)                           white space, but for the last one before something else
///     \s+                                 white space
struct SplitPattern: Sendable {
  /// What counts as a letter.
  private let letters: ScalarClass
  /// How many digits make a piece.
  private let maximumDigits: Int
  private let classes: ScalarClasses

  init(letters: ScalarClass, maximumDigits: Int, classes: ScalarClasses) {
    self.letters = letters
    self.maximumDigits = maximumDigits
    self.classes = classes
  }

  /// The end of the piece that starts at `start`, which is inside of `text` (well-formed UTF-8).
  ///
  /// The alternatives are tried in order, as the regular expression does; each looks at most one scalar beyond its
  /// piece, but for white space, of which no scalar is looked at more than three times. So scanning is linear.
  func end(ofPieceAt start: Int, in text: Span<UInt8>) -> Int {
    let (first, second) = classes.classified(start, in: text)
    if text[start] == UInt8(ascii: "'"), let end = endOfContraction(at: start, in: text) { return end }
    if !first.isDisjoint(with: letters) { return classes.endOfRun(of: letters, from: second, in: text) }
    let next: (class: ScalarClass, end: Int) = second < text.count ? classes.classified(second, in: text) : ([], second)
    if first.isDisjoint(with: [.newline, .number]), !next.class.isDisjoint(with: letters) {
      return classes.endOfRun(of: letters, from: next.end, in: text)
    }
    if first.contains(.number) { return endOfDigits(from: second, in: text) }
    let words = letters.union([.whitespace, .number])
    if !first.contains(.whitespace) { return endOfSymbols(excluding: words, from: second, in: text) }
    if text[start] == UInt8(ascii: " "), second < text.count, next.class.isDisjoint(with: words) {
      return endOfSymbols(excluding: words, from: next.end, in: text)
    }
    return endOfWhitespace(at: start, in: text)
  }

  private func endOfDigits(from start: Int, in text: Span<UInt8>) -> Int {
    var index = start
    var count = 1
    while count < maximumDigits, index < text.count {
      let (scalarClass, end) = classes.classified(index, in: text)
      if !scalarClass.contains(.number) { break }
      index = end
      count += 1
    }
    return index
  }

  private func endOfSymbols(excluding words: ScalarClass, from start: Int, in text: Span<UInt8>) -> Int {
    let end = classes.endOfRun(outside: words, from: start, in: text)
    return classes.endOfRun(of: .newline, from: end, in: text)
  }

  private func endOfWhitespace(at start: Int, in text: Span<UInt8>) -> Int {
    var index = start
    var last = start
    var endOfNewlines: Int?
    while index < text.count {
      let (scalarClass, end) = classes.classified(index, in: text)
      if !scalarClass.contains(.whitespace) { break }
      if scalarClass.contains(.newline) { endOfNewlines = end }
      last = index
      index = end
    }
    if let endOfNewlines { return endOfNewlines }
    // Something else follows: it may take the last white space into its own piece.
    return index < text.count && last > start ? last : index
  }

  /// The end of `'s`, `'t`, `'re`, `'ve`, `'m`, `'ll` or `'d` in any case. Case folding makes `ſ` (U+017F) an `s`.
  private func endOfContraction(at start: Int, in text: Span<UInt8>) -> Int? {
    guard start + 1 < text.count else { return nil }
    if start + 2 < text.count, text[start + 1] == 0xC5, text[start + 2] == 0xBF { return start + 3 }
    // Setting bit 5 makes ASCII capitals small; of other bytes none becomes one of the letters looked for.
    let letter = text[start + 1] | 0x20
    switch letter {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"), UInt8(ascii: "l"):
      guard start + 2 < text.count else { return nil }
      let expected = letter == UInt8(ascii: "l") ? letter : UInt8(ascii: "e")
      return text[start + 2] | 0x20 == expected ? start + 3 : nil
    default: return nil
    }
  }
}
