import CIntrinsics
public import Tensor

/// Quantises one row of `output.columns` floats into the first row of `output`; see `Kernels.quantize`.
public func quantize(_ input: UnsafePointer<Float>, _ output: QuantizedRows) {
  let magnitudeBits = _mm512_set1_epi32(0x7fff_ffff)
  for block in 0..<output.blocks {
    let x = _mm512_loadu_ps(input + 32 * block)
    let y = _mm512_loadu_ps(input + 32 * block + 16)
    let largest = _mm512_max_ps(
      _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(x), magnitudeBits)),
      _mm512_castsi512_ps(_mm512_and_si512(_mm512_castps_si512(y), magnitudeBits)))
    let maximum = _mm512_reduce_max_ps(largest)
    // Below the smallest normal number 127 / maximum would overflow; such a block counts as zeros.
    let inverse = maximum < .leastNormalMagnitude * 128 ? 0 : 127 / maximum
    let factor = _mm512_set1_ps(inverse)
    let a = _mm512_cvtps_epi32(_mm512_mul_ps(x, factor))
    let b = _mm512_cvtps_epi32(_mm512_mul_ps(y, factor))
    let values = UnsafeMutableRawPointer(output.values + 32 * block)
    values.storeBytes(of: _mm512_cvtsepi32_epi8(a), as: __m128i.self)
    values.storeBytes(of: _mm512_cvtsepi32_epi8(b), toByteOffset: 16, as: __m128i.self)
    output.scales[block] = inverse == 0 ? 0 : maximum / 127
    output.sums[2 * block] = _mm512_reduce_add_epi32(a)
    output.sums[2 * block + 1] = _mm512_reduce_add_epi32(b)
  }
}
