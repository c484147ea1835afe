import CIntrinsics

/// eˣ of eight lanes to about one unit in the last place: x = n·ln2 + r with |r| ≤ ln2/2, a polynomial for eʳ (the
/// coefficients of Cephes `expf`), times 2ⁿ. Below −104 the result is 0, above 88.7 it is +∞.
@inline(__always)
private func exponential(_ x: __m256) -> __m256 {
  let clamped = _mm256_min_ps(_mm256_set1_ps(89), _mm256_max_ps(_mm256_set1_ps(-110), x))
  // Adding 1.5·2²³ rounds to an integer.
  let magic = _mm256_set1_ps(12_582_912)
  let n = _mm256_sub_ps(_mm256_fmadd_ps(clamped, _mm256_set1_ps(1.442_695_04), magic), magic)
  var r = _mm256_fnmadd_ps(n, _mm256_set1_ps(0.693_359_375), clamped)
  r = _mm256_fnmadd_ps(n, _mm256_set1_ps(-2.121_944_4e-4), r)
  var p = _mm256_fmadd_ps(r, _mm256_set1_ps(1.987_569_15e-4), _mm256_set1_ps(1.398_199_95e-3))
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(8.333_451_9e-3))
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(4.166_579_6e-2))
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(1.666_666_55e-1))
  p = _mm256_fmadd_ps(p, r, _mm256_set1_ps(5.000_000_1e-1))
  p = _mm256_add_ps(_mm256_fmadd_ps(p, _mm256_mul_ps(r, r), r), _mm256_set1_ps(1))
  // 2ⁿ in two factors: n reaches 128, and -159, which one exponent field cannot hold.
  let exponent = _mm256_cvtps_epi32(n)
  let half = _mm256_srai_epi32(exponent, 1)
  return _mm256_mul_ps(_mm256_mul_ps(p, power(half)), power(_mm256_sub_epi32(exponent, half)))
}

/// 2ⁿ of eight lanes, for n from −126 to 127.
@inline(__always)
private func power(_ n: __m256i) -> __m256 {
  _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(n, _mm256_set1_epi32(127)), 23))
}

/// x / (1 + e⁻ˣ) of eight lanes.
@inline(__always)
private func silu(_ x: __m256) -> __m256 {
  let one = _mm256_set1_ps(1)
  return _mm256_div_ps(x, _mm256_add_ps(one, exponential(_mm256_sub_ps(_mm256_setzero_ps(), x))))
}

