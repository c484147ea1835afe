/// How eight numbers of a panel become eight F32 lanes.
private protocol CacheFormat {
  /// Bytes a number takes.
  static var stride: Int { get }
  static func load(_ address: UnsafeRawPointer) -> Lanes
}

extension F32Weights: CacheFormat {}
extension F16Weights: CacheFormat {}
extension BF16Weights: CacheFormat {}

private enum Int8Numbers: CacheFormat {
  static var stride: Int { 1 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Lanes {
    Lanes(SIMD8<Int32>(truncatingIfNeeded: address.loadUnaligned(as: SIMD8<Int8>.self)))
  }
}

/// `Kernels`' sums over panels in the compiler's SIMD types.
enum PortableCachePanels {
  @Sendable static func accumulateF32(
    _ panels: UnsafeRawPointer, _ panelCount: Int, _ panelBytes: Int, _ count: Int,
    _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ scales: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    accumulate(
      F32Weights.self, panels, panelCount, panelBytes, count, coefficients, coefficientStride, rows, scales, output,
      outputStride)
  }

  @Sendable static func accumulateF16(
    _ panels: UnsafeRawPointer, _ panelCount: Int, _ panelBytes: Int, _ count: Int,
    _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ scales: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    accumulate(
      F16Weights.self, panels, panelCount, panelBytes, count, coefficients, coefficientStride, rows, scales, output,
      outputStride)
  }

  @Sendable static func accumulateBF16(
    _ panels: UnsafeRawPointer, _ panelCount: Int, _ panelBytes: Int, _ count: Int,
    _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ scales: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    accumulate(
      BF16Weights.self, panels, panelCount, panelBytes, count, coefficients, coefficientStride, rows, scales, output,
      outputStride)
  }

  @Sendable static func accumulateInt8(
    _ panels: UnsafeRawPointer, _ panelCount: Int, _ panelBytes: Int, _ count: Int,
    _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ scales: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    accumulate(
      Int8Numbers.self, panels, panelCount, panelBytes, count, coefficients, coefficientStride, rows, scales, output,
      outputStride)
  }

  @inline(__always)
  private static func accumulate<Format: CacheFormat>(
    _: Format.Type, _ panels: UnsafeRawPointer, _ panelCount: Int, _ panelBytes: Int, _ count: Int,
    _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ scales: UnsafePointer<Float>?,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    // Half a panel at a time: its four vectors of sums fit the registers of every machine.
    for half in 0..<2 * panelCount {
      let panel = panels + half / 2 * panelBytes + half % 2 * 16 * Format.stride
      for row in 0..<rows {
        let factors = coefficients + row * coefficientStride
        let target = UnsafeMutableRawPointer(output + row * outputStride + half * 16)
        var (low, high) = (Lanes.zero, Lanes.zero)
        if let scales {
          low = target.loadUnaligned(as: Lanes.self) * scales[row]
          high = target.loadUnaligned(fromByteOffset: 32, as: Lanes.self) * scales[row]
        }
        for i in 0..<count {
          let numbers = panel + i * 32 * Format.stride
          low += Format.load(numbers) * factors[i]
          high += Format.load(numbers + 8 * Format.stride) * factors[i]
        }
        target.storeBytes(of: low, as: Lanes.self)
        target.storeBytes(of: high, toByteOffset: 32, as: Lanes.self)
      }
    }
  }
}
