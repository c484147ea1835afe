/// A hash table from byte strings to ids with open addressing. The strings are kept by the owner, who compares them.
struct ByteTable: Sendable {
  /// The hash's upper half above the id plus 1; 0 is free.
  private var slots: [UInt64]
  private let mask: Int

  /// A table for that many strings, at most half full.
  init(capacity: Int) {
    let size = max(capacity, 4).nextPowerOfTwo * 2
    slots = [UInt64](repeating: 0, count: size)
    mask = size - 1
  }

  /// Adds a string that is not in the table yet.
  mutating func insert(_ id: Int32, hash: UInt64) {
    var index = Int(truncatingIfNeeded: hash) & mask
    while slots[index] != 0 { index = (index + 1) & mask }
    slots[index] = (hash >> 32) << 32 | UInt64(UInt32(bitPattern: id) &+ 1)
  }

  /// The id among those of equal hash for which `isEqual` holds.
  @inline(__always)
  func id(hash: UInt64, isEqual: (Int32) -> Bool) -> Int32? {
    var index = Int(truncatingIfNeeded: hash) & mask
    while slots[index] != 0 {
      if slots[index] >> 32 == hash >> 32 {
        let id = Int32(truncatingIfNeeded: slots[index]) &- 1
        if isEqual(id) { return id }
      }
      index = (index + 1) & mask
    }
    return nil
  }

  /// A hash of a part of `text`: multiply and rotate, eight bytes at a time, with a final mix (that of SplitMix64).
  @inline(__always)
  static func hash(_ text: Span<UInt8>, _ range: Range<Int>) -> UInt64 {
    var hash = UInt64(range.count)
    var word: UInt64 = 0
    var filled = 0
    for index in range {
      word = word << 8 | UInt64(text[index])
      filled += 1
      if filled == 8 {
        hash = mixed(hash, word)
        (word, filled) = (0, 0)
      }
    }
    return finished(mixed(hash, word))
  }

  @inline(__always)
  private static func mixed(_ hash: UInt64, _ word: UInt64) -> UInt64 {
    let product = (hash ^ word) &* 0x9E37_79B9_7F4A_7C15
    return product << 29 | product >> 35
  }

  /// Spreads a hash over all its bits.
  @inline(__always)
  static func finished(_ hash: UInt64) -> UInt64 {
    let first = (hash ^ hash >> 30) &* 0xBF58_476D_1CE4_E5B9
    let second = (first ^ first >> 27) &* 0x94D0_49BB_1331_11EB
    return second ^ second >> 31
  }
}

extension Int {
  /// The least power of two that is not below this positive number.
  var nextPowerOfTwo: Int { 1 << (Int.bitWidth - (self - 1).leadingZeroBitCount) }
}
