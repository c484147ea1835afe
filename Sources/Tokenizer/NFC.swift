/// Unicode normalisation form C (Unicode Standard Annex #15).
struct NFC: Sendable {
  private let classes: ScalarClasses
  private let combiningClasses: [Int: UInt8]
  /// Of a primary composite its pair, of any other scalar its full decomposition.
  private let decompositions: [Int: [Int]]
  /// Keyed by the pair: first scalar in the high half, second in the low one.
  private let compositions: [Int: Int]

  private typealias Element = (scalar: Int, combiningClass: UInt8)

  init(classes: ScalarClasses) {
    self.classes = classes
    combiningClasses = Dictionary(
      UnicodeData.combiningScalars.map { ($0.scalar, $0.combiningClass) }, uniquingKeysWith: { $1 })
    let composites = UnicodeData.composites
    compositions = Dictionary(
      composites.map { ($0.first << 32 | $0.second, $0.scalar) }, uniquingKeysWith: { $1 })
    var decompositions: [Int: [Int]] = [:]
    for (scalar, first, second) in composites { decompositions[scalar] = [first, second] }
    for (scalar, decomposition) in UnicodeData.decomposingScalars { decompositions[scalar] = Array(decomposition) }
    self.decompositions = decompositions
  }

  /// The normalised text, or nil where `text` (well-formed UTF-8) is normalised already.
  ///
  /// Only stretches around unstable scalars are looked at: each begins with the stable scalar before them, which they
  /// may compose with, and ends before the next stable one.
  func normalized(_ text: Span<UInt8>) -> [UInt8]? {
    guard var unstable = nextUnstable(in: text, from: 0, lastStable: 0) else { return nil }
    var output: [UInt8] = []
    output.reserveCapacity(text.count + 16)
    var copied = 0
    var stretch: [Element] = []
    while true {
      output.append(text, copied..<unstable.stretchStart)
      stretch.removeAll(keepingCapacity: true)
      var index = unstable.stretchStart
      while index < text.count {
        let (scalar, length) = text.scalar(at: index)
        if index > unstable.start, !classes[scalar].contains(.unstable) { break }
        decompose(scalar, into: &stretch)
        index += length
      }
      compose(&stretch)
      for element in stretch { output.append(scalar: element.scalar) }
      copied = index
      guard let next = nextUnstable(in: text, from: index, lastStable: index) else {
        output.append(text, copied..<text.count)
        return output
      }
      unstable = next
    }
  }

  /// The first unstable scalar at or after `index`, and the start of the stretch to normalise for it.
  private func nextUnstable(
    in text: Span<UInt8>, from index: Int, lastStable: Int
  ) -> (start: Int, stretchStart: Int)? {
    var index = index
    var lastStable = lastStable
    while index < text.count {
      let (scalar, length) = text.scalar(at: index)
      if classes[scalar].contains(.unstable) { return (index, lastStable) }
      lastStable = index
      index += length
    }
    return nil
  }

  private func decompose(_ scalar: Int, into stretch: inout [Element]) {
    if let parts = Hangul.decomposition(of: scalar) {
      for part in parts { stretch.append((part, 0)) }
    } else if let parts = decompositions[scalar] {
      // The first part of a composite may itself be one; the depth is that of the Unicode data, at most 3.
      for part in parts { decompose(part, into: &stretch) }
    } else {
      stretch.append((scalar, combiningClasses[scalar] ?? 0))
    }
  }

  /// Canonical ordering, then canonical composition (Unicode Standard, section 3.11, D109 and D117).
  private func compose(_ stretch: inout [Element]) {
    sortMarks(&stretch)
    var count = 0
    var starter: Int?
    // The class of the last scalar kept after the starter; nil directly behind it.
    var lastClass: UInt8?
    for element in stretch {
      if let starter, lastClass.map({ $0 < element.combiningClass }) ?? true,
        let composite = composite(stretch[starter].scalar, element.scalar)
      {
        stretch[starter].scalar = composite
        continue
      }
      if element.combiningClass == 0 {
        starter = count
        lastClass = nil
      } else {
        lastClass = element.combiningClass
      }
      stretch[count] = element
      count += 1
    }
    stretch.removeLast(stretch.count - count)
  }

  /// Sorts each run of marks by class, marks of one class staying in order.
  private func sortMarks(_ stretch: inout [Element]) {
    var start = 0
    while start < stretch.count {
      guard stretch[start].combiningClass != 0 else {
        start += 1
        continue
      }
      let end = stretch[start...].firstIndex { $0.combiningClass == 0 } ?? stretch.count
      if end - start > 1 {
        // The standard sort does not promise stability, so the position breaks ties.
        let marks = stretch[start..<end].enumerated().sorted {
          ($0.element.combiningClass, $0.offset) < ($1.element.combiningClass, $1.offset)
        }
        for (offset, mark) in marks.enumerated() { stretch[start + offset] = mark.element }
      }
      start = end
    }
  }

  private func composite(_ first: Int, _ second: Int) -> Int? {
    compositions[first << 32 | second] ?? Hangul.composite(first, second)
  }
}

/// The arithmetic of Hangul syllables (Unicode Standard, section 3.12).
enum Hangul {
  private static let syllables = 0xAC00..<0xAC00 + 11172
  private static let leadingConsonants = 0x1100..<0x1113
  static let vowels = 0x1161..<0x1176
  static let finalConsonants = 0x11A8..<0x11C3
  private static let finalCount = 28
  private static let vowelCount = 21

  static func decomposition(of scalar: Int) -> [Int]? {
    guard syllables.contains(scalar) else { return nil }
    let index = scalar - syllables.lowerBound
    let (pair, final) = index.quotientAndRemainder(dividingBy: finalCount)
    let parts = [leadingConsonants.lowerBound + pair / vowelCount, vowels.lowerBound + pair % vowelCount]
    return final == 0 ? parts : parts + [finalConsonants.lowerBound + final - 1]
  }

  static func composite(_ first: Int, _ second: Int) -> Int? {
    if leadingConsonants.contains(first), vowels.contains(second) {
      let pair = (first - leadingConsonants.lowerBound) * vowelCount + second - vowels.lowerBound
      return syllables.lowerBound + pair * finalCount
    }
    if syllables.contains(first), (first - syllables.lowerBound) % finalCount == 0, finalConsonants.contains(second) {
      return first + second - finalConsonants.lowerBound + 1
    }
    return nil
  }
}
