/// Thirty-two weights of a row as codes and factors: weight = scale · (code − offset) − minimum.
///
/// The plain form of what the vector kernels unpack; the portable kernels use it, and tests compare with it.
struct BlockCodes {
  /// Unsigned codes.
  var codes = InlineArray<32, UInt8>(repeating: 0)
  /// The scales of the first and the last sixteen columns; equal but for Q6_K.
  var scales: (Float, Float) = (0, 0)
  /// The minimum; 0 for formats without.
  var minimum: Float = 0
  /// What codes are counted from; 0 for formats with minima.
  var offset: Int32 = 0
  /// Whether the format has minima.
  var hasMinimum = false
  /// Whether the two scales may differ.
  var hasTwoScales = false

  /// Reads 32 columns of a format whose blocks hold 32.
  private init(nibbles: UnsafeRawPointer, fifthBits: UInt32 = 0) {
    for j in 0..<16 {
      let byte = nibbles.load(fromByteOffset: j, as: UInt8.self)
      codes[j] = byte & 15 | UInt8(truncatingIfNeeded: (fifthBits &>> UInt32(j) & 1) << 4)
      codes[j + 16] = byte >> 4 | UInt8(truncatingIfNeeded: (fifthBits &>> UInt32(j + 16) & 1) << 4)
    }
  }

  /// Zeros.
  init() {}

  static func q80(_ block: UnsafeRawPointer) -> BlockCodes {
    var result = BlockCodes()
    for j in 0..<32 { result.codes[j] = block.load(fromByteOffset: 2 + j, as: UInt8.self) ^ 0x80 }
    result.setScale(half(block, 0), offset: 128)
    return result
  }

  static func q40(_ block: UnsafeRawPointer) -> BlockCodes {
    var result = BlockCodes(nibbles: block + 2)
    result.setScale(half(block, 0), offset: 8)
    return result
  }

  static func q41(_ block: UnsafeRawPointer) -> BlockCodes {
    var result = BlockCodes(nibbles: block + 4)
    result.setScale(half(block, 0), offset: 0)
    result.minimum = -half(block, 2)
    result.hasMinimum = true
    return result
  }

  static func q50(_ block: UnsafeRawPointer) -> BlockCodes {
    var result = BlockCodes(nibbles: block + 6, fifthBits: block.loadUnaligned(fromByteOffset: 2, as: UInt32.self))
    result.setScale(half(block, 0), offset: 16)
    return result
  }

  static func q51(_ block: UnsafeRawPointer) -> BlockCodes {
    var result = BlockCodes(nibbles: block + 8, fifthBits: block.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
    result.setScale(half(block, 0), offset: 0)
    result.minimum = -half(block, 2)
    result.hasMinimum = true
    return result
  }

  /// Part `part` of the eight of a block. Even parts are low nibbles, odd ones the high nibbles of the same bytes.
  static func q4K(_ block: UnsafeRawPointer, _ part: Int) -> BlockCodes {
    var result = BlockCodes()
    for j in 0..<32 {
      let byte = block.load(fromByteOffset: 16 + part / 2 * 32 + j, as: UInt8.self)
      result.codes[j] = part % 2 == 0 ? byte & 15 : byte >> 4
    }
    result.setPartFactors(block, part)
    return result
  }

  /// As `q4K`, with bit `part` of the 32 bytes before the nibbles as fifth bit.
  static func q5K(_ block: UnsafeRawPointer, _ part: Int) -> BlockCodes {
    var result = BlockCodes()
    for j in 0..<32 {
      let byte = block.load(fromByteOffset: 48 + part / 2 * 32 + j, as: UInt8.self)
      let bit = block.load(fromByteOffset: 16 + j, as: UInt8.self) >> UInt8(part) & 1
      result.codes[j] = (part % 2 == 0 ? byte & 15 : byte >> 4) | bit << 4
    }
    result.setPartFactors(block, part)
    return result
  }

  /// Part `part` of the eight of a block: two halves of four parts, the latter two in high nibbles.
  static func q6K(_ block: UnsafeRawPointer, _ part: Int) -> BlockCodes {
    var result = BlockCodes()
    let (half, quarter) = (part / 4, part % 4)
    for j in 0..<32 {
      let byte = block.load(fromByteOffset: 64 * half + quarter % 2 * 32 + j, as: UInt8.self)
      let bits = block.load(fromByteOffset: 128 + 32 * half + j, as: UInt8.self) >> UInt8(2 * quarter) & 3
      result.codes[j] = (quarter < 2 ? byte & 15 : byte >> 4) | bits << 4
    }
    let scale = Self.half(block, 208)
    result.scales.0 = scale * Float(block.load(fromByteOffset: 192 + 2 * part, as: Int8.self))
    result.scales.1 = scale * Float(block.load(fromByteOffset: 193 + 2 * part, as: Int8.self))
    result.offset = 32
    result.hasTwoScales = true
    return result
  }

  private mutating func setScale(_ scale: Float, offset: Int32) {
    scales = (scale, scale)
    self.offset = offset
  }

  /// The 6-bit scales and minima of Q4_K and Q5_K.
  private mutating func setPartFactors(_ block: UnsafeRawPointer, _ part: Int) {
    func byte(_ index: Int) -> UInt8 { block.load(fromByteOffset: 4 + index, as: UInt8.self) }
    let (scale, minimum): (UInt8, UInt8)
    if part < 4 {
      (scale, minimum) = (byte(part) & 63, byte(part + 4) & 63)
    } else {
      scale = byte(part + 4) & 15 | (byte(part - 4) >> 6) << 4
      minimum = byte(part + 4) >> 4 | (byte(part) >> 6) << 4
    }
    setScale(Self.half(block, 0) * Float(scale), offset: 0)
    self.minimum = Self.half(block, 2) * Float(minimum)
    hasMinimum = true
  }

  private static func half(_ block: UnsafeRawPointer, _ offset: Int) -> Float {
    Float(Float16(bitPattern: block.loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
  }
}
