/// The merges: pair of ids -> rank and merged id, in a hash table with open addressing.
struct MergeTable: Sendable {
  /// What a pair becomes, and how early.
  struct Merge {
    let rank: UInt32
    let merged: Int32

    /// Of a pair that has no merge.
    static let none = Merge(rank: .max, merged: -1)
  }

  private struct Slot {
    /// Left id in the upper half, right one in the lower; all ones is free.
    var pair = UInt64.max
    var merge = Merge.none
  }

  private var slots: [Slot]
  private let mask: Int

  /// A table for that many merges, at most half full.
  init(capacity: Int) {
    let size = max(capacity, 4).nextPowerOfTwo * 2
    slots = [Slot](repeating: Slot(), count: size)
    mask = size - 1
  }

  /// Adds a merge; of two with one pair the later counts, as in `tokenizers`.
  mutating func insert(left: Int32, right: Int32, rank: UInt32, merged: Int32) {
    let index = slotIndex(of: Self.pair(left, right))
    slots[index] = Slot(pair: Self.pair(left, right), merge: Merge(rank: rank, merged: merged))
  }

  /// The merge of two neighbours.
  @inline(__always)
  func merge(left: Int32, right: Int32) -> Merge { slots[slotIndex(of: Self.pair(left, right))].merge }

  @inline(__always)
  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  @inline(__always)
  private func slotIndex(of pair: UInt64) -> Int {
    var index = Int(truncatingIfNeeded: ByteTable.finished(pair)) & mask
    while slots[index].pair != pair, slots[index].pair != .max { index = (index + 1) & mask }
    return index
  }
}
