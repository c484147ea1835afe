import CIntrinsics

/// How sixteen weights of one storage format become sixteen F32 lanes.
protocol WeightFormat {
  /// Bytes a weight takes.
  static var stride: Int { get }
  /// Sixteen weights from an address of any alignment.
  static func load(_ address: UnsafeRawPointer) -> __m512
  /// The weights of the lanes in `mask`; the other lanes are zero and their memory is not touched.
  static func load(_ address: UnsafeRawPointer, _ mask: __mmask16) -> __m512
}

enum F32Weights: WeightFormat {
  static var stride: Int { 4 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> __m512 { _mm512_loadu_ps(address) }
  @inline(__always) static func load(_ address: UnsafeRawPointer, _ mask: __mmask16) -> __m512 {
    _mm512_maskz_loadu_ps(mask, address)
  }
}

enum F16Weights: WeightFormat {
  static var stride: Int { 2 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> __m512 {
    _mm512_cvtph_ps(address.loadUnaligned(as: __m256i.self))
  }
  @inline(__always) static func load(_ address: UnsafeRawPointer, _ mask: __mmask16) -> __m512 {
    _mm512_cvtph_ps(_mm256_maskz_loadu_epi16(mask, address))
  }
}

enum BF16Weights: WeightFormat {
  static var stride: Int { 2 }
  @inline(__always) static func widen(_ halves: __m256i) -> __m512 {
    _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(halves), 16))
  }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> __m512 {
    widen(address.loadUnaligned(as: __m256i.self))
  }
  @inline(__always) static func load(_ address: UnsafeRawPointer, _ mask: __mmask16) -> __m512 {
    widen(_mm256_maskz_loadu_epi16(mask, address))
  }
}

/// Lane sums of four vectors, each by the same tree: halves, halves again, then neighbours.
@inline(__always)
func laneSums(_ a: __m512, _ b: __m512, _ c: __m512, _ d: __m512) -> __m128 {
  _mm_hadd_ps(_mm_hadd_ps(quarter(a), quarter(b)), _mm_hadd_ps(quarter(c), quarter(d)))
}

@inline(__always)
func quarter(_ a: __m512) -> __m128 {
  let half = _mm256_add_ps(_mm512_castps512_ps256(a), upper_half_ps512(a))
  return _mm_add_ps(_mm256_castps256_ps128(half), upper_half_ps256(half))
}

/// Eight weight rows by a fixed number of tokens, at most three: 24 of the 32
/// registers hold sums. Each product is one vector accumulator over the inner
/// dimension in ascending order, so it has the same bits whatever the tile it was computed in.
@inline(__always)
func tile<Format: WeightFormat, let tokens: Int>(
  _: Format.Type, _: InlineArray<tokens, Void>.Type, _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int,
  _ input: UnsafePointer<Float>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  // Rows past the last one repeat it; their sums are not stored.
  let rowBytes = inner * Format.stride
  var rowStarts = InlineArray<8, UnsafeRawPointer>(repeating: weights)
  for row in 1..<8 { rowStarts[row] = weights + rowBytes * min(row, rows - 1) }
  var sums = InlineArray<8, InlineArray<tokens, __m512>>(
    repeating: InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps()))
  var k = 0
  while k + 16 <= inner {
    var x = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
    for t in 0..<tokens { x[t] = _mm512_loadu_ps(input + t * inputStride + k) }
    for row in 0..<8 {
      let w = Format.load(rowStarts[row] + k * Format.stride)
      for t in 0..<tokens { sums[row][t] = _mm512_fmadd_ps(w, x[t], sums[row][t]) }
    }
    k += 16
  }
  if k < inner {
    let mask = __mmask16(truncatingIfNeeded: (1 << (inner - k)) - 1)
    var x = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
    for t in 0..<tokens { x[t] = _mm512_maskz_loadu_ps(mask, input + t * inputStride + k) }
    for row in 0..<8 {
      let w = Format.load(rowStarts[row] + k * Format.stride, mask)
      for t in 0..<tokens { sums[row][t] = _mm512_fmadd_ps(w, x[t], sums[row][t]) }
    }
  }
  let low = __mmask8(truncatingIfNeeded: (1 << min(rows, 4)) - 1)
  let high = __mmask8(truncatingIfNeeded: (1 << max(rows - 4, 0)) - 1)
  for t in 0..<tokens {
    let y = output + t * outputStride
    _mm_mask_storeu_ps(y, low, laneSums(sums[0][t], sums[1][t], sums[2][t], sums[3][t]))
    _mm_mask_storeu_ps(y + 4, high, laneSums(sums[4][t], sums[5][t], sums[6][t], sums[7][t]))
  }
}

