import Foundation
import Kernels

/// One draw from a row of logits, over borrowed scratch memory.
///
/// What the filters keep is told by a *cut*: the lowest rank they let through. A block of tokens whose greatest logit
/// lies below what is looked for is not looked at.
struct Choice {
  let row: RankedRow
  /// The sum of the weights of each block, after `weighAll`.
  let sums: UnsafeMutableBufferPointer<Double>
  /// e^((logit − greatest) / temperature) by id, of candidates or of all; room for a whole vector follows.
  let weights: UnsafeMutableBufferPointer<Float>
  let greatest: Float
  let parameters: SamplingParameters

  private var logits: UnsafeBufferPointer<Float> { row.logits }
  private var maxima: UnsafeMutableBufferPointer<Float> { row.maxima }

  /// The token at `uniform`, from 0 to 1, of the filtered distribution.
  func draw(_ uniform: Double) -> Int {
    if parameters.topK > 0, parameters.topK < logits.count {
      let candidates = row.best(parameters.topK)
      let total = weigh(candidates)
      return draw(among: candidates, total: total, uniform)
    }
    var total = weighAll()
    if parameters.topP < 1 { return draw(among: nucleusCandidates(total: total), total: total, uniform) }
    if parameters.minP > 0 { total = dropWeightsBelow(parameters.minP) }
    return draw(at: uniform * total)
  }

  // MARK: - Weights

  /// The logarithm of a token's weight: 0 for the most likely one, and negative for others.
  @inline(__always) private func exponent(_ logit: Float) -> Float {
    (finite(logit) - greatest) / parameters.temperature
  }

  /// Stores the weights of candidates and returns their sum.
  private func weigh(_ candidates: UnsafeMutableBufferPointer<RankKey>) -> Double {
    var total = 0.0
    for key in candidates {
      let weight = exp(exponent(key.logit))
      weights[key.id] = weight
      total += Double(weight)
    }
    return total
  }

  /// Stores the weights of the whole row and returns their sum.
  private func weighAll() -> Double {
    guard let start = logits.baseAddress, let output = weights.baseAddress, let total = sums.baseAddress else {
      return 0
    }
    LogitRow.weigh(
      start, count: logits.count, greatest: greatest, temperature: parameters.temperature, weights: output, sums: total)
    return sums.reduce(0, +)
  }

  /// Takes what is lighter than `limit` out of the sums; returns what they are together.
  private func dropWeightsBelow(_ limit: Float) -> Double {
    for block in sums.indices {
      sums[block] = 0
      guard mayReach(limit, block) else { continue }
      for id in row.ids(of: block) where weights[id] >= limit { sums[block] += Double(weights[id]) }
    }
    return sums.reduce(0, +)
  }

  /// Whether a block may hold a weight of at least `limit`; certain only where it is false.
  private func mayReach(_ limit: Float, _ block: Int) -> Bool {
    // A weight's logarithm is off by far less than this.
    exponent(maxima[block]) >= log(limit) - 0.01
  }

  // MARK: - Drawing

  /// Draws from the part of `candidates` that top-p and min-p keep; `total` is the weight top-p is measured against.
  private func draw(among candidates: UnsafeMutableBufferPointer<RankKey>, total: Double, _ uniform: Double) -> Int {
    var kept = candidates.count
    if parameters.topP < 1 {
      kept = candidates.selectPrefix(reaching: nucleusTarget(total: total)) { Double(weights[$0.id]) }
    }
    var (cut, sum) = (candidates[0], 0.0)
    for key in candidates[..<kept] {
      cut = max(cut, key)
      if weights[key.id] >= parameters.minP { sum += Double(weights[key.id]) }
    }
    let target = uniform * sum
    var (cumulative, chosen) = (0.0, 0)
    for block in maxima.indices where maxima[block] >= cut.logit {
      for id in row.ids(of: block) {
        let logit = finite(logits[id])
        guard logit >= cut.logit, RankKey(logit: logit, id: id) <= cut else { continue }
        guard weights[id] >= parameters.minP, weights[id] > 0 else { continue }
        cumulative += Double(weights[id])
        chosen = id
        if cumulative > target { return chosen }
      }
    }
    // Rounding may leave the target unreached; then it lies in the last token's share.
    return chosen
  }

  /// The first id, in ascending order, at which the cumulative weight of all blocks' tokens exceeds `target`.
  private func draw(at target: Double) -> Int {
    var (cumulative, last) = (0.0, 0)
    for block in sums.indices where sums[block] > 0 {
      if cumulative + sums[block] > target { return walk(through: block, from: cumulative, to: target) }
      cumulative += sums[block]
      last = block
    }
    return walk(through: last, from: 0, to: .infinity)
  }

  /// The id in a block at which the cumulative weight exceeds `target`. The block's sum was added up in another order,
  /// so the target may be missed by a last place; then it lies in the last token's share.
  private func walk(through block: Int, from start: Double, to target: Double) -> Int {
    var (cumulative, chosen) = (start, 0)
    for id in row.ids(of: block) where weights[id] >= parameters.minP && weights[id] > 0 {
      cumulative += Double(weights[id])
      chosen = id
      if cumulative > target { break }
    }
    return chosen
  }

  // MARK: - Candidates

  /// The weight that the top-p nucleus has to reach.
  private func nucleusTarget(total: Double) -> Double {
    // A limit written in decimal may have been rounded up: 3 of 10 equal tokens are a nucleus for 0.3.
    Double(max(parameters.topP.nextDown, .leastNonzeroMagnitude)) * total
  }

  /// The tokens among which the top-p nucleus must lie, found without sorting.
  ///
  /// Mostly some hundred tokens reach it. Else, tokens lighter than (1 − p) · total / n weigh at most (1 − p) · total
  /// together, so the others reach p · total without them.
  private func nucleusCandidates(total: Double) -> UnsafeMutableBufferPointer<RankKey> {
    let few = 256
    if few < row.maxima.count {
      let candidates = row.best(few)
      let weight = candidates.reduce(0) { $0 + Double(weights[$1.id]) }
      if weight >= nucleusTarget(total: total) { return candidates }
    }
    let floor = Float((1 - Double(parameters.topP)) * total / Double(logits.count)).nextDown
    return row.gather(where: { weights[$0] >= floor }, inBlocks: { mayReach(floor, $0) })
  }
}
