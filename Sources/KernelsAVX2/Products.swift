import CIntrinsics

/// How eight weights of one storage format become eight F32 lanes.
protocol WeightFormat {
  /// Bytes a weight takes.
  static var stride: Int { get }
  /// Eight weights from an address of any alignment.
  static func load(_ address: UnsafeRawPointer) -> __m256
}

enum F32Weights: WeightFormat {
  static var stride: Int { 4 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> __m256 {
    address.loadUnaligned(as: __m256.self)
  }
}

enum F16Weights: WeightFormat {
  static var stride: Int { 2 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> __m256 {
    _mm256_cvtph_ps(address.loadUnaligned(as: __m128i.self))
  }
}

enum BF16Weights: WeightFormat {
  static var stride: Int { 2 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> __m256 {
    _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(address.loadUnaligned(as: __m128i.self)), 16))
  }
}

extension WeightFormat {
  /// The first `count` (below eight) weights; the other lanes are zero and their memory is not touched.
  @inline(__always) static func load(_ address: UnsafeRawPointer, count: Int) -> __m256 {
    var lanes: (__m128i, __m128i) = (_mm_setzero_si128(), _mm_setzero_si128())
    return withUnsafeMutableBytes(of: &lanes) { buffer in
      for byte in 0..<count * stride { buffer[byte] = address.load(fromByteOffset: byte, as: UInt8.self) }
      return load(UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped))
    }
  }
}

/// Lane sums of four vectors, each by the same tree: halves, then neighbours.
@inline(__always)
func laneSums(_ a: __m256, _ b: __m256, _ c: __m256, _ d: __m256) -> __m128 {
  _mm_hadd_ps(_mm_hadd_ps(half(a), half(b)), _mm_hadd_ps(half(c), half(d)))
}

@inline(__always)
func half(_ a: __m256) -> __m128 { _mm_add_ps(_mm256_castps256_ps128(a), upper_half_ps256(a)) }

/// Four weight rows by a fixed number of tokens, whose rows lie `inputStride` numbers apart. Each product is one vector
/// accumulator over the inner dimension in ascending order, so it has the same bits whatever the tile it was computed
/// in.
@inline(__always)
func tile<Format: WeightFormat, Input: WeightFormat, let tokens: Int>(
  _: Format.Type, _: Input.Type, _: InlineArray<tokens, Void>.Type, _ weights: UnsafeRawPointer, _ rows: Int,
  _ inner: Int, _ input: UnsafeRawPointer, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
  _ outputStride: Int
) {
  // Rows past the last one repeat it; their sums are not stored.
  let rowBytes = inner * Format.stride
  let w0 = weights
  let w1 = weights + rowBytes * min(1, rows - 1)
  let w2 = weights + rowBytes * min(2, rows - 1)
  let w3 = weights + rowBytes * min(3, rows - 1)
  var sums0 = InlineArray<tokens, __m256>(repeating: _mm256_setzero_ps())
  var sums1 = sums0
  var sums2 = sums0
  var sums3 = sums0
  var k = 0
  while k + 8 <= inner {
    let offset = k * Format.stride
    let a = Format.load(w0 + offset)
    let b = Format.load(w1 + offset)
    let c = Format.load(w2 + offset)
    let d = Format.load(w3 + offset)
    for t in 0..<tokens {
      let x = Input.load(input + (t * inputStride + k) * Input.stride)
      sums0[t] = _mm256_fmadd_ps(a, x, sums0[t])
      sums1[t] = _mm256_fmadd_ps(b, x, sums1[t])
      sums2[t] = _mm256_fmadd_ps(c, x, sums2[t])
      sums3[t] = _mm256_fmadd_ps(d, x, sums3[t])
    }
    k += 8
  }
  if k < inner {
    let left = inner - k
    let offset = k * Format.stride
    let a = Format.load(w0 + offset, count: left)
    let b = Format.load(w1 + offset, count: left)
    let c = Format.load(w2 + offset, count: left)
    let d = Format.load(w3 + offset, count: left)
    for t in 0..<tokens {
      let x = Input.load(input + (t * inputStride + k) * Input.stride, count: left)
      sums0[t] = _mm256_fmadd_ps(a, x, sums0[t])
      sums1[t] = _mm256_fmadd_ps(b, x, sums1[t])
      sums2[t] = _mm256_fmadd_ps(c, x, sums2[t])
      sums3[t] = _mm256_fmadd_ps(d, x, sums3[t])
    }
  }
  for t in 0..<tokens {
    let sums = laneSums(sums0[t], sums1[t], sums2[t], sums3[t])
    let y = output + t * outputStride
    if rows >= 4 {
      _mm_storeu_ps(y, sums)
    } else {
      for row in 0..<rows { y[row] = sums[row] }
    }
  }
}

/// All weight rows by a fixed number of tokens, whose inputs stay in the first-level cache.
@inline(__always)
func panel<Format: WeightFormat, Input: WeightFormat, let tokens: Int>(
  _ format: Format.Type, _ inputFormat: Input.Type, _ shape: InlineArray<tokens, Void>.Type,
  _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafeRawPointer, _ inputStride: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  var row = 0
  while row < rows {
    tile(
      format, inputFormat, shape, weights + row * inner * Format.stride, min(4, rows - row), inner, input,
      inputStride, output + row, outputStride)
    row += 4
  }
}

@inline(__always)
func multiply<Format: WeightFormat, Input: WeightFormat>(
  _ format: Format.Type, _ inputFormat: Input.Type, _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int,
  _ input: UnsafeRawPointer, _ tokens: Int, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
  _ outputStride: Int
) {
  var t = 0
  while t < tokens {
    let x = input + t * inputStride * Input.stride
    let y = output + t * outputStride
    switch tokens - t {
    case 2...:
      panel(
        format, inputFormat, InlineArray<2, Void>.self, weights, rows, inner, x, inputStride, y, outputStride)
      t += 2
    default:
      panel(
        format, inputFormat, InlineArray<1, Void>.self, weights, rows, inner, x, inputStride, y, outputStride)
      t += 1
    }
  }
}

/// `output[t][n] = Σk weights[n][k] · input[t][k]` with F32 weights; see `Kernels.multiply` for the contract.
public func multiplyF32(
  _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>, _ tokens: Int,
  _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  multiply(
    F32Weights.self, F32Weights.self, weights, rows, inner, input, tokens, inputStride, output, outputStride)
}

/// `output[t][n] = Σk weights[n][k] · input[t][k]` with F16 weights; see `Kernels.multiply` for the contract.
public func multiplyF16(
  _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>, _ tokens: Int,
  _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  multiply(
    F16Weights.self, F32Weights.self, weights, rows, inner, input, tokens, inputStride, output, outputStride)
}

/// `output[t][n] = Σk weights[n][k] · input[t][k]` with BF16 weights; see `Kernels.multiply` for the contract.
public func multiplyBF16(
  _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>, _ tokens: Int,
  _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  multiply(
    BF16Weights.self, F32Weights.self, weights, rows, inner, input, tokens, inputStride, output, outputStride)
}

/// `output[t][n] = Σk weights[n][k] · input[t][k]` with BF16 weights and inputs; see `Kernels.multiply`.
public func multiplyBF16(
  _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, halves input: UnsafePointer<UInt16>, _ tokens: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  multiply(BF16Weights.self, BF16Weights.self, weights, rows, inner, input, tokens, inner, output, outputStride)
}
