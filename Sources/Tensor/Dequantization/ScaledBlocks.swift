/// The formats of 32 numbers under one F16 scale, some with an F16 minimum.
///
/// In the 4- and 5-bit formats byte i of the codes holds number i in its lower half and number i + 16 in its upper
/// half; bit i of the four bytes of fifth bits belongs to number i.
enum ScaledBlocks {
  static func q80(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 0)
    for i in 0..<32 { output[i] = Float(block.signedByte(at: 2 + i)) * scale }
  }

  static func q40(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 0)
    for i in 0..<32 { output[i] = scale * Float(code(block + 2, i) - 8) }
  }

  static func q41(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let (scale, minimum) = (block.half(at: 0), block.half(at: 2))
    for i in 0..<32 { output[i] = scale * Float(code(block + 4, i)) + minimum }
  }

  static func q50(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let scale = block.half(at: 0)
    for i in 0..<32 { output[i] = scale * Float(code(block + 6, i) + fifthBit(block + 2, i) - 16) }
  }

  static func q51(_ block: UnsafeRawPointer, _ output: UnsafeMutablePointer<Float>) {
    let (scale, minimum) = (block.half(at: 0), block.half(at: 2))
    for i in 0..<32 { output[i] = scale * Float(code(block + 8, i) + fifthBit(block + 4, i)) + minimum }
  }

  private static func code(_ codes: UnsafeRawPointer, _ i: Int) -> Int {
    Int(i < 16 ? codes.byte(at: i) & 15 : codes.byte(at: i - 16) >> 4)
  }

  private static func fifthBit(_ bits: UnsafeRawPointer, _ i: Int) -> Int {
    Int(bits.byte(at: i / 8) >> UInt8(i % 8) & 1) << 4
  }
}
