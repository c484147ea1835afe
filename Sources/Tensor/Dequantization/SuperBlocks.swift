/// The formats of 256 numbers in groups that have small integer scales of their own.
///
/// Q4_K and Q5_K hold eight groups of 32: 32 bytes of codes serve two groups, the first from their lower and the second
/// from their upper halves. Q6_K holds sixteen groups of 16, and treats 128 numbers at a time as four runs of 32.
enum SuperBlocks {
  static func q4K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    groups(block, output) { group, i in code(block + 16, group, i) }
  }

  static func q5K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    // Bit `group` of byte i is the fifth bit of number i of the group.
    groups(block, output) { group, i in
      code(block + 48, group, i) + Int(block.byte(at: 16 + i) >> UInt8(group) & 1) << 4
    }
  }

  static func q6K(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let (lower, upper, scales) = (block, block + 128, block + 192)
    let scale = block.half(at: 208)
    for half in 0..<2 {
      for run in 0..<4 {
        for i in 0..<32 {
          // Runs 0 and 1 are lower halves, 2 and 3 upper halves of the same 64 bytes.
          let low = Int(lower.byte(at: 64 * half + 32 * (run & 1) + i) >> UInt8(4 * (run >> 1)) & 15)
          let high = Int(upper.byte(at: 32 * half + i) >> UInt8(2 * run) & 3)
          let index = 128 * half + 32 * run + i
          output[index] = scale * Float(scales.signedByte(at: index / 16)) * Float(low + high << 4 - 32)
        }
      }
    }
  }

  /// Converts the eight groups of Q4_K and Q5_K, whose codes `code` delivers by group and place.
  private static func groups(
    _ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>, _ code: (Int, Int) -> Int
  ) {
    let (scale, minimum) = (block.half(at: 0), block.half(at: 2))
    for group in 0..<8 {
      let packed = scaleAndMinimum(block + 4, group)
      let groupScale = scale * Float(packed.scale)
      let groupMinimum = minimum * Float(packed.minimum)
      for i in 0..<32 { output[32 * group + i] = groupScale * Float(code(group, i)) - groupMinimum }
    }
  }

  private static func code(_ codes: UnsafeRawPointer, _ group: Int, _ i: Int) -> Int {
    Int(codes.byte(at: 32 * (group / 2) + i) >> UInt8(4 * (group & 1)) & 15)
  }

  /// The 6-bit scale and minimum of a group, from the twelve bytes that pack eight of each: groups 0–3 are the lower six
  /// bits of bytes 0–3 (scales) and 4–7 (minima), groups 4–7 have their lower four bits in the halves of bytes 8–11
  /// and their upper two in the top of bytes 0–7.
  private static func scaleAndMinimum(
    _ packed: UnsafeRawPointer, _ group: Int
  ) -> (scale: UInt8, minimum: UInt8) {
    guard group >= 4 else { return (packed.byte(at: group) & 63, packed.byte(at: 4 + group) & 63) }
    let low = packed.byte(at: 4 + group)
    return (
      low & 15 | packed.byte(at: group - 4) >> 2 & 48,
      low >> 4 | packed.byte(at: group) >> 2 & 48
    )
  }
}
