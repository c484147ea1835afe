import CIntrinsics

/// Some rows by 32 columns, in registers over all the terms.
@inline(__always)
func accumulateTile<let rows: Int>(
  _: InlineArray<rows, Void>.Type, _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ count: Int,
  _ terms: UnsafePointer<Float>, _ termStride: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  var sums0 = InlineArray<rows, __m256>(repeating: _mm256_setzero_ps())
  var sums1 = sums0
  var sums2 = sums0
  var sums3 = sums0
  if let scales {
    for r in 0..<rows {
      let scale = _mm256_set1_ps(scales[r])
      let y = output + r * outputStride
      sums0[r] = _mm256_mul_ps(_mm256_loadu_ps(y), scale)
      sums1[r] = _mm256_mul_ps(_mm256_loadu_ps(y + 8), scale)
      sums2[r] = _mm256_mul_ps(_mm256_loadu_ps(y + 16), scale)
      sums3[r] = _mm256_mul_ps(_mm256_loadu_ps(y + 24), scale)
    }
  }
  for i in 0..<count {
    let term = terms + i * termStride
    let a = _mm256_loadu_ps(term)
    let b = _mm256_loadu_ps(term + 8)
    let c = _mm256_loadu_ps(term + 16)
    let d = _mm256_loadu_ps(term + 24)
    for r in 0..<rows {
      let coefficient = _mm256_set1_ps(coefficients[r * coefficientStride + i])
      sums0[r] = _mm256_fmadd_ps(coefficient, a, sums0[r])
      sums1[r] = _mm256_fmadd_ps(coefficient, b, sums1[r])
      sums2[r] = _mm256_fmadd_ps(coefficient, c, sums2[r])
      sums3[r] = _mm256_fmadd_ps(coefficient, d, sums3[r])
    }
  }
  for r in 0..<rows {
    let y = output + r * outputStride
    _mm256_storeu_ps(y, sums0[r])
    _mm256_storeu_ps(y + 8, sums1[r])
    _mm256_storeu_ps(y + 16, sums2[r])
    _mm256_storeu_ps(y + 24, sums3[r])
  }
}

/// Some rows by the (at most 8) columns in `mask`.
@inline(__always)
func accumulateTile<let rows: Int>(
  _: InlineArray<rows, Void>.Type, _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ count: Int,
  _ terms: UnsafePointer<Float>, _ termStride: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ mask: __m256i
) {
  var sums = InlineArray<rows, __m256>(repeating: _mm256_setzero_ps())
  if let scales {
    for r in 0..<rows {
      sums[r] = _mm256_mul_ps(_mm256_maskload_ps(output + r * outputStride, mask), _mm256_set1_ps(scales[r]))
    }
  }
  for i in 0..<count {
    let term = _mm256_maskload_ps(terms + i * termStride, mask)
    for r in 0..<rows {
      sums[r] = _mm256_fmadd_ps(_mm256_set1_ps(coefficients[r * coefficientStride + i]), term, sums[r])
    }
  }
  for r in 0..<rows { _mm256_maskstore_ps(output + r * outputStride, mask, sums[r]) }
}

@inline(__always)
func accumulateRows<let rows: Int>(
  _ shape: InlineArray<rows, Void>.Type, _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int,
  _ count: Int, _ terms: UnsafePointer<Float>, _ termStride: Int, _ width: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  var column = 0
  while column + 32 <= width {
    accumulateTile(
      shape, coefficients, coefficientStride, count, terms + column, termStride, scales, output + column,
      outputStride)
    column += 32
  }
  while column < width {
    let left = _mm256_set1_epi32(Int32(truncatingIfNeeded: min(8, width - column)))
    let mask = _mm256_cmpgt_epi32(left, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
    accumulateTile(
      shape, coefficients, coefficientStride, count, terms + column, termStride, scales, output + column,
      outputStride, mask)
    column += 8
  }
}

/// `output[r] = scales[r] · output[r] + Σi coefficients[r][i] · terms[i]`; see `Kernels.accumulate` for the contract.
public func accumulate(
  _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ count: Int,
  _ terms: UnsafePointer<Float>, _ termStride: Int, _ width: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  var row = 0
  while row + 2 <= rows {
    accumulateRows(
      InlineArray<2, Void>.self, coefficients + row * coefficientStride, coefficientStride, count, terms, termStride,
      width, scales.map { $0 + row }, output + row * outputStride, outputStride)
    row += 2
  }
  if row < rows {
    accumulateRows(
      InlineArray<1, Void>.self, coefficients + row * coefficientStride, coefficientStride, count, terms, termStride,
      width, scales.map { $0 + row }, output + row * outputStride, outputStride)
  }
}
