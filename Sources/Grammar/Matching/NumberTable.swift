/// A hash table from 64-bit keys to numbers of at least -1, by open addressing. Nothing is ever removed.
struct NumberTable: Sendable {
  private var keys: [UInt64]
  private var values: [Int32]
  private var count = 0

  private static let absent = Int32.min

  init() {
    keys = Array(repeating: 0, count: 256)
    values = Array(repeating: Self.absent, count: 256)
  }

  /// How much memory it takes.
  var bytes: Int { keys.count * 12 }

  /// The mixing function of SplitMix64.
  private static func hash(_ key: UInt64) -> Int {
    var mixed = (key ^ (key >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return Int(truncatingIfNeeded: mixed ^ (mixed >> 31))
  }

  subscript(key: UInt64) -> Int32? {
    let mask = keys.count - 1
    var place = Self.hash(key) & mask
    while values[place] != Self.absent {
      if keys[place] == key { return values[place] }
      place = (place + 1) & mask
    }
    return nil
  }

  mutating func insert(_ key: UInt64, _ value: Int32) {
    if (count + 1) * 2 > keys.count { grow() }
    place(key, value)
    count += 1
  }

  private mutating func place(_ key: UInt64, _ value: Int32) {
    let mask = keys.count - 1
    var place = Self.hash(key) & mask
    while values[place] != Self.absent { place = (place + 1) & mask }
    keys[place] = key
    values[place] = value
  }

  private mutating func grow() {
    let (oldKeys, oldValues) = (keys, values)
    keys = Array(repeating: 0, count: oldKeys.count * 2)
    values = Array(repeating: Self.absent, count: oldKeys.count * 2)
    for (key, value) in zip(oldKeys, oldValues) where value != Self.absent { place(key, value) }
  }
}
