/// Norms of one row. Sums run over eight lanes in ascending order, then over a fixed tree.
public enum Normalization {
  /// Root mean square norm: `output = x · rsqrt(mean(x²) + epsilon) · weights`, `count` floats each. `output` may be
  /// `x`. (The "1 + w" of Qwen3-Next is in the weights already.)
  public static func rootMeanSquare(
    _ x: UnsafePointer<Float>, weights: UnsafePointer<Float>, epsilon: Float, count: Int,
    output: UnsafeMutablePointer<Float>
  ) {
    let scale = 1 / (sumOfSquares(x, count) / Float(count) + epsilon).squareRoot()
    for i in stride(from: 0, to: count, by: 8) {
      output.store(x.lanes(at: i, count: count) * scale * weights.lanes(at: i, count: count), at: i, count: count)
    }
  }

  /// The delta net's gated norm: `output = weights · x · rsqrt(mean(x²) + epsilon) · silu(gate)`. `output` may be `x`.
  public static func gatedRootMeanSquare(
    _ x: UnsafePointer<Float>, gate: UnsafePointer<Float>, weights: UnsafePointer<Float>, epsilon: Float, count: Int,
    output: UnsafeMutablePointer<Float>
  ) {
    let scale = 1 / (sumOfSquares(x, count) / Float(count) + epsilon).squareRoot()
    for i in stride(from: 0, to: count, by: 8) {
      let z = gate.lanes(at: i, count: count)
      let normalized = x.lanes(at: i, count: count) * scale * weights.lanes(at: i, count: count)
      output.store(normalized * (z * logistic(z)), at: i, count: count)
    }
  }

  /// Unit length: `output = x · rsqrt(Σx² + epsilon) · scale`. `output` may be `x`.
  public static func unitLength(
    _ x: UnsafePointer<Float>, epsilon: Float, scale: Float, count: Int, output: UnsafeMutablePointer<Float>
  ) {
    let factor = 1 / (sumOfSquares(x, count) + epsilon).squareRoot()
    for i in stride(from: 0, to: count, by: 8) {
      output.store(x.lanes(at: i, count: count) * factor * scale, at: i, count: count)
    }
  }

  @inline(__always)
  private static func sumOfSquares(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
    var sum = Lanes.zero
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = x.lanes(at: i, count: count)
      sum += lanes * lanes
    }
    return laneSum(sum)
  }
}
