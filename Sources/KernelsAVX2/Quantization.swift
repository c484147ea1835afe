import CIntrinsics
public import Tensor

/// Quantises one row of `output.columns` floats into the first row of `output`; see `Kernels.quantize`.
public func quantize(_ input: UnsafePointer<Float>, _ output: QuantizedRows) {
  // Packing interleaves the vectors' halves by groups of four; this puts them in order again.
  let order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7)
  for column in stride(from: 0, to: output.columns, by: output.scaleLength) {
    let maximum = largestMagnitude(input + column, output.scaleLength)
    // Below this 127 / maximum would overflow; such columns count as zeros.
    let inverse = maximum < .leastNormalMagnitude * 128 ? 0 : 127 / maximum
    let factor = _mm256_set1_ps(inverse)
    for block in column / 32..<(column + output.scaleLength) / 32 {
      let source = input + 32 * block
      let a = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(source), factor))
      let b = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(source + 8), factor))
      let c = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(source + 16), factor))
      let d = _mm256_cvtps_epi32(_mm256_mul_ps(_mm256_loadu_ps(source + 24), factor))
      let bytes = _mm256_packs_epi16(_mm256_packs_epi32(a, b), _mm256_packs_epi32(c, d))
      UnsafeMutableRawPointer(output.values + 32 * block)
        .storeBytes(of: _mm256_permutevar8x32_epi32(bytes, order), as: __m256i.self)
      output.sums[2 * block] = sum8(_mm256_add_epi32(a, b))
      output.sums[2 * block + 1] = sum8(_mm256_add_epi32(c, d))
      output.storeScale(block: block, maximum: maximum, inverse: inverse)
    }
  }
}

/// The largest magnitude of `count` floats, a multiple of 8.
@inline(__always)
private func largestMagnitude(_ input: UnsafePointer<Float>, _ count: Int) -> Float {
  let magnitudeBits = _mm256_castsi256_ps(_mm256_set1_epi32(0x7fff_ffff))
  var largest = _mm256_setzero_ps()
  for i in stride(from: 0, to: count, by: 8) {
    largest = _mm256_max_ps(largest, _mm256_and_ps(_mm256_loadu_ps(input + i), magnitudeBits))
  }
  return max4(_mm_max_ps(_mm256_castps256_ps128(largest), upper_half_ps256(largest)))
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
