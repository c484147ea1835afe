/// Marsaglia's 64-bit xorshift, so that every run reads the same tokens.
struct Xorshift {
  private var state: UInt64 = 0x9e37_79b9_7f4a_7c15

  mutating func token(below count: Int) -> Int32 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int32(truncatingIfNeeded: state % UInt64(count))
  }
}
