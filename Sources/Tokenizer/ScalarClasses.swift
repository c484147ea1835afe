/// What the pre-tokenisers, the added tokens and NFC need to know about a scalar.
struct ScalarClass: OptionSet, Sendable {
  let rawValue: UInt8

  /// `\p{L}`
  static let letter = ScalarClass(rawValue: 1)
  /// `\p{M}`
  static let mark = ScalarClass(rawValue: 2)
  /// `\p{N}`
  static let number = ScalarClass(rawValue: 4)
  /// `\s`
  static let whitespace = ScalarClass(rawValue: 8)
  /// `[\r\n]`
  static let newline = ScalarClass(rawValue: 16)
  /// `\w`
  static let word = ScalarClass(rawValue: 32)
  /// Changed by NFC when alone, or in certain company: anything but a starter that never composes with what precedes.
  static let unstable = ScalarClass(rawValue: 64)
}

/// The classes of all scalars, one byte each.
struct ScalarClasses: Sendable {
  private let classes: [UInt8]

  init() {
    var classes = [UInt8](repeating: 0, count: 0x11_0000)
    func insert(_ scalars: some Sequence<Int>, _ members: ScalarClass) {
      for scalar in scalars { classes[scalar] |= members.rawValue }
    }
    for (runs, members) in [
      (UnicodeData.letters, ScalarClass.letter), (UnicodeData.marks, .mark), (UnicodeData.numbers, .number),
      (UnicodeData.whitespace, .whitespace), (UnicodeData.wordCharacters, .word),
    ] {
      var start = 0
      var isInside = false
      for length in UnicodeData.values(of: runs) {
        if isInside { insert(start..<start + length, members) }
        start += length
        isInside.toggle()
      }
    }
    insert([0x0A, 0x0D], .newline)
    insert(UnicodeData.combiningScalars.map(\.scalar), .unstable)
    insert(UnicodeData.composites.map(\.second), .unstable)
    insert(UnicodeData.decomposingScalars.map(\.scalar), .unstable)
    insert(Hangul.vowels, .unstable)
    insert(Hangul.finalConsonants, .unstable)
    self.classes = classes
  }

  /// The classes of a scalar value; nothing for a number that is none.
  @inline(__always)
  subscript(scalar: Int) -> ScalarClass {
    ScalarClass(rawValue: scalar < classes.count ? classes[scalar] : 0)
  }
}

/// Scanning of well-formed UTF-8 by class.
extension ScalarClasses {
  /// The class of the scalar at `index` and the end of the scalar.
  @inline(__always)
  func classified(_ index: Int, in text: Span<UInt8>) -> (class: ScalarClass, end: Int) {
    let (scalar, length) = text.scalar(at: index)
    return (self[scalar], index + length)
  }

  /// The end of the scalars from `start` on that are of one of the classes `members`.
  @inline(__always)
  func endOfRun(of members: ScalarClass, from start: Int, in text: Span<UInt8>) -> Int {
    var index = start
    while index < text.count {
      let (scalarClass, end) = classified(index, in: text)
      if scalarClass.isDisjoint(with: members) { break }
      index = end
    }
    return index
  }

  /// The end of the scalars from `start` on that are of none of the classes `others`.
  @inline(__always)
  func endOfRun(outside others: ScalarClass, from start: Int, in text: Span<UInt8>) -> Int {
    var index = start
    while index < text.count {
      let (scalarClass, end) = classified(index, in: text)
      if !scalarClass.isDisjoint(with: others) { break }
      index = end
    }
    return index
  }
}
