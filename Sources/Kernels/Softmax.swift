/// Softmax over rows of scores.
public enum Softmax {
  /// One row of `Kernels.accumulateSoftmax`; returns its correction. The scores have room for `count` rounded up to
  /// eight.
  public static func accumulate(
    _ scores: UnsafeMutablePointer<Float>, count: Int, scale: Float, scoreFactors: UnsafePointer<Float>? = nil,
    weightFactors: UnsafePointer<Float>? = nil, maximum: inout Float, sum: inout Float
  ) -> Float {
    var largest = Lanes(repeating: -.infinity)
    for i in stride(from: 0, to: count, by: 8) {
      var lanes = scores.lanes(at: i, count: count, filler: -.infinity) * scale
      if let scoreFactors { lanes *= scoreFactors.lanes(at: i, count: count, filler: 1) }
      scores.store(lanes, at: i, count: .max)
      largest = larger(largest, lanes)
    }
    let newMaximum = max(maximum, largest.max())
    var total = Lanes.zero
    for i in stride(from: 0, to: count, by: 8) {
      var lanes = exponential(scores.lanes(at: i, count: .max) - newMaximum)
      total += lanes
      if let weightFactors { lanes *= weightFactors.lanes(at: i, count: count) }
      scores.store(lanes, at: i, count: .max)
    }
    let correction = maximum == -.infinity ? 0 : exponential(Lanes(repeating: maximum - newMaximum))[0]
    sum = sum * correction + laneSum(total)
    maximum = newMaximum
    return correction
  }

  /// Joins two parts of an online softmax: what was accumulated from earlier scores takes in what was accumulated
  /// from later ones, `count` weighted sums each.
  public static func join(
    sums: UnsafeMutablePointer<Float>, maximum: inout Float, total: inout Float, later: UnsafePointer<Float>,
    laterMaximum: Float, laterTotal: Float, count: Int
  ) {
    let newMaximum = max(maximum, laterMaximum)
    let factor = exponential(Lanes(repeating: maximum - newMaximum))[0]
    let laterFactor = exponential(Lanes(repeating: laterMaximum - newMaximum))[0]
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = sums.lanes(at: i, count: count) * factor + later.lanes(at: i, count: count) * laterFactor
      sums.store(lanes, at: i, count: count)
    }
    total = total * factor + laterTotal * laterFactor
    maximum = newMaximum
  }

  /// Replaces `count` scores by their softmax.
  public static func normalize(_ scores: UnsafeMutablePointer<Float>, count: Int) {
    var largest = Lanes(repeating: -.infinity)
    for i in stride(from: 0, to: count, by: 8) {
      largest = larger(largest, scores.lanes(at: i, count: count, filler: -.infinity))
    }
    let maximum = largest.max()
    var total = Lanes.zero
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = exponential(scores.lanes(at: i, count: count, filler: -.infinity) - maximum)
      scores.store(lanes, at: i, count: count)
      total += lanes
    }
    let sum = laneSum(total)
    for i in stride(from: 0, to: count, by: 8) {
      scores.store(scores.lanes(at: i, count: count) / sum, at: i, count: count)
    }
  }
}
