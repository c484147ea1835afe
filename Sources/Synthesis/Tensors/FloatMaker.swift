internal import Tensor

/// Draws plain floats.
enum FloatMaker {
  /// Fills `output` with elements of `type`.
  static func fill(
    _ output: UnsafeMutableRawBufferPointer, _ type: FloatType, _ values: ValueRange, _ random: inout Xoshiro256
  ) {
    guard let start = output.baseAddress else { return }
    switch type {
    case .f32:
      for i in 0..<output.count / 4 {
        start.storeBytes(of: number(values, &random).bitPattern, toByteOffset: 4 * i, as: UInt32.self)
      }
    case .f16:
      for i in 0..<output.count / 2 {
        start.storeBytes(of: Float16(number(values, &random)).bitPattern, toByteOffset: 2 * i, as: UInt16.self)
      }
    case .bf16:
      for i in 0..<output.count / 2 {
        let bits = number(values, &random).bitPattern
        let rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16
        start.storeBytes(of: UInt16(truncatingIfNeeded: rounded), toByteOffset: 2 * i, as: UInt16.self)
      }
    }
  }

  @inline(__always)
  private static func number(_ values: ValueRange, _ random: inout Xoshiro256) -> Float {
    let bits = random.next()
    switch values {
    case .around(let deviation):
      // The sum of four even 16-bit numbers is close to a bell; its deviation is √(4 · (2^32 − 1) / 12).
      let sum = bits & 0xFFFF + bits >> 16 & 0xFFFF + bits >> 32 & 0xFFFF + bits >> 48
      return Float(Int32(truncatingIfNeeded: sum) - 131_070) * (deviation / 37837.2275)
    case .between(let low, let high):
      return low + (high - low) * Float(bits >> 40) * 0x1p-24
    }
  }
}
