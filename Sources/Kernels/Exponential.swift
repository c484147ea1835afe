/// eˣ of eight lanes to about one unit in the last place: x = n·ln2 + r with |r| ≤ ln2/2, a polynomial for eʳ (the
/// coefficients of Cephes `expf`), and n added to the exponent. Below −87.3 the result is 0, so that a masked score
/// of −∞ adds nothing; above 88.7 it is +∞.
@inline(__always)
func exponential(_ x: Lanes) -> Lanes {
  let clamped = x.replacing(with: -88, where: x .< -88).replacing(with: 88.8, where: x .> 88.8)
  // Adding 1.5·2²³ rounds to an integer and leaves it in the low bits.
  let shifted = clamped * 1.442_695_04 + 12_582_912
  let n = shifted - 12_582_912
  let r = (clamped - n * 0.693_359_375) - n * -2.121_944_4e-4
  var p = r * 1.987_569_15e-4 + 1.398_199_95e-3
  p = p * r + 8.333_451_9e-3
  p = p * r + 4.166_579_6e-2
  p = p * r + 1.666_666_55e-1
  p = p * r + 5.000_000_1e-1
  p = (p * (r * r) + r) + 1
  // 2ⁿ in two factors: n reaches 128, which one exponent field cannot hold.
  let exponent = unsafeBitCast(shifted, to: SIMD8<Int32>.self) &- 0x4b40_0000
  let half = exponent &>> 1
  let scale0 = unsafeBitCast((half &+ 127) &<< 23, to: Lanes.self)
  let scale1 = unsafeBitCast((exponent &- half &+ 127) &<< 23, to: Lanes.self)
  return (p * scale0 * scale1).replacing(with: 0, where: x .< -87.3)
}

/// The larger of each pair of lanes. (The standard library's `pointwiseMax` goes lane by lane.)
@inline(__always)
func larger(_ a: Lanes, _ b: Lanes) -> Lanes { a.replacing(with: b, where: b .> a) }

/// 1 / (1 + e⁻ˣ) of eight lanes.
@inline(__always)
func logistic(_ x: Lanes) -> Lanes { 1 / (1 + exponential(0 - x)) }

extension UnsafePointer where Pointee == Float {
  /// Lanes from `offset` on; the lanes at or past `count` are `filler`.
  @inline(__always)
  func lanes(at offset: Int, count: Int, filler: Float = 0) -> Lanes {
    if offset + 8 <= count { return UnsafeRawPointer(self + offset).loadUnaligned(as: Lanes.self) }
    var lanes = Lanes(repeating: filler)
    for lane in 0..<max(0, count - offset) { lanes[lane] = self[offset + lane] }
    return lanes
  }
}

extension UnsafeMutablePointer where Pointee == Float {
  @inline(__always)
  func lanes(at offset: Int, count: Int, filler: Float = 0) -> Lanes {
    UnsafePointer(self).lanes(at: offset, count: count, filler: filler)
  }

  /// Stores the lanes from `offset` on, as far as `count` reaches.
  @inline(__always)
  func store(_ lanes: Lanes, at offset: Int, count: Int) {
    if offset + 8 <= count {
      UnsafeMutableRawPointer(self + offset).storeBytes(of: lanes, as: Lanes.self)
    } else {
      for lane in 0..<max(0, count - offset) { self[offset + lane] = lanes[lane] }
    }
  }
}
