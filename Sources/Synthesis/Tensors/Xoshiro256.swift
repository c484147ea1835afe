/// The generator xoshiro256++ of Blackman and Vigna, "Scrambled Linear Pseudorandom Number Generators" (2021).
struct Xoshiro256 {
  private var s0, s1, s2, s3: UInt64

  /// A generator for part `part` of stream `stream`: its state is drawn from SplitMix64, as the authors advise, so
  /// that every part of every tensor has numbers of its own, whoever makes it and when.
  init(seed: UInt64, stream: Int, part: Int) {
    var state = seed
    func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = next() ^ UInt64(truncatingIfNeeded: stream)
    state = next() ^ UInt64(truncatingIfNeeded: part)
    (s0, s1, s2, s3) = (next(), next(), next(), next())
  }

  /// 64 random bits.
  mutating func next() -> UInt64 {
    let sum = s0 &+ s3
    let result = (sum << 23 | sum >> 41) &+ s0
    let t = s1 << 17
    s2 ^= s0
    s3 ^= s1
    s1 ^= s2
    s0 ^= s3
    s2 ^= t
    s3 = s3 << 45 | s3 >> 19
    return result
  }

  /// Fills memory with random bytes.
  mutating func fill(_ start: UnsafeMutableRawPointer, count: Int) {
    var offset = 0
    while offset + 8 <= count {
      start.storeBytes(of: next(), toByteOffset: offset, as: UInt64.self)
      offset += 8
    }
    var rest = offset < count ? next() : 0
    while offset < count {
      start.storeBytes(of: UInt8(truncatingIfNeeded: rest), toByteOffset: offset, as: UInt8.self)
      rest >>= 8
      offset += 1
    }
  }
}
