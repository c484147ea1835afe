/// Random numbers that are a pure function of (seed, position): nothing is carried from one choice to the next, so
/// a request's tokens depend neither on what else was in the batch nor on how often a position was computed.
///
/// The generator is Philox-4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011,
/// section 3.3): the seed is its key, the position its counter.
enum KeyedRandom {
  /// Uniform in [0, 1), a multiple of 2⁻⁵³.
  static func uniform(seed: UInt64, position: Int) -> Double {
    Double(bits(seed: seed, counter: UInt64(bitPattern: Int64(position)), stream: 0) >> 11) * 0x1p-53
  }

  /// The seed of reply number `index` to one prompt; the first keeps the seed.
  static func seed(_ seed: UInt64, choice index: Int) -> UInt64 {
    index == 0 ? seed : bits(seed: seed, counter: UInt64(bitPattern: Int64(index)), stream: 1)
  }

  /// 64 random bits; streams have nothing in common.
  private static func bits(seed: UInt64, counter: UInt64, stream: UInt32) -> UInt64 {
    let block = philox(
      counter: SIMD4(UInt32(truncatingIfNeeded: counter), UInt32(truncatingIfNeeded: counter >> 32), stream, 0),
      key: SIMD2(UInt32(truncatingIfNeeded: seed), UInt32(truncatingIfNeeded: seed >> 32)))
    return UInt64(block[1]) << 32 | UInt64(block[0])
  }

  /// Ten rounds of the bijection on 128-bit counters that `key` selects.
  static func philox(counter: SIMD4<UInt32>, key: SIMD2<UInt32>) -> SIMD4<UInt32> {
    // Multipliers and Weyl increments are the paper's.
    let weyl = SIMD2<UInt32>(0x9E37_79B9, 0xBB67_AE85)
    var (counter, key) = (counter, key)
    for _ in 0..<10 {
      let first = (0xD251_1F53 as UInt32).multipliedFullWidth(by: counter[0])
      let second = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: counter[2])
      counter = SIMD4(
        second.high ^ counter[1] ^ key[0], second.low, first.high ^ counter[3] ^ key[1], first.low)
      key &+= weyl
    }
    return counter
  }
}
