import Foundation
import Kernels

/// Chooses a token from a row of logits.
///
/// Filters apply in the order of Hugging Face's logits warpers: temperature, top-k, top-p, min-p, each on the
/// distribution the one before left, renormalised. The order matters: top-p measures probabilities that the
/// temperature has reshaped and top-k has cut, so a high temperature widens the nucleus. Min-p compares with the most
/// likely token, which no filter removes, so it may as well come last.
///
/// Every filter keeps a prefix of the tokens ranked by "greater logit, then lower id"; ties are thereby decided for
/// the lower id, and top-k keeps exactly k tokens. The choice is one uniform number looked up in the cumulative
/// distribution of the kept tokens in order of id.
///
/// A logit that is NaN counts as minus infinity, one of plus infinity as the greatest finite number. If no token has a
/// logit above minus infinity, token 0 is chosen.
///
/// A sampler owns its scratch memory and allocates nothing after its initialiser; it keeps no state between calls.
public struct Sampler {
  /// Tokens in a row of logits.
  public let vocabularySize: Int

  /// Candidates in front of a cut; holds a whole row.
  private var keys: [RankKey]
  /// exp((logit - greatest logit) / temperature) of the candidates, by id; padded to whole vectors.
  private var weights: [Float]

  /// Reserves about 12 bytes a token of the vocabulary.
  public init(vocabularySize: Int) {
    precondition(vocabularySize > 0 && vocabularySize <= Int(Int32.max), "a vocabulary has at least one token")
    self.vocabularySize = vocabularySize
    keys = Array(repeating: RankKey(logit: 0, id: 0), count: vocabularySize)
    weights = Array(repeating: 0, count: (vocabularySize + 7) / 8 * 8)
  }

  /// The token that follows `position` tokens, chosen from `logits` (one a token of the vocabulary).
  public mutating func sample(
    _ logits: UnsafeBufferPointer<Float>, _ parameters: SamplingParameters, position: Int
  ) -> Int32 {
    precondition(logits.count == vocabularySize, "a row of logits has one logit a token")
    let best = mostLikely(logits)
    if parameters.temperature == 0 || parameters.topK == 1 || logits[best] == -.infinity { return Int32(best) }
    let uniform = KeyedRandom.uniform(seed: parameters.seed, position: position)
    let chosen = keys.withUnsafeMutableBufferPointer { keys in
      weights.withUnsafeMutableBufferPointer { weights in
        let choice = Choice(
          logits: logits, keys: keys, weights: UnsafeMutableBufferPointer(rebasing: weights[..<logits.count]),
          greatest: finite(logits[best]), parameters: parameters)
        return choice.draw(uniform)
      }
    }
    return Int32(chosen)
  }
}

/// The lowest id among those with the greatest logit; 0 if there is none above minus infinity.
func mostLikely(_ logits: UnsafeBufferPointer<Float>) -> Int {
  var (best, greatest) = (0, -Float.infinity)
  // NaN is greater than nothing.
  for id in logits.indices where logits[id] > greatest { (best, greatest) = (id, logits[id]) }
  return best
}

/// A logit that can be computed with: not NaN, and below plus infinity.
@inline(__always) func finite(_ logit: Float) -> Float {
  logit.isNaN ? -.infinity : min(logit, .greatestFiniteMagnitude)
}

/// One draw, over borrowed scratch memory.
///
/// What the filters keep is told by a *cut*: the lowest rank they let through.
private struct Choice {
  let logits: UnsafeBufferPointer<Float>
  let keys: UnsafeMutableBufferPointer<RankKey>
  /// Room for a whole vector follows.
  let weights: UnsafeMutableBufferPointer<Float>
  let greatest: Float
  let parameters: SamplingParameters

  func draw(_ uniform: Double) -> Int {
    if parameters.topK > 0, parameters.topK < logits.count {
      let candidates = topK(parameters.topK)
      var total = 0.0
      for key in candidates { total += weigh(key.id) }
      return draw(among: candidates, total: total, uniform)
    }
    var total = weighAll()
    if parameters.topP < 1 { return draw(among: nucleusCandidates(total: total), total: total, uniform) }
    if parameters.minP > 0 {
      total = 0
      for weight in weights where weight >= parameters.minP { total += Double(weight) }
    }
    return walk(to: uniform * total, cut: .lowest)
  }