/// All bits of the first `count` lanes.
@inline(__always)
private func lanes(_ count: Int) -> __m256i {
  _mm256_cmpgt_epi32(
    _mm256_set1_epi32(Int32(truncatingIfNeeded: min(8, count))), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
}

/// Eight lanes, of which those from `count` on are 0 and not read.
@inline(__always)
private func load(_ address: UnsafePointer<Float>, _ count: Int) -> __m256 {
  count >= 8 ? _mm256_loadu_ps(address) : _mm256_maskload_ps(address, lanes(count))
}

/// Stores the first `count` lanes.
@inline(__always)
private func store(_ x: __m256, _ address: UnsafeMutablePointer<Float>, _ count: Int) {
  if count >= 8 { _mm256_storeu_ps(address, x) } else { _mm256_maskstore_ps(address, lanes(count), x) }
}

@inline(__always)
private func largest(_ x: __m256) -> Float {
  let four = _mm_max_ps(_mm256_castps256_ps128(x), upper_half_ps256(x))
  let two = _mm_max_ps(four, _mm_movehl_ps(four, four))
  return _mm_cvtss_f32(_mm_max_ps(two, _mm_movehdup_ps(two)))
}

@inline(__always)
private func sum(_ x: __m256) -> Float {
  let four = _mm_add_ps(_mm256_castps256_ps128(x), upper_half_ps256(x))
  let two = _mm_add_ps(four, _mm_movehl_ps(four, four))
  return _mm_cvtss_f32(_mm_add_ps(two, _mm_movehdup_ps(two)))
}

/// One row of `Kernels.accumulateSoftmax`; returns its correction.
public func accumulateSoftmax(
  _ scores: UnsafeMutablePointer<Float>, _ count: Int, _ scale: Float, _ scoreFactors: UnsafePointer<Float>?,
  _ weightFactors: UnsafePointer<Float>?, _ maximum: UnsafeMutablePointer<Float>, _ sum: UnsafeMutablePointer<Float>
) -> Float {
  let nothing = _mm256_set1_ps(-.infinity)
  var most = nothing
  for i in stride(from: 0, to: count, by: 8) {
    var x = _mm256_mul_ps(_mm256_loadu_ps(scores + i), _mm256_set1_ps(scale))
    if let scoreFactors { x = _mm256_mul_ps(x, load(scoreFactors + i, count - i)) }
    if count - i < 8 { x = _mm256_blendv_ps(nothing, x, _mm256_castsi256_ps(lanes(count - i))) }
    _mm256_storeu_ps(scores + i, x)
    most = _mm256_max_ps(most, x)
  }
  let earlier = maximum[0]
  let newMaximum = max(earlier, largest(most))
  var total = _mm256_setzero_ps()
  for i in stride(from: 0, to: count, by: 8) {
    var weight = exponential(_mm256_sub_ps(_mm256_loadu_ps(scores + i), _mm256_set1_ps(newMaximum)))
    total = _mm256_add_ps(total, weight)
    if let weightFactors { weight = _mm256_mul_ps(weight, load(weightFactors + i, count - i)) }
    _mm256_storeu_ps(scores + i, weight)
  }
  let correction =
    earlier == -.infinity ? 0 : _mm256_cvtss_f32(exponential(_mm256_set1_ps(earlier - newMaximum)))
  sum[0] = sum[0] * correction + KernelsAVX2.sum(total)
  maximum[0] = newMaximum
  return correction
}

/// `y = silu(gate) · y`.
public func multiplyBySiLU(_ gate: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, _ count: Int) {
  for i in stride(from: 0, to: count, by: 8) {
    store(_mm256_mul_ps(silu(load(gate + i, count - i)), load(y + i, count - i)), y + i, count - i)
  }
}

/// One output of a causal depthwise convolution, then SiLU; see `Kernels.convolve`.
public func convolve(
  _ taps: UnsafeBufferPointer<UnsafePointer<Float>>, _ weights: UnsafePointer<Float>, _ weightStride: Int,
  _ count: Int, _ output: UnsafeMutablePointer<Float>
) {
  for i in stride(from: 0, to: count, by: 8) {
    var sum = _mm256_setzero_ps()
    for j in 0..<taps.count {
      sum = _mm256_fmadd_ps(load(taps[j] + i, count - i), load(weights + j * weightStride + i, count - i), sum)
    }
    store(silu(sum), output + i, count - i)
  }
}

/// The delta net's gated norm; see `Kernels.normalize`.
public func gatedRootMeanSquare(
  _ x: UnsafePointer<Float>, _ gate: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, _ epsilon: Float,
  _ count: Int, _ output: UnsafeMutablePointer<Float>
) {
  var squares = _mm256_setzero_ps()
  for i in stride(from: 0, to: count, by: 8) {
    let lane = load(x + i, count - i)
    squares = _mm256_fmadd_ps(lane, lane, squares)
  }
  let scale = _mm256_set1_ps(1 / (sum(squares) / Float(count) + epsilon).squareRoot())
  for i in stride(from: 0, to: count, by: 8) {
    let rest = count - i
    let weighted = _mm256_mul_ps(_mm256_mul_ps(load(x + i, rest), scale), load(weights + i, rest))
    store(_mm256_mul_ps(weighted, silu(load(gate + i, rest))), output + i, rest)
  }
}
