/// A 64-bit digest of a run of tokens from the start of a namespace: tells where to look, never that tokens are equal.
struct PrefixHash: Sendable, Hashable {
  private var state: UInt64

  /// The empty run.
  init(_ namespace: CacheNamespace) {
    state = 0
    for word in [namespace.first, namespace.second, namespace.third, namespace.fourth] { add(word) }
  }

  /// The empty value, of no run.
  init() { state = 0 }

  /// The run with further tokens at its end.
  func extended(by tokens: ArraySlice<Int32>) -> PrefixHash {
    tokens.withUnsafeBufferPointer { tokens in
      var hash = self
      for token in tokens { hash.add(UInt64(UInt32(bitPattern: token)) &+ 1) }
      return hash
    }
  }

  /// A place in a table.
  func index(below count: Int) -> Int { Int(state % UInt64(count)) }

  /// Multiplication spreads upwards, the shift brings it down again.
  private mutating func add(_ word: UInt64) {
    state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
    state ^= state >> 29
  }
}
