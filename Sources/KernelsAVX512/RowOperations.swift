import CIntrinsics

/// eˣ of sixteen lanes to about one unit in the last place: x = n·ln2 + r with |r| ≤ ln2/2, a polynomial for eʳ (the
/// coefficients of Cephes `expf`), times 2ⁿ. Below −110 the result is 0, above 88.7 it is +∞.
@inline(__always)
private func exponential(_ x: __m512) -> __m512 {
  let clamped = _mm512_min_ps(_mm512_set1_ps(89), _mm512_max_ps(_mm512_set1_ps(-110), x))
  // Adding 1.5·2²³ rounds to an integer.
  let magic = _mm512_set1_ps(12_582_912)
  let n = _mm512_sub_ps(_mm512_fmadd_ps(clamped, _mm512_set1_ps(1.442_695_04), magic), magic)
  var r = _mm512_fnmadd_ps(n, _mm512_set1_ps(0.693_359_375), clamped)
  r = _mm512_fnmadd_ps(n, _mm512_set1_ps(-2.121_944_4e-4), r)
  var p = _mm512_fmadd_ps(r, _mm512_set1_ps(1.987_569_15e-4), _mm512_set1_ps(1.398_199_95e-3))
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(8.333_451_9e-3))
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(4.166_579_6e-2))
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(1.666_666_55e-1))
  p = _mm512_fmadd_ps(p, r, _mm512_set1_ps(5.000_000_1e-1))
  p = _mm512_add_ps(_mm512_fmadd_ps(p, _mm512_mul_ps(r, r), r), _mm512_set1_ps(1))
  return _mm512_scalef_ps(p, n)
}

/// x / (1 + e⁻ˣ) of sixteen lanes.
@inline(__always)
private func silu(_ x: __m512) -> __m512 {
  let one = _mm512_set1_ps(1)
  return _mm512_div_ps(x, _mm512_add_ps(one, exponential(_mm512_sub_ps(_mm512_setzero_ps(), x))))
}

/// The lanes below `count − offset`.
@inline(__always)
private func lanes(_ count: Int, from offset: Int) -> __mmask16 {
  __mmask16(truncatingIfNeeded: (1 << min(16, count - offset)) - 1)
}

/// One row of `Kernels.accumulateSoftmax`; returns its correction.
public func accumulateSoftmax(
  _ scores: UnsafeMutablePointer<Float>, _ count: Int, _ scale: Float, _ scoreFactors: UnsafePointer<Float>?,
  _ weightFactors: UnsafePointer<Float>?, _ maximum: UnsafeMutablePointer<Float>, _ sum: UnsafeMutablePointer<Float>
) -> Float {
  let nothing = _mm512_set1_ps(-.infinity)
  var largest = nothing
  for i in stride(from: 0, to: count, by: 16) {
    let mask = lanes(count, from: i)
    var x = _mm512_mul_ps(_mm512_loadu_ps(scores + i), _mm512_set1_ps(scale))
    if let scoreFactors { x = _mm512_mul_ps(x, _mm512_maskz_loadu_ps(mask, scoreFactors + i)) }
    x = _mm512_mask_mov_ps(nothing, mask, x)
    _mm512_storeu_ps(scores + i, x)
    largest = _mm512_max_ps(largest, x)
  }
  let earlier = maximum[0]
  let newMaximum = max(earlier, _mm512_reduce_max_ps(largest))
  var total = _mm512_setzero_ps()
  for i in stride(from: 0, to: count, by: 16) {
    var weight = exponential(_mm512_sub_ps(_mm512_loadu_ps(scores + i), _mm512_set1_ps(newMaximum)))
    total = _mm512_add_ps(total, weight)
    if let weightFactors {
      weight = _mm512_mul_ps(weight, _mm512_maskz_loadu_ps(lanes(count, from: i), weightFactors + i))
    }
    _mm512_storeu_ps(scores + i, weight)
  }
  let correction =
    earlier == -.infinity ? 0 : _mm512_cvtss_f32(exponential(_mm512_set1_ps(earlier - newMaximum)))
  sum[0] = sum[0] * correction + _mm512_reduce_add_ps(total)
  maximum[0] = newMaximum
  return correction
}

/// `y = silu(gate) · y`.
public func multiplyBySiLU(_ gate: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
  for i in stride(from: 0, to: count, by: 16) {
    let mask = lanes(count, from: i)
    let product = _mm512_mul_ps(
      silu(_mm512_maskz_loadu_ps(mask, gate + i)), _mm512_maskz_loadu_ps(mask, y + i))
    _mm512_mask_storeu_ps(y + i, mask, product)
  }
}

/// One output of a causal depthwise convolution, then SiLU; see `Kernels.convolve`.
public func convolve(
  _ taps: UnsafeBufferPointer<UnsafePointer<Float>>, _ weights: UnsafePointer<Float>, _ weightStride: Int,
  _ count: Int, _ output: UnsafeMutablePointer<Float>
) {
  for i in stride(from: 0, to: count, by: 16) {
    let mask = lanes(count, from: i)
    var sum = _mm512_setzero_ps()
    for j in 0..<taps.count {
      sum = _mm512_fmadd_ps(
        _mm512_maskz_loadu_ps(mask, taps[j] + i), _mm512_maskz_loadu_ps(mask, weights + j * weightStride + i), sum)
    }
    _mm512_mask_storeu_ps(output + i, mask, silu(sum))
  }
}

/// The delta net's gated norm; see `Kernels.normalize`.
public func gatedRootMeanSquare(
  _ x: UnsafePointer<Float>, _ gate: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ epsilon: Float,
  _ count: Int, _ output: UnsafeMutablePointer<Float>
) {
  var squares = _mm512_setzero_ps()
  for i in stride(from: 0, to: count, by: 16) {
    let lane = _mm512_maskz_loadu_ps(lanes(count, from: i), x + i)
    squares = _mm512_fmadd_ps(lane, lane, squares)
  }
  let scale = _mm512_set1_ps(1 / (_mm512_reduce_add_ps(squares) / Float(count) + epsilon).squareRoot())
  for i in stride(from: 0, to: count, by: 16) {
    let mask = lanes(count, from: i)
    let weighted = _mm512_mul_ps(
      _mm512_mul_ps(_mm512_maskz_loadu_ps(mask, x + i), scale), _mm512_maskz_loadu_ps(mask, weights + i))
    _mm512_mask_storeu_ps(
      output + i, mask, _mm512_mul_ps(weighted, silu(_mm512_maskz_loadu_ps(mask, gate + i))))
  }
}
