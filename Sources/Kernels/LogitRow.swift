/// Passes over a row of logits, in blocks of tokens, so that what comes after can leave out whole blocks.
///
/// A logit that is NaN counts as minus infinity, one of plus infinity as the greatest finite number.
public enum LogitRow {
  /// Tokens of a block; the last one may have fewer.
  public static let blockSize = 64

  /// Blocks of a row.
  public static func blockCount(_ count: Int) -> Int { (count + blockSize - 1) / blockSize }

  /// The greatest logit of every block.
  ///
  /// - Parameter maxima: `blockCount(count)` results.
  public static func blockMaxima(_ logits: UnsafePointer<Float>, count: Int, maxima: UnsafeMutablePointer<Float>) {
    for block in 0..<blockCount(count) { maxima[block] = blockMaximum(logits, block, count: count) }
  }

  /// The greatest logit.
  public static func greatest(_ logits: UnsafePointer<Float>, count: Int) -> Float {
    (0..<blockCount(count)).reduce(-.infinity) { max($0, blockMaximum(logits, $1, count: count)) }
  }

  @inline(__always)
  private static func blockMaximum(_ logits: UnsafePointer<Float>, _ block: Int, count: Int) -> Float {
    let start = block * blockSize
    var largest = Lanes(repeating: -.infinity)
    // NaN is larger than nothing.
    for i in stride(from: start, to: min(start + blockSize, count), by: 8) {
      largest = larger(largest, logits.lanes(at: i, count: count, filler: -.infinity))
    }
    return min(largest.max(), .greatestFiniteMagnitude)
  }

  /// `weights[i] = e^((logits[i] − greatest) / temperature)`, and the sum of each block's.
  ///
  /// - Parameters:
  ///   - greatest: the greatest of the logits, finite.
  ///   - temperature: above 0.
  ///   - weights: room for `count` rounded up to eight; what follows the weights is overwritten.
  ///   - sums: `blockCount(count)` results.
  public static func weigh(
    _ logits: UnsafePointer<Float>, count: Int, greatest: Float, temperature: Float,
    weights: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Double>
  ) {
    for block in 0..<blockCount(count) {
      sums[block] = blockSum(
        logits, block, count: count, greatest: greatest, temperature: temperature, weights: weights)
    }
  }

  /// Σ e^(logits[i] − greatest), where `greatest` is the greatest of the logits, finite.
  public static func sumOfExponentials(_ logits: UnsafePointer<Float>, count: Int, greatest: Float) -> Double {
    var sum = 0.0
    for block in 0..<blockCount(count) {
      sum += blockSum(logits, block, count: count, greatest: greatest, temperature: 1, weights: nil)
    }
    return sum
  }

  @inline(__always)
  private static func blockSum(
    _ logits: UnsafePointer<Float>, _ block: Int, count: Int, greatest: Float, temperature: Float,
    weights: UnsafeMutablePointer<Float>?
  ) -> Double {
    let start = block * blockSize
    var sum = SIMD8<Double>.zero
    for i in stride(from: start, to: min(start + blockSize, count), by: 8) {
      let row = logits.lanes(at: i, count: count, filler: -.infinity)
      let finite = row.replacing(with: -.infinity, where: row .!= row)
        .replacing(with: .greatestFiniteMagnitude, where: row .> .greatestFiniteMagnitude)
      let lanes = exponential((finite - greatest) / temperature)
      weights?.store(lanes, at: i, count: .max)
      sum += SIMD8<Double>(lanes)
    }
    let half = sum.lowHalf + sum.highHalf
    return (half[0] + half[2]) + (half[1] + half[3])
  }
}
