/// GPT-2's regular expression as a hand-written scanner:
///
///     's|'t|'re|'ve|'m|'ll|'d             a contraction, in small letters
///      ?\p{L}+                            letters, after at most one space
///      ?\p{N}+                            digits, after at most one space
///      ?[^\s\p{L}\p{N}]+                  symbols, after at most one space
///     \s+(?!\S)                           white space, but for the last one before something else
///     \s+                                 white space
struct GPT2Pattern: Sendable {
  /// Whether each digit was cut out before, so that the expression sees the text between digits only.
  private let isolatesDigits: Bool
  private let classes: ScalarClasses

  init(isolatesDigits: Bool, classes: ScalarClasses) {
    self.isolatesDigits = isolatesDigits
    self.classes = classes
  }

  /// The end of the piece that starts at `start`, which is inside of `text` (well-formed UTF-8). Linear, as
  /// ``SplitPattern`` is.
  func end(ofPieceAt start: Int, in text: Span<UInt8>) -> Int {
    let (first, second) = classes.classified(start, in: text)
    if text[start] == UInt8(ascii: "'"), let end = endOfContraction(at: start, in: text) { return end }
    if isolatesDigits, first.contains(.number) { return second }
    if !first.contains(.whitespace) { return endOfRun(like: first, from: second, in: text) }
    if text[start] == UInt8(ascii: " "), second < text.count {
      let next = classes.classified(second, in: text)
      if !next.class.contains(.whitespace), !(isolatesDigits && next.class.contains(.number)) {
        return endOfRun(like: next.class, from: next.end, in: text)
      }
    }
    return endOfWhitespace(at: start, in: text)
  }

  /// The end of a run of letters, digits or symbols, whichever `first` is.
  private func endOfRun(like first: ScalarClass, from start: Int, in text: Span<UInt8>) -> Int {
    if first.contains(.letter) { return classes.endOfRun(of: .letter, from: start, in: text) }
    if first.contains(.number) { return classes.endOfRun(of: .number, from: start, in: text) }
    return classes.endOfRun(outside: [.whitespace, .letter, .number], from: start, in: text)
  }

  private func endOfWhitespace(at start: Int, in text: Span<UInt8>) -> Int {
    var index = start
    var last = start
    var next: ScalarClass = []
    while index < text.count {
      let (scalarClass, end) = classes.classified(index, in: text)
      next = scalarClass
      if !scalarClass.contains(.whitespace) { break }
      last = index
      index = end
    }
    // An isolated digit is the end of the text to the expression.
    let isAtEnd = index == text.count || (isolatesDigits && next.contains(.number))
    return isAtEnd || last == start ? index : last
  }

  private func endOfContraction(at start: Int, in text: Span<UInt8>) -> Int? {
    guard start + 1 < text.count else { return nil }
    switch text[start + 1] {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return start + 2
    case UInt8(ascii: "r"), UInt8(ascii: "v"):
      return start + 2 < text.count && text[start + 2] == UInt8(ascii: "e") ? start + 3 : nil
    case UInt8(ascii: "l"):
      return start + 2 < text.count && text[start + 2] == UInt8(ascii: "l") ? start + 3 : nil
    default: return nil
    }
  }
}
