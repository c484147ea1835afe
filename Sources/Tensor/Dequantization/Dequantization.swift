/// Conversion of stored numbers to F32.
///
/// Every result is one F32 rounding per operation of the format's definition, in its order and never fused, so that
/// it equals the reference code of the `gguf` package bit for bit.
public enum Dequantization {
  /// Converts `count` elements of `type` from `source` to `output`, which may be uninitialised.
  ///
  /// - Parameters:
  ///   - source: whole blocks, at any alignment.
  ///   - count: a multiple of the type's block length.
  public static func dequantize(
    _ type: ElementType, _ source: UnsafeRawPointer, count: Int, to output: UnsafeMutablePointer<Float>
  ) {
    precondition(count % type.blockLength == 0, "\(count) elements are not whole blocks of \(type)")
    switch type {
    case .f32: UnsafeMutableRawPointer(output).copyMemory(from: source, byteCount: 4 * count)
    case .f16: each(count) { output[$0] = source.half(at: 2 * $0) }
    case .bf16:
      each(count) {
        let bits = source.loadUnaligned(fromByteOffset: 2 * $0, as: UInt16.self)
        output[$0] = Float(bitPattern: UInt32(bits) << 16)
      }
    case .q80: blocks(type, source, count, output, ScaledBlocks.q80)
    case .q40: blocks(type, source, count, output, ScaledBlocks.q40)
    case .q41: blocks(type, source, count, output, ScaledBlocks.q41)
    case .q50: blocks(type, source, count, output, ScaledBlocks.q50)
    case .q51: blocks(type, source, count, output, ScaledBlocks.q51)
    case .q4K: blocks(type, source, count, output, SuperBlocks.q4K)
    case .q5K: blocks(type, source, count, output, SuperBlocks.q5K)
    case .q6K: blocks(type, source, count, output, SuperBlocks.q6K)
    }
  }

  private static func each(_ count: Int, _ convert: (Int) -> Void) {
    for index in 0..<count { convert(index) }
  }

  private static func blocks(
    _ type: ElementType, _ source: UnsafeRawPointer, _ count: Int, _ output: UnsafeMutablePointer<Float>,
    _ convert: (UnsafeRawPointer, UnsafeMutablePointer<Float>) -> Void
  ) {
    for block in 0..<count / type.blockLength {
      convert(source + block * type.blockByteCount, output + block * type.blockLength)
    }
  }
}

extension UnsafeRawPointer {
  /// The F16 at `offset`, which need not be aligned.
  func half(at offset: Int) -> Float {
    Float(Float16(bitPattern: loadUnaligned(fromByteOffset: offset, as: UInt16.self)))
  }

  /// The byte at `offset`.
  func byte(at offset: Int) -> UInt8 { load(fromByteOffset: offset, as: UInt8.self) }

  /// The signed byte at `offset`.
  func signedByte(at offset: Int) -> Int8 { load(fromByteOffset: offset, as: Int8.self) }
}
