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

extension Kernels {
  /// One block of an online softmax (Milakov and Gimelshein, arXiv 1805.02867) for some rows of scores.
  ///
  /// A score i counts as `scores[i] · scale · scoreFactors[i]`. Each row's `count` scores are replaced by
  /// e^(score − maximum) · weightFactors[i], where `maximum` is the largest score of this block and the ones before;
  /// `maxima` and `sums` (of the weights without their factors) are brought up to date; `corrections` receives what
  /// everything accumulated from earlier blocks must be multiplied by, 0 for the first block.
  ///
  /// - Parameters:
  ///   - scores: `rows` rows, `stride` floats apart, each with room for `count` rounded up to 16; what follows a row's
  ///     scores there is overwritten.
  ///   - scoreFactors: `count` factors; nil stands for ones. Likewise `weightFactors`.
  public func accumulateSoftmax(
    _ scores: UnsafeMutablePointer<Float>, stride: Int, rows: Int, count: Int, scale: Float,
    scoreFactors: UnsafePointer<Float>?, weightFactors: UnsafePointer<Float>?, maxima: UnsafeMutablePointer<Float>,
    sums: UnsafeMutablePointer<Float>, corrections: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      corrections[row] = Softmax.accumulate(
        scores + row * stride, count: count, scale: scale, scoreFactors: scoreFactors, weightFactors: weightFactors,
        maximum: &maxima[row], sum: &sums[row])
    }
  }
}
