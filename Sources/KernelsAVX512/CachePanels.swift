import CIntrinsics

/// How sixteen numbers of a panel become sixteen F32 lanes.
protocol CacheFormat {
  /// Bytes a number takes.
  static var stride: Int { get }
  static func load(_ address: UnsafeRawPointer) -> __m512
}

extension F32Weights: CacheFormat {}
extension F16Weights: CacheFormat {}
extension BF16Weights: CacheFormat {}

private enum Int8Numbers: CacheFormat {
  static var stride: Int { 1 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> __m512 {
    _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(address.loadUnaligned(as: __m128i.self)))
  }
}

/// Rows of a panel that are asked for ahead of their use: a panel that comes from memory is read once, in order.
private let cachePrefetchDistance = 32

/// Some rows of coefficients by the 32 columns of a panel, in registers over all its rows.
@inline(__always)
private func tile<Format: CacheFormat, let rows: Int>(
  _: Format.Type, _: InlineArray<rows, Void>.Type, _ panel: UnsafeRawPointer, _ count: Int,
  _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  var low = InlineArray<rows, __m512>(repeating: _mm512_setzero_ps())
  var high = low
  if let scales {
    for r in 0..<rows {
      let scale = _mm512_set1_ps(scales[r])
      low[r] = _mm512_mul_ps(_mm512_loadu_ps(output + r * outputStride), scale)
      high[r] = _mm512_mul_ps(_mm512_loadu_ps(output + r * outputStride + 16), scale)
    }
  }
  for i in 0..<count {
    let row = panel + i * 32 * Format.stride
    prefetch_line(row + cachePrefetchDistance * 32 * Format.stride)
    let a = Format.load(row)
    let b = Format.load(row + 16 * Format.stride)
    for r in 0..<rows {
      let coefficient = _mm512_set1_ps(coefficients[r * coefficientStride + i])
      low[r] = _mm512_fmadd_ps(coefficient, a, low[r])
      high[r] = _mm512_fmadd_ps(coefficient, b, high[r])
    }
  }
  for r in 0..<rows {
    _mm512_storeu_ps(output + r * outputStride, low[r])
    _mm512_storeu_ps(output + r * outputStride + 16, high[r])
  }
}

@inline(__always)
private func accumulate<Format: CacheFormat>(
  _ format: Format.Type, _ panels: UnsafeRawPointer, _ panelCount: Int, _ panelBytes: Int, _ count: Int,
  _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  for index in 0..<panelCount {
    let panel = panels + index * panelBytes
    var row = 0
    while row < rows {
      let c = coefficients + row * coefficientStride
      let y = output + row * outputStride + index * 32
      let s = scales.map { $0 + row }
      switch rows - row {
      case 8...:
        tile(format, InlineArray<8, Void>.self, panel, count, c, coefficientStride, s, y, outputStride)
        row += 8
      case 4...:
        tile(format, InlineArray<4, Void>.self, panel, count, c, coefficientStride, s, y, outputStride)
        row += 4
      case 2...:
        tile(format, InlineArray<2, Void>.self, panel, count, c, coefficientStride, s, y, outputStride)
        row += 2
      default:
        tile(format, InlineArray<1, Void>.self, panel, count, c, coefficientStride, s, y, outputStride)
        row += 1
      }
    }
  }
}

/// Weighted sums of the rows of F32 panels; see `Kernels.accumulate` for the contract.
public func accumulatePanelsF32(
  _ panels: UnsafeRawPointer, _ panelCount: Int, _ panelBytes: Int, _ count: Int,
  _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  accumulate(
    F32Weights.self, panels, panelCount, panelBytes, count, coefficients, coefficientStride, rows, scales, output,
    outputStride)
}

/// Weighted sums of the rows of F16 panels; see `Kernels.accumulate` for the contract.
public func accumulatePanelsF16(
  _ panels: UnsafeRawPointer, _ panelCount: Int, _ panelBytes: Int, _ count: Int,
  _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  accumulate(
    F16Weights.self, panels, panelCount, panelBytes, count, coefficients, coefficientStride, rows, scales, output,
    outputStride)
}

/// Weighted sums of the rows of BF16 panels; see `Kernels.accumulate` for the contract.
public func accumulatePanelsBF16(
  _ panels: UnsafeRawPointer, _ panelCount: Int, _ panelBytes: Int, _ count: Int,
  _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  accumulate(
    BF16Weights.self, panels, panelCount, panelBytes, count, coefficients, coefficientStride, rows, scales, output,
    outputStride)
}

/// Weighted sums of the rows of 8-bit integer panels; see `Kernels.accumulate` for the contract.
public func accumulatePanelsInt8(
  _ panels: UnsafeRawPointer, _ panelCount: Int, _ panelBytes: Int, _ count: Int,
  _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  accumulate(
    Int8Numbers.self, panels, panelCount, panelBytes, count, coefficients, coefficientStride, rows, scales, output,
    outputStride)
}