  /// The logarithm of a token's weight: 0 for the most likely one, and negative for others.
  @inline(__always) private func exponent(_ id: Int) -> Float {
    (finite(logits[id]) - greatest) / parameters.temperature
  }

  /// Stores the weight of one candidate and returns it.
  private func weigh(_ id: Int) -> Double {
    let weight = exp(exponent(id))
    weights[id] = weight
    return Double(weight)
  }

  /// Stores the weights of the whole row and returns their sum.
  private func weighAll() -> Double {
    guard let start = weights.baseAddress else { return 0 }
    for id in logits.indices { start[id] = exponent(id) }
    var (maximum, roundedSum) = (0 as Float, 0 as Float)
    _ = Softmax.accumulate(start, count: logits.count, scale: 1, maximum: &maximum, sum: &roundedSum)
    return weights.reduce(0) { $0 + Double($1) }
  }

  /// Draws from the part of `candidates` that top-p and min-p keep; `total` is the weight top-p is measured against.
  private func draw(among candidates: UnsafeMutableBufferPointer<RankKey>, total: Double, _ uniform: Double) -> Int {
    var kept = candidates.count
    if parameters.topP < 1 {
      // A limit written in decimal may have been rounded up: 3 of 10 equal tokens are a nucleus for 0.3.
      let target = Double(max(parameters.topP.nextDown, .leastNonzeroMagnitude)) * total
      kept = candidates.selectPrefix(reaching: target) { Double(weights[$0.id]) }
    }
    var (cut, sum) = (candidates[0], 0.0)
    for key in candidates[..<kept] {
      cut = max(cut, key)
      if weights[key.id] >= parameters.minP { sum += Double(weights[key.id]) }
    }
    return walk(to: uniform * sum, cut: cut)
  }

  /// The first id, in ascending order, at which the cumulative weight of the kept tokens exceeds `target`.
  private func walk(to target: Double, cut: RankKey) -> Int {
    let lowest = cut.logit
    var (cumulative, chosen) = (0.0, 0)
    for id in logits.indices {
      let logit = finite(logits[id])
      guard logit >= lowest, RankKey(logit: logit, id: id) <= cut else { continue }
      let weight = weights[id]
      guard weight >= parameters.minP, weight > 0 else { continue }
      cumulative += Double(weight)
      chosen = id
      if cumulative > target { break }
    }
    // Rounding may leave the target unreached; then it lies in the last token's share.
    return chosen
  }

  // MARK: Candidates

  /// The `k` highest ranks.
  ///
  /// One pass over the row that only looks at logits above the lowest kept so far: keys gather in a buffer of twice k,
  /// and whenever it is full, what ranks below the best k is dropped.
  private func topK(_ k: Int) -> UnsafeMutableBufferPointer<RankKey> {
    let capacity = min(max(2 * min(k, keys.count / 2), 256), keys.count)
    var filled = 0
    var lowest = -Float.infinity
    for id in logits.indices {
      let logit = finite(logits[id])
      // An equal logit with a higher id ranks below what is kept already.
      guard logit > lowest || filled < k else { continue }
      if filled == capacity {
        lowest = moveBest(k, of: filled)
        filled = k
        guard logit > lowest else { continue }
      }
      keys[filled] = RankKey(logit: logit, id: id)
      filled += 1
    }
    _ = moveBest(k, of: filled)
    return UnsafeMutableBufferPointer(rebasing: keys[..<k])
  }

  /// Moves the `k` highest of the first `filled` ranks to the front, and returns the lowest logit among them.
  private func moveBest(_ k: Int, of filled: Int) -> Float {
    let front = UnsafeMutableBufferPointer(rebasing: keys[..<filled])
    let kept = front.selectPrefix(reaching: Double(k)) { _ in 1 }
    return front[..<kept].max()?.logit ?? -.infinity
  }

  /// The tokens among which the top-p nucleus must lie, found without sorting.
  ///
  /// Tokens lighter than (1 - p) · total / n weigh at most (1 - p) · total together, so the others reach p · total
  /// without them.
  private func nucleusCandidates(total: Double) -> UnsafeMutableBufferPointer<RankKey> {
    let floor = Float((1 - Double(parameters.topP)) * total / Double(logits.count)).nextDown
    var filled = 0
    for id in logits.indices where weights[id] >= floor {
      keys[filled] = RankKey(logit: finite(logits[id]), id: id)
      filled += 1
    }
    return UnsafeMutableBufferPointer(rebasing: keys[..<filled])
  }
}
