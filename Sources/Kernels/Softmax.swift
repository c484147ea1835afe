/// Softmax over one row.
public enum Softmax {
  /// One block of an online softmax (Milakov and Gimelshein, arXiv 1805.02867).
  ///
  /// Replaces `count` raw scores by e^(score · scale − maximum), where `maximum` is the largest scaled score of this
  /// block and the ones before, and brings `maximum` and `sum` up to date.
  /// - Parameter scores: room for `count` rounded up to eight; what follows the scores is overwritten.
  /// - Returns: what everything accumulated from earlier blocks must be multiplied by; 0 for the first block.
  public static func accumulate(
    _ scores: UnsafeMutablePointer<Float>, count: Int, scale: Float, maximum: inout Float, sum: inout Float
  ) -> Float {
    var largest = Lanes(repeating: -.infinity)
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = scores.lanes(at: i, count: count, filler: -.infinity) * scale
      scores.store(lanes, at: i, count: .max)
      largest = larger(largest, lanes)
    }
    let newMaximum = max(maximum, largest.max())
    var total = Lanes.zero
    for i in stride(from: 0, to: count, by: 8) {
      let lanes = exponential(scores.lanes(at: i, count: .max) - newMaximum)
      scores.store(lanes, at: i, count: .max)
      total += lanes
    }
    let correction = maximum == -.infinity ? 0 : exponential(Lanes(repeating: maximum - newMaximum))[0]
    sum = sum * correction + laneSum(total)
    maximum = newMaximum
    return correction
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
