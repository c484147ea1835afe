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
  /// Bits set by the hashes of all merges, 16 or more a merge. Most pairs of a text have no merge, and most of those are
  /// told apart here, in a sixteenth of the slots' memory.
  private var filter: [UInt64]

  /// A table for that many merges, at most half full.
  init(capacity: Int) {
    let size = max(capacity, 4).nextPowerOfTwo * 2
    slots = [Slot](repeating: Slot(), count: size)
    mask = size - 1
    filter = [UInt64](repeating: 0, count: size / 8)
  }

  /// Adds a merge; of two with one pair the later counts, as in `tokenizers`.
  mutating func insert(left: Int32, right: Int32, rank: UInt32, merged: Int32) {
    let pair = Self.pair(left, right)
    let hash = ByteTable.finished(pair)
    let (word, bit) = filterPosition(hash)
    filter[word] |= bit
    slots[slotIndex(of: pair, hash)] = Slot(pair: pair, merge: Merge(rank: rank, merged: merged))
  }

  /// The merge of two neighbours.
  @inline(__always)
  func merge(left: Int32, right: Int32) -> Merge {
    let pair = Self.pair(left, right)
    let hash = ByteTable.finished(pair)
    let (word, bit) = filterPosition(hash)
    return filter[word] & bit == 0 ? .none : slots[slotIndex(of: pair, hash)].merge
  }

  @inline(__always)
  private static func pair(_ left: Int32, _ right: Int32) -> UInt64 {
    UInt64(UInt32(bitPattern: left)) << 32 | UInt64(UInt32(bitPattern: right))
  }

  /// The slot of a pair, or the free one where it belongs. It is chosen by the lower bits of the hash.
  @inline(__always)
  private func slotIndex(of pair: UInt64, _ hash: UInt64) -> Int {
    var index = Int(truncatingIfNeeded: hash) & mask
    while slots[index].pair != pair, slots[index].pair != .max { index = (index + 1) & mask }
    return index
  }

  /// The bit of the filter that belongs to a hash, chosen by its upper bits.
  @inline(__always)
  private func filterPosition(_ hash: UInt64) -> (word: Int, bit: UInt64) {
    (Int(truncatingIfNeeded: hash >> 38) & (filter.count - 1), 1 << (hash >> 32 & 63))
  }
}
