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

/// All that is known about scalars: the same for every tokenizer.
struct UnicodeTables: Sendable {
  let classes: ScalarClasses
  let nfc: NFC

  init() {
    classes = ScalarClasses()
    nfc = NFC(classes: classes)
  }
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

extension UnicodeData {
  /// The base-36 numbers of a table.
  static func values(of table: String) -> [Int] {
    table.utf8.split(separator: UInt8(ascii: " ")).map { field in
      field.reduce(0) { $0 * 36 + Int($1 < UInt8(ascii: "a") ? $1 - UInt8(ascii: "0") : $1 - UInt8(ascii: "a") + 10) }
    }
  }

  /// Scalars whose canonical combining class is not 0.
  static var combiningScalars: [(scalar: Int, combiningClass: UInt8)] {
    let values = values(of: combiningClasses)
    var scalar = 0
    return stride(from: 0, to: values.count, by: 2).map { index in
      scalar += values[index]
      return (scalar, UInt8(truncatingIfNeeded: values[index + 1]))
    }
  }

  /// Primary composites and the pairs they compose from.
  static var composites: [(scalar: Int, first: Int, second: Int)] {
    let values = values(of: compositions)
    var scalar = 0
    return stride(from: 0, to: values.count, by: 3).map { index in
      scalar += values[index]
      return (scalar, values[index + 1], values[index + 2])
    }
  }

  /// Scalars that are never composed again, and their full decompositions.
  static var decomposingScalars: [(scalar: Int, decomposition: ArraySlice<Int>)] {
    let values = values(of: decompositions)
    var scalar = 0
    var index = 0
    var mappings: [(Int, ArraySlice<Int>)] = []
    while index < values.count {
      scalar += values[index]
      let end = index + 2 + values[index + 1]
      mappings.append((scalar, values[index + 2..<end]))
      index = end
    }
    return mappings
  }
}
