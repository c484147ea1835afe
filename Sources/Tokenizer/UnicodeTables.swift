/// All that is known about scalars: the same for every tokenizer.
struct UnicodeTables: Sendable {
  let classes: ScalarClasses
  let nfc: NFC

  init() {
    classes = ScalarClasses()
    nfc = NFC(classes: classes)
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