/// All weight rows by a fixed number of tokens, whose inputs stay in the first-level cache.
@inline(__always)
func panel<Format: WeightFormat, let tokens: Int>(
  _ format: Format.Type, _ shape: InlineArray<tokens, Void>.Type, _ weights: UnsafeRawPointer, _ rows: Int,
  _ inner: Int, _ input: UnsafePointer<Float>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
  _ outputStride: Int
) {
  var row = 0
  while row < rows {
    tile(
      format, shape, weights + row * inner * Format.stride, min(8, rows - row), inner, input, inputStride,
      output + row, outputStride)
    row += 8
  }
}

/// All weight rows by one token, as `tile` adds them up. One row comes after another, so that weights are one stream from
/// memory, which the processor foresees.
@inline(__always)
private func rowByRow<Format: WeightFormat>(
  _: Format.Type, _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>,
  _ output: UnsafeMutablePointer<Float>
) {
  @inline(__always)
  func sum(_ row: Int) -> __m512 {
    let weights = weights + min(row, rows - 1) * inner * Format.stride
    var sum = _mm512_setzero_ps()
    var k = 0
    while k + 16 <= inner {
      sum = _mm512_fmadd_ps(Format.load(weights + k * Format.stride), _mm512_loadu_ps(input + k), sum)
      k += 16
    }
    guard k < inner else { return sum }
    let mask = __mmask16(truncatingIfNeeded: (1 << (inner - k)) - 1)
    return _mm512_fmadd_ps(
      Format.load(weights + k * Format.stride, mask), _mm512_maskz_loadu_ps(mask, input + k), sum)
  }
  for row in stride(from: 0, to: rows, by: 4) {
    let stored = __mmask8(truncatingIfNeeded: (1 << min(rows - row, 4)) - 1)
    _mm_mask_storeu_ps(output + row, stored, laneSums(sum(row), sum(row + 1), sum(row + 2), sum(row + 3)))
  }
}

@inline(__always)
func multiply<Format: WeightFormat>(
  _ format: Format.Type, _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>,
  _ tokens: Int, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  var t = 0
  while t < tokens {
    let x = input + t * inputStride
    let y = output + t * outputStride
    switch tokens - t {
    case 3...:
      panel(format, InlineArray<3, Void>.self, weights, rows, inner, x, inputStride, y, outputStride)
      t += 3
    case 2:
      panel(format, InlineArray<2, Void>.self, weights, rows, inner, x, inputStride, y, outputStride)
      t += 2
    default:
      rowByRow(format, weights, rows, inner, x, y)
      t += 1
    }
  }
}

/// `output[t][n] = Σk weights[n][k] · input[t][k]` with F32 weights; see `Kernels.multiply` for the contract.
public func multiplyF32(
  _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>, _ tokens: Int,
  _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  multiply(F32Weights.self, weights, rows, inner, input, tokens, inputStride, output, outputStride)
}

/// `output[t][n] = Σk weights[n][k] · input[t][k]` with F16 weights; see `Kernels.multiply` for the contract.
public func multiplyF16(
  _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>, _ tokens: Int,
  _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  multiply(F16Weights.self, weights, rows, inner, input, tokens, inputStride, output, outputStride)
}

/// `output[t][n] = Σk weights[n][k] · input[t][k]` with BF16 weights; see `Kernels.multiply` for the contract.
public func multiplyBF16(
  _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>, _ tokens: Int,
  _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  multiply(BF16Weights.self, weights, rows, inner, input, tokens, inputStride, output, outputStride)
}
