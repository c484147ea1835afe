/// How F32 numbers are brought into a cache's storage format, always to the nearest, ties to even.
public enum CacheEncoding {
  /// Stores `count` numbers in order. F16's range is saturated.
  ///
  /// - Parameter output: room for `count` numbers of `element`, rounded up to eight, at any alignment.
  /// - Returns: what the stored numbers are to be multiplied by: 1, or for integers the largest magnitude over 127.
  @discardableResult
  public static func encode(
    _ x: UnsafePointer<Float>, count: Int, _ element: CacheElement, to output: UnsafeMutableRawPointer
  ) -> Float {
    switch element {
    case .f32:
      output.copyMemory(from: x, byteCount: count * 4)
    case .f16:
      for i in stride(from: 0, to: count, by: 8) {
        output.storeBytes(of: halves(x.lanes(at: i, count: count)), toByteOffset: 2 * i, as: SIMD8<UInt16>.self)
      }
    case .bf16:
      for i in stride(from: 0, to: count, by: 8) {
        output.storeBytes(of: upperHalves(x.lanes(at: i, count: count)), toByteOffset: 2 * i, as: SIMD8<UInt16>.self)
      }
    case .int8:
      return encodeIntegers(x, count, output)
    }
    return 1
  }

  /// The `count` numbers that BF16 patterns stand for; a multiple of eight.
  public static func decodeBF16(_ patterns: UnsafeRawPointer, count: Int, to output: UnsafeMutablePointer<Float>) {
    for i in stride(from: 0, to: count, by: 8) {
      output.store(BF16Weights.load(patterns + 2 * i), at: i, count: count)
    }
  }

  private static func encodeIntegers(
    _ x: UnsafePointer<Float>, _ count: Int, _ output: UnsafeMutableRawPointer
  ) -> Float {
    var largest = Lanes.zero
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = x.lanes(at: i, count: count)
      largest = larger(largest, larger(lanes, 0 - lanes))
    }
    let scale = largest.max() / 127
    // Where the scale vanishes so do the numbers.
    let inverse = scale > .leastNormalMagnitude ? 1 / scale : 0
    for i in stride(from: 0, to: count, by: 8) {
      // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
      let shifted = x.lanes(at: i, count: count) * inverse + 12_582_912
      let integers = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- 0x4b40_0000
      output.storeBytes(of: SIMD8<Int8>(truncatingIfNeeded: integers), toByteOffset: i, as: SIMD8<Int8>.self)
    }
    return scale
  }

  /// Binary16 patterns, without branches: subnormal results come from an addition that shifts them into place.
  @inline(__always)
  static func halves(_ x: Lanes) -> SIMD8<UInt16> {
    let bits = unsafeBitCast(x, to: SIMD8<UInt32>.self)
    let sign = bits & 0x8000_0000
    let limit = SIMD8<UInt32>(repeating: 0x477f_e000)  // 65504
    let isNaN = (bits ^ sign) .> 0x7f80_0000
    let magnitude = (bits ^ sign).replacing(with: limit, where: (bits ^ sign) .> limit)
    let normal = (magnitude &+ 0xc800_0fff &+ ((magnitude &>> 13) & 1)) &>> 13
    let subnormal = unsafeBitCast(unsafeBitCast(magnitude, to: Lanes.self) + 0.5, to: SIMD8<UInt32>.self) &- 0x3f00_0000
    let rounded = normal.replacing(with: subnormal, where: magnitude .< 0x3880_0000)
      .replacing(with: 0x7e00, where: isNaN)
    return SIMD8<UInt16>(truncatingIfNeeded: rounded | (sign &>> 16))
  }

  /// The upper halves of binary32 patterns, rounded.
  @inline(__always)
  static func upperHalves(_ x: Lanes) -> SIMD8<UInt16> {
    let bits = unsafeBitCast(x, to: SIMD8<UInt32>.self)
    let rounded = bits &+ 0x7fff &+ ((bits &>> 16) & 1)
    let isNaN = (bits & 0x7fff_ffff) .> 0x7f80_0000
    return SIMD8<UInt16>(truncatingIfNeeded: rounded.replacing(with: bits | 0x0040_0000, where: isNaN) &>> 16)
  }
}
