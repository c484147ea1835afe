import Foundation
import Sampling

/// The distribution a sampler should draw from, computed the slow and obvious way: sort everything, filter in order.
func referenceDistribution(_ logits: [Float], _ parameters: SamplingParameters) -> [Double] {
  var ranked = logits.enumerated()
    .map { (id: $0.offset, logit: Double($0.element)) }
    .sorted { $0.logit != $1.logit ? $0.logit > $1.logit : $0.id < $1.id }
  if parameters.temperature == 0 {
    return logits.indices.map { $0 == ranked[0].id ? 1 : 0 }
  }
  let greatest = ranked[0].logit
  func normalised() -> [Double] {
    let weights = ranked.map { exp(($0.logit - greatest) / Double(parameters.temperature)) }
    let sum = weights.reduce(0, +)
    return weights.map { $0 / sum }
  }

  if parameters.topK > 0 { ranked.removeLast(max(0, ranked.count - parameters.topK)) }
  if parameters.topP < 1 {
    var (cumulative, kept) = (0.0, 0)
    for probability in normalised() {
      cumulative += probability
      kept += 1
      if cumulative >= Double(parameters.topP) { break }
    }
    ranked.removeLast(ranked.count - kept)
  }
  let probabilities = normalised()
  let limit = Double(parameters.minP) * probabilities[0]
  ranked.removeLast(probabilities.count { $0 < limit })

  var distribution = [Double](repeating: 0, count: logits.count)
  for (token, probability) in zip(ranked, normalised()) { distribution[token.id] = probability }
  return distribution
}

/// Pearson's statistic of `counts` against `expected` probabilities as a standard normal deviate, by the
/// approximation of Wilson and Hilferty (PNAS 17, 1931). Cells that expect fewer than 5 are joined.
func chiSquareDeviate(_ counts: [Int], _ expected: [Double]) -> Double {
  let total = Double(counts.reduce(0, +))
  var (statistic, cells) = (0.0, 0)
  var (restCount, restExpected) = (0.0, 0.0)
  for (count, probability) in zip(counts, expected) where probability > 0 {
    if probability * total < 5 {
      restCount += Double(count)
      restExpected += probability * total
    } else {
      statistic += pow(Double(count) - probability * total, 2) / (probability * total)
      cells += 1
    }
  }
  if restExpected >= 1 {
    statistic += pow(restCount - restExpected, 2) / restExpected
    cells += 1
  }
  guard cells > 1 else { return 0 }
  let freedom = Double(cells - 1)
  return (cbrt(statistic / freedom) - (1 - 2 / (9 * freedom))) / (2 / (9 * freedom)).squareRoot()
}
