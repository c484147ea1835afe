import CIntrinsics
public import Tensor

/// Quantises one row of `output.columns` floats into the first row of `output`; see `Kernels.quantize`.
public func quantize(_ input: UnsafePointer<Float>, _ output: QuantizedRows) {
  let magnitudeBits = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fff_ffff))
  // Packing interleaves the vectors' halves by groups of four; this puts them in order again.
  let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)
  for block in 0..<output.blocks {
    let source = input + 32 * block
    let x = (
      _mm256_loadu_ps(source), _mm256_loadu_ps(source + 8), _mm256_loadu_ps(source + 16),
      _mm256_loadu_ps(source + 24)
    )
    let largest = _mm256_max_ps(
      _mm256_max_ps(_mm256_and_ps(x.0, magnitudeBits), _mm256_and_ps(x.1, magnitudeBits)),
      _mm256_max_ps(_mm256_and_ps(x.2, magnitudeBits), _mm256_and_ps(x.3, magnitudeBits)))
    let maximum = max4(_mm_max_ps(_mm256_castps256_ps128(largest), upper_half_ps256(largest)))
    // Below this 127 / maximum would overflow; such a block counts as zeros.
    let inverse = maximum < .leastNormalMagnitude * 128 ? 0 : 127 / maximum
    let factor = _mm256_set1_ps(inverse)
    let a = _mm256_cvtps_epi32(_mm256_mul_ps(x.0, factor))
    let b = _mm256_cvtps_epi32(_mm256_mul_ps(x.1, factor))
    let c = _mm256_cvtps_epi32(_mm256_mul_ps(x.2, factor))
    let d = _mm256_cvtps_epi32(_mm256_mul_ps(x.3, factor))
    let bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d))
    UnsafeMutableRawPointer(output.values + 32 * block)
      .storeBytes(of: _mm256_permutevar8x32_epi32(bytes, order), as: __m256i.self)
    output.scales[block] = inverse == 0 ? 0 : maximum / 127
    output.sums[2 * block] = sum8(_mm256_add_epi32(a, b))
    output.sums[2 * block + 1] = sum8(_mm256_add_epi32(c, d))
  }
}

/// The largest of four lanes.
@inline(__always)
private func max4(_ lanes: __m128) -> Float { max(max(lanes[0], lanes[1]), max(lanes[2], lanes[3])) }

/// The sum of eight lanes.
@inline(__always)
private func sum8(_ lanes: __m256i) -> Int32 {
  let half = _mm_add_epi32(_mm256_castsi256_si128(lanes), upperHalf(lanes))
  let pairs = _mm_add_epi32(half, _mm_unpackhi_epi64(half, half))
  return _mm_cvtsi128_si32(pairs) &+ _mm_cvtsi128_si32(_mm_srli_epi64(pairs, 32))
}
