/// Loops that do nothing but keep one kind of instruction busy, with the compiler's SIMD types. Twelve independent
/// sums hide latencies; they go to `sink` (64 bytes), so that they have to be computed.
enum PortablePeaks {
  /// Multiply-adds of 16-bit integers, the narrowest that have a vector product everywhere; returns how many.
  static func int8(_ iterations: Int, _ sink: UnsafeMutableRawPointer) -> Int {
    let u = SIMD8<Int16>(repeating: 12_345)
    let v = SIMD8<Int16>(repeating: 5)
    // Different starts, or one sum would do for all.
    var sums = InlineArray<12, SIMD8<Int16>> { SIMD8(repeating: Int16($0)) }
    for _ in 0..<iterations {
      for i in 0..<12 { sums[i] = sums[i] &* u &+ v }
    }
    var total = sums[0]
    for i in 1..<12 { total = total &+ sums[i] }
    sink.storeBytes(of: total, as: SIMD8<Int16>.self)
    return iterations * 12 * 8
  }

  /// F32 multiplications, each with an addition; returns how many.
  static func f32(_ iterations: Int, _ sink: UnsafeMutableRawPointer) -> Int {
    let u = SIMD4<Float>(repeating: 0.999)
    let v = SIMD4<Float>(repeating: 0.5)
    var sums = InlineArray<12, SIMD4<Float>> { SIMD4(repeating: Float($0)) }
    for _ in 0..<iterations {
      for i in 0..<12 { sums[i] = sums[i] * u + v }
    }
    var total = sums[0]
    for i in 1..<12 { total += sums[i] }
    sink.storeBytes(of: total, as: SIMD4<Float>.self)
    return iterations * 12 * 4
  }

  /// Reads `byteCount` bytes, a multiple of 256, in order.
  static func readBytes(_ address: UnsafeRawPointer, _ byteCount: Int, _ sink: UnsafeMutableRawPointer) {
    var sums = InlineArray<8, SIMD8<UInt32>>(repeating: .zero)
    var offset = 0
    while offset < byteCount {
      for i in 0..<8 { sums[i] ^= (address + offset + 32 * i).loadUnaligned(as: SIMD8<UInt32>.self) }
      offset += 256
    }
    var total = sums[0]
    for i in 1..<8 { total ^= sums[i] }
    sink.storeBytes(of: total, as: SIMD8<UInt32>.self)
  }
}
