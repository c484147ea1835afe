import CIntrinsics

/// Some rows by 64 columns, in registers over all the terms.
@inline(__always)
func accumulateTile<let rows: Int>(
  _: InlineArray<rows, Void>.Type, _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ count: Int,
  _ terms: UnsafePointer<Float>, _ termStride: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  var sums0 = InlineArray<rows, __m512>(repeating: _mm512_setzero_ps())
  var sums1 = sums0
  var sums2 = sums0
  var sums3 = sums0
  if let scales {
    for r in 0..<rows {
      let scale = _mm512_set1_ps(scales[r])
      let y = output + r * outputStride
      sums0[r] = _mm512_mul_ps(_mm512_loadu_ps(y), scale)
      sums1[r] = _mm512_mul_ps(_mm512_loadu_ps(y + 16), scale)
      sums2[r] = _mm512_mul_ps(_mm512_loadu_ps(y + 32), scale)
      sums3[r] = _mm512_mul_ps(_mm512_loadu_ps(y + 48), scale)
    }
  }
  for i in 0..<count {
    let term = terms + i * termStride
    let a = _mm512_loadu_ps(term)
    let b = _mm512_loadu_ps(term + 16)
    let c = _mm512_loadu_ps(term + 32)
    let d = _mm512_loadu_ps(term + 48)
    for r in 0..<rows {
      let coefficient = _mm512_set1_ps(coefficients[r * coefficientStride + i])
      sums0[r] = _mm512_fmadd_ps(coefficient, a, sums0[r])
      sums1[r] = _mm512_fmadd_ps(coefficient, b, sums1[r])
      sums2[r] = _mm512_fmadd_ps(coefficient, c, sums2[r])
      sums3[r] = _mm512_fmadd_ps(coefficient, d, sums3[r])
    }
  }
  for r in 0..<rows {
    let y = output + r * outputStride
    _mm512_storeu_ps(y, sums0[r])
    _mm512_storeu_ps(y + 16, sums1[r])
    _mm512_storeu_ps(y + 32, sums2[r])
    _mm512_storeu_ps(y + 48, sums3[r])
  }
}

/// Some rows by the (at most 16) columns in `mask`.
@inline(__always)
func accumulateTile<let rows: Int>(
  _: InlineArray<rows, Void>.Type, _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ count: Int,
  _ terms: UnsafePointer<Float>, _ termStride: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ mask: __mmask16
) {
  var sums = InlineArray<rows, __m512>(repeating: _mm512_setzero_ps())
  if let scales {
    for r in 0..<rows {
      sums[r] = _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, output + r * outputStride), _mm512_set1_ps(scales[r]))
    }
  }
  for i in 0..<count {
    let term = _mm512_maskz_loadu_ps(mask, terms + i * termStride)
    for r in 0..<rows {
      sums[r] = _mm512_fmadd_ps(_mm512_set1_ps(coefficients[r * coefficientStride + i]), term, sums[r])
    }
  }
  for r in 0..<rows { _mm512_mask_storeu_ps(output + r * outputStride, mask, sums[r]) }
}

@inline(__always)
func accumulateRows<let rows: Int>(
  _ shape: InlineArray<rows, Void>.Type, _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int,
  _ count: Int, _ terms: UnsafePointer<Float>, _ termStride: Int, _ width: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  var column = 0
  while column + 64 <= width {
    accumulateTile(
      shape, coefficients, coefficientStride, count, terms + column, termStride, scales, output + column,
      outputStride)
    column += 64
  }
  while column < width {
    let mask = __mmask16(truncatingIfNeeded: (1 << min(16, width - column)) - 1)
    accumulateTile(
      shape, coefficients, coefficientStride, count, terms + column, termStride, scales, output + column,
      outputStride, mask)
    column += 16
  }
}

/// `output[r] = scales[r] · output[r] + Σi coefficients[r][i] · terms[i]`; see `Kernels.accumulate` for the contract.
public func accumulate(
  _ coefficients: UnsafePointer<Float>, _ coefficientStride: Int, _ rows: Int, _ count: Int,
  _ terms: UnsafePointer<Float>, _ termStride: Int, _ width: Int, _ scales: UnsafePointer<Float>?,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
) {
  var row = 0
  while row + 4 <= rows {
    accumulateRows(
      InlineArray<4, Void>.self, coefficients + row * coefficientStride, coefficientStride, count, terms, termStride,
      width, scales.map { $0 + row }, output + row * outputStride, outputStride)
    row += 4
  }
  if row + 2 <= rows {
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
