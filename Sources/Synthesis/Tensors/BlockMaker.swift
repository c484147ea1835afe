internal import Tensor

/// Draws blocks of the quantised formats whose values have a given deviation and a mean of zero.
///
/// Codes are even over all that the format has, scales vary by a quarter. Where codes are not even around zero, signs of
/// scales are random, or minima balance them, as in quantised weights.
enum BlockMaker {
  /// Fills `output` with blocks of `type`.
  static func fill(
    _ output: UnsafeMutableRawBufferPointer, _ type: ElementType, deviation: Float, _ random: inout Xoshiro256
  ) {
    guard let start = output.baseAddress else { return }
    for offset in stride(from: 0, to: output.count, by: type.blockByteCount) {
      let block = start + offset
      random.fill(block, count: type.blockByteCount)
      let choices = random.next()
      // Evenly from 0.75 to 1.25, whose square is 1.0208 on average.
      let variation = (0.75 + Float(choices & 0xFFFF) * 0x1p-17) / Float(1.020_833).squareRoot()
      let scale = deviation * variation
      let signed = choices >> 16 & 1 == 0 ? scale : -scale
      // From −1 to 1, for how far a minimum is off the balance.
      let jitter = Float(choices >> 32 & 0xFFFF) * 0x1p-15 - 1
      switch type {
      case .q80: makeQ80(block, scale / codeDeviation(255))
      case .q40: store(signed / codeDeviation(16), block, at: 0)
      case .q50: store(signed / codeDeviation(32), block, at: 0)
      case .q41: makeScaleAndMinimum(block, scale / codeDeviation(16), center: 7.5 + 0.5 * jitter)
      case .q51: makeScaleAndMinimum(block, scale / codeDeviation(32), center: 15.5 + 0.5 * jitter)
      case .q4K: makeGroups(block, scale / codeDeviation(16), center: 7.5, &random)
      case .q5K: makeGroups(block, scale / codeDeviation(32), center: 15.5, &random)
      case .q6K: makeQ6K(block, scale / codeDeviation(64))
      case .f32, .f16, .bf16: break
      }
    }
  }

  /// The deviation of numbers that are evenly spread over `count` successive integers.
  private static func codeDeviation(_ count: Float) -> Float { ((count * count - 1) / 12).squareRoot() }

  private static func store(_ value: Float, _ block: UnsafeMutableRawPointer, at offset: Int) {
    block.storeBytes(of: Float16(value).bitPattern, toByteOffset: offset, as: UInt16.self)
  }

  /// Codes are −127 to 127: quantisers never make −128, for which 0 stands.
  private static func makeQ80(_ block: UnsafeMutableRawPointer, _ scale: Float) {
    store(scale, block, at: 0)
    for i in 2..<34 {
      let code = block.load(fromByteOffset: i, as: Int8.self)
      block.storeBytes(of: code == -128 ? 0 : code, toByteOffset: i, as: Int8.self)
    }
  }

  private static func makeScaleAndMinimum(_ block: UnsafeMutableRawPointer, _ scale: Float, center: Float) {
    store(scale, block, at: 0)
    store(-center * scale, block, at: 2)
  }

  /// Group scales are 32 to 63, whose squares are 2341.5 on average. With a minimum's unit of `center` scales, a group
  /// is balanced where both are equal; they differ by up to 2.
  private static func makeGroups(
    _ block: UnsafeMutableRawPointer, _ scale: Float, center: Float, _ random: inout Xoshiro256
  ) {
    let unit = scale / Float(2341.5).squareRoot()
    store(unit, block, at: 0)
    store(center * unit, block, at: 2)
    let (scaleBits, minimumBits) = (random.next(), random.next())
    func groupScale(_ group: Int) -> UInt8 { 32 + UInt8(scaleBits >> (8 * group) & 31) }
    func groupMinimum(_ group: Int) -> UInt8 {
      let difference = Int(minimumBits >> (8 * group) & 0xFF) % 5 - 2
      return UInt8(min(63, Int(groupScale(group)) + difference))
    }
    for i in 0..<4 {
      let (low, high) = (i, i + 4)
      block.storeBytes(
        of: groupScale(low) | (groupScale(high) >> 4) << 6, toByteOffset: 4 + i, as: UInt8.self)
      block.storeBytes(
        of: groupMinimum(low) | (groupMinimum(high) >> 4) << 6, toByteOffset: 8 + i, as: UInt8.self)
      block.storeBytes(
        of: groupScale(high) & 15 | groupMinimum(high) << 4, toByteOffset: 12 + i, as: UInt8.self)
    }
  }

  /// Group scales are ±64 to ±127, whose squares are 9461.5 on average.
  private static func makeQ6K(_ block: UnsafeMutableRawPointer, _ scale: Float) {
    store(scale / Float(9461.5).squareRoot(), block, at: 208)
    for i in 192..<208 {
      let bits = block.load(fromByteOffset: i, as: UInt8.self)
      let magnitude = Int8(64 + bits % 64)
      block.storeBytes(of: bits & 64 == 0 ? magnitude : -magnitude, toByteOffset: i, as: Int8.self)
    }
  }
}
