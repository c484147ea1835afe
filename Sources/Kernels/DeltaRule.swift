/// Small loops of the gated delta rule's chunk form.
public enum DeltaRule {
  /// `output[d][i] = decays[i] · keys[i][d]` for `count` keys: the coefficients with which rows enter the state.
  public static func decayedTranspose(
    keys: UnsafePointer<Float>, dimension: Int, decays: UnsafePointer<Float>, count: Int,
    output: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<count {
      for d in 0..<dimension { output[d * count + i] = decays[i] * keys[i * dimension + d] }
    }
  }

  /// `output[i] = products[i] · decays[i]`.
  public static func decay(
    _ products: UnsafePointer<Float>, decays: UnsafePointer<Float>, count: Int, output: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<count { output[i] = products[i] * decays[i] }
  }

  /// The value a row adds to the state: `output = beta · (value − recalled)`.
  public static func update(
    value: UnsafePointer<Float>, recalled: UnsafePointer<Float>, beta: Float, count: Int,
    output: UnsafeMutablePointer<Float>
  ) {
    for i in 0..<count { output[i] = beta * (value[i] - recalled[i]) }
  }
}
