import CIntrinsics

/// Some weight rows by some tokens, both BF16. Pairs of products are added by VDPBF16PS into sixteen F32 lanes, in
/// ascending order over the inner dimension; the lanes are added by `laneSums`' tree. A result's bits are the same
/// whatever the tile it was computed in.
@inline(__always)
private func tile<let tokens: Int>(
  _: InlineArray<tokens, Void>.Type, _ weights: UnsafePointer<UInt16>, _ rows: Int, _ inner: Int,
  _ input: UnsafePointer<UInt16>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  // Rows past the last one repeat it; their sums are not stored.
  var rowStarts = InlineArray<4, UnsafePointer<UInt16>>(repeating: weights)
  for row in 1..<4 { rowStarts[row] = weights + inner * min(row, rows - 1) }
  var sums = InlineArray<4, InlineArray<tokens, __m512>>(
    repeating: InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps()))
  var k = 0
  while k + 32 <= inner {
    var x = InlineArray<tokens, __m512i>(repeating: _mm512_setzero_si512())
    for t in 0..<tokens { x[t] = _mm512_loadu_si512(input + t * inputStride + k) }
    for row in 0..<4 {
      let w = _mm512_loadu_si512(rowStarts[row] + k)
      for t in 0..<tokens { sums[row][t] = bf16_dot(sums[row][t], w, x[t]) }
    }
    k += 32
  }
  if k < inner {
    let mask = __mmask32(truncatingIfNeeded: (1 << (inner - k)) - 1)
    var x = InlineArray<tokens, __m512i>(repeating: _mm512_setzero_si512())
    for t in 0..<tokens { x[t] = _mm512_maskz_loadu_epi16(mask, input + t * inputStride + k) }
    for row in 0..<4 {
      let w = _mm512_maskz_loadu_epi16(mask, rowStarts[row] + k)
      for t in 0..<tokens { sums[row][t] = bf16_dot(sums[row][t], w, x[t]) }
    }
  }
  let stored = __mmask8(truncatingIfNeeded: (1 << min(rows, 4)) - 1)
  for t in 0..<tokens {
    _mm_mask_storeu_ps(
      output + t * outputStride, stored, laneSums(sums[0][t], sums[1][t], sums[2][t], sums[3][t]))
  }
}

@inline(__always)
private func panel<let tokens: Int>(
  _ shape: InlineArray<tokens, Void>.Type, _ weights: UnsafePointer<UInt16>, _ rows: Int, _ inner: Int,
  _ input: UnsafePointer<UInt16>, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  for row in stride(from: 0, to: rows, by: 4) {
    tile(shape, weights + row * inner, min(4, rows - row), inner, input, inputStride, output + row, outputStride)
  }
}

/// All weight rows by one token, as `tile` adds them up. One row comes after another, so that weights are one stream from
/// memory, which the processor foresees.
@inline(__always)
private func rowByRow(
  _ weights: UnsafePointer<UInt16>, _ rows: Int, _ inner: Int, _ input: UnsafePointer<UInt16>,
  _ output: UnsafeMutablePointer<Float>
) {
  @inline(__always)
  func sum(_ row: Int) -> __m512 {
    let weights = weights + min(row, rows - 1) * inner
    var sum = _mm512_setzero_ps()
    var k = 0
    while k + 32 <= inner {
      sum = bf16_dot(sum, _mm512_loadu_si512(weights + k), _mm512_loadu_si512(input + k))
      k += 32
    }
    guard k < inner else { return sum }
    let mask = __mmask32(truncatingIfNeeded: (1 << (inner - k)) - 1)
    return bf16_dot(
      sum, _mm512_maskz_loadu_epi16(mask, weights + k), _mm512_maskz_loadu_epi16(mask, input + k))
  }
  for row in stride(from: 0, to: rows, by: 4) {
    let stored = __mmask8(truncatingIfNeeded: (1 << min(rows - row, 4)) - 1)
    _mm_mask_storeu_ps(output + row, stored, laneSums(sum(row), sum(row + 1), sum(row + 2), sum(row + 3)))
  }
}

/// `output[t][n] = Σk weights[n][k] · input[t][k]` with BF16 weights and inputs; see `Kernels.multiply`.
public func multiplyBF16(
  _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, halves input: UnsafePointer<UInt16>, _ tokens: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  // BF16 tensors may lie at odd addresses; x86 loads do not care.
  let weights = weights.assumingMemoryBound(to: UInt16.self)
  var t = 0
  while t < tokens {
    let x = input + t * inner
    let y = output + t * outputStride
    switch tokens - t {
    case 6...:
      panel(InlineArray<6, Void>.self, weights, rows, inner, x, inner, y, outputStride)
      t += 6
    case 3...:
      panel(InlineArray<3, Void>.self, weights, rows, inner, x, inner, y, outputStride)
      t += 3
    case 2:
      panel(InlineArray<2, Void>.self, weights, rows, inner, x, inner, y, outputStride)
      t += 2
    default:
      rowByRow(weights, rows, inner, x, y)
      t += 1
    }
  }
}

/// Rounds `count` floats to BF16, to nearest, ties to even; see `Kernels.roundToBF16`.
public func roundToBF16(_ input: UnsafePointer<Float>, _ count: Int, _ output: UnsafeMutablePointer<UInt16>) {
  for i in stride(from: 0, to: count, by: 16) {
    let mask = __mmask16(truncatingIfNeeded: (1 << min(16, count - i)) - 1)
    let halves = round_to_bf16(_mm512_maskz_loadu_ps(mask, input + i))
    _mm256_mask_storeu_epi16(output + i, mask, halves)
  }
}
