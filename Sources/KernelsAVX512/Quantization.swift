import CIntrinsics
public import Tensor

/// Quantises one row of `output.columns` floats into the first row of `output`; see `Kernels.quantize`.
public func quantize(_ input: UnsafePointer<Float>, _ output: QuantizedRows) {
  for column in stride(from: 0, to: output.columns, by: output.scaleLength) {
    let maximum = largestMagnitude(input + column, output.scaleLength)
    // Below this 127 / maximum would overflow; such columns count as zeros.
    let inverse = maximum < .leastNormalMagnitude * 128 ? 0 : 127 / maximum
    let factor = _mm512_set1_ps(inverse)
    for block in column / 32..<(column + output.scaleLength) / 32 {
      let a = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(input + 32 * block), factor))
      let b = _mm512_cvtps_epi32(_mm512_mul_ps(_mm512_loadu_ps(input + 32 * block + 16), factor))
      let values = UnsafeMutableRawPointer(output.values + 32 * block)
      values.storeBytes(of: _mm512_cvtsepi32_epi8(a), as: __m128i.self)
      values.storeBytes(of: _mm512_cvtsepi32_epi8(b), toByteOffset: 16, as: __m128i.self)
      output.sums[2 * block] = _mm512_reduce_add_epi32(a)
      output.sums[2 * block + 1] = _mm512_reduce_add_epi32(b)
      output.storeScale(block: block, maximum: maximum, inverse: inverse)
    }
  }
}

/// The largest magnitude of `count` floats, a multiple of 16.
@inline(__always)
private func largestMagnitude(_ input: UnsafePointer<Float>, _ count: Int) -> Float {
  let magnitudeBits = _mm512_set1_epi32(0x7fff_ffff)
  var largest = _mm512_setzero_ps()
  for i in stride(from: 0, to: count, by: 16) {
    let magnitudes = _mm512_and_si512(_mm512_castps_si512(_mm512_loadu_ps(input + i)), magnitudeBits)
    largest = _mm512_max_ps(largest, _mm512_castsi512_ps(magnitudes))
  }
  return _mm512_reduce_max_ps(largest)
}
