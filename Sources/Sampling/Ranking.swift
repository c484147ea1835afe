/// A token's place in the order "greater logit first, then lower id", as one integer: the smaller the key, the
/// higher the rank. All keys of a row differ, so every selection has exactly one answer.
struct RankKey: Comparable {
  let bits: UInt64

  /// `logit` must not be NaN.
  init(logit: Float, id: Int) {
    // Adding zero turns -0 into +0: equal logits must have equal bits.
    let pattern = (logit + 0).bitPattern
    // IEEE 754 floats order as integers once negative ones are complemented and the sign is flipped.
    let ascending = pattern >> 31 == 1 ? ~pattern : pattern | 0x8000_0000
    bits = UInt64(~ascending) << 32 | UInt64(UInt32(truncatingIfNeeded: id))
  }

  /// Ranks below every key of a row.
  static let lowest = RankKey(logit: -.infinity, id: Int(UInt32.max))

  var id: Int { Int(UInt32(truncatingIfNeeded: bits)) }

  var logit: Float {
    let ascending = ~UInt32(truncatingIfNeeded: bits >> 32)
    return Float(bitPattern: ascending >> 31 == 1 ? ascending & 0x7FFF_FFFF : ~ascending)
  }

  static func < (a: RankKey, b: RankKey) -> Bool { a.bits < b.bits }
}

extension UnsafeMutableBufferPointer<RankKey> {
  /// Reorders the keys so that the highest ranks come first, as many as are needed for their `measure` to sum to at
  /// least `target`, and returns how many those are (all, if the sum is not reached). Neither part is sorted.
  ///
  /// Quickselect by weight: linear in the number of keys on average.
  func selectPrefix(reaching target: Double, measure: (RankKey) -> Double) -> Int {
    var (low, high) = (0, count)
    var before = 0.0  // Sum over the keys in front of `low`, which all belong to the prefix.
    while low < high {
      let split = partition(low, high)
      var sum = before
      for index in low..<split { sum += measure(self[index]) }
      if sum >= target {
        high = split
      } else {
        // The pivot, which follows the higher ranks, may be the key that reaches the target.
        sum += measure(self[split])
        low = split + 1
        if sum >= target { return low }
        before = sum
      }
    }
    return low
  }

  /// Moves the keys of [low, high) that rank above a pivot in front of it, and returns where the pivot is then.
  private func partition(_ low: Int, _ high: Int) -> Int {
    let (first, middle, last) = (self[low], self[low + (high - low) / 2], self[high - 1])
    let median = Swift.max(Swift.min(first, middle), Swift.min(Swift.max(first, middle), last))
    swapAt(median == first ? low : median == last ? high - 1 : low + (high - low) / 2, high - 1)
    var split = low
    for index in low..<(high - 1) where self[index] < median {
      swapAt(index, split)
      split += 1
    }
    swapAt(split, high - 1)
    return split
  }
}
