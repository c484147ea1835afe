import Kernels

/// Chooses a token from a row of logits, and tells probabilities.
///
/// The row is adjusted first (`LogitAdjustment`), then tokens that may not come are taken out (`TokenMask`). Filters apply in the order of Hugging Face's logits warpers: temperature, top-k, top-p, min-p, each on the
/// distribution the one before left, renormalised. The order matters: top-p measures probabilities that the
/// temperature has reshaped and top-k has cut, so a high temperature widens the nucleus. Min-p compares with the most
/// likely token, which no filter removes, so it may as well come last.
///
/// Every filter keeps a prefix of the tokens ranked by "greater logit, then lower id"; ties are thereby decided for
/// the lower id, and top-k keeps exactly k tokens. The choice is one uniform number looked up in the cumulative
/// distribution of the kept tokens in order of id.
///
/// A logit that is NaN counts as minus infinity, one of plus infinity as the greatest finite number. If no token has a
/// logit above minus infinity, token 0 is chosen, or the lowest that the mask allows.
///
/// A sampler owns its scratch memory and allocates nothing after its initialiser; it keeps no state between calls.
public struct Sampler {
  /// Tokens in a row of logits.
  public let vocabularySize: Int

  private var maxima: [Float]
  private var sums: [Double]
  private var keys: [RankKey]
  private var weights: [Float]
  /// The row after adjustment and mask.
  private var adjusted: [Float]

  /// Reserves about 16 bytes a token of the vocabulary.
  public init(vocabularySize: Int) {
    precondition(vocabularySize > 0 && vocabularySize <= Int(Int32.max), "a vocabulary has at least one token")
    self.vocabularySize = vocabularySize
    let blocks = LogitRow.blockCount(vocabularySize)
    maxima = Array(repeating: 0, count: blocks)
    sums = Array(repeating: 0, count: blocks)
    keys = Array(repeating: RankKey(logit: 0, id: 0), count: vocabularySize)
    weights = Array(repeating: 0, count: (vocabularySize + 7) / 8 * 8)
    adjusted = Array(repeating: 0, count: vocabularySize)
  }

  /// The token that follows `position` tokens, chosen from `logits` (one a token of the vocabulary).
  ///
  /// - Parameters:
  ///   - history: the tokens that the parameters' penalties look at; not needed where there are none.
  ///   - mask: the tokens that may come; nil allows all. It allows at least one.
  public mutating func sample(
    _ logits: UnsafeBufferPointer<Float>, _ parameters: SamplingParameters, position: Int,
    history: TokenHistory = TokenHistory(), mask: TokenMask? = nil
  ) -> Int32 {
    precondition(logits.count == vocabularySize, "a row of logits has one logit a token")
    guard mask != nil || !parameters.adjustment.isNeutral else {
      return choose(from: logits, parameters, position: position)
    }
    // The scratch row is taken out while the others are in use.
    var row: [Float] = []
    swap(&row, &adjusted)
    defer { swap(&row, &adjusted) }
    let chosen = row.withUnsafeMutableBufferPointer { row in
      _ = row.update(fromContentsOf: logits)
      parameters.adjustment.apply(to: row, after: history)
      mask?.apply(to: row)
      return choose(from: UnsafeBufferPointer(row), parameters, position: position)
    }
    guard let mask, !mask[chosen] else { return chosen }
    return mask.first ?? chosen
  }

  private mutating func choose(
    from logits: UnsafeBufferPointer<Float>, _ parameters: SamplingParameters, position: Int
  ) -> Int32 {
    let chosen = maxima.withUnsafeMutableBufferPointer { maxima in
      sums.withUnsafeMutableBufferPointer { sums in
        keys.withUnsafeMutableBufferPointer { keys in
          weights.withUnsafeMutableBufferPointer { weights in
            let row = RankedRow(logits, maxima: maxima, keys: keys)
            let best = row.mostLikely
            let greatest = finite(logits[best])
            guard parameters.temperature > 0, parameters.topK != 1, greatest > -.infinity else { return best }
            let choice = Choice(
              row: row, sums: sums, weights: UnsafeMutableBufferPointer(rebasing: weights[..<logits.count]),
              greatest: greatest, parameters: parameters)
            return choice.draw(KeyedRandom.uniform(seed: parameters.seed, position: position))
          }
        }
      }
    }
    return Int32(chosen)
  }

  /// The log-probability of `token` in the model's own distribution (temperature 1; no adjustment, mask or filter), and
  /// those of the most likely ones. `alternatives` is how many.
  public mutating func score(
    _ logits: UnsafeBufferPointer<Float>, of token: Int32, alternatives: Int
  ) -> TokenScore {
    precondition(logits.count == vocabularySize, "a row of logits has one logit a token")
    let partition = logPartition(logits)
    let best = maxima.withUnsafeMutableBufferPointer { maxima in
      keys.withUnsafeMutableBufferPointer { keys in
        topLogProbabilities(alternatives, logits, partition: partition, maxima: maxima, keys: keys)
      }
    }
    let logit = logits.indices.contains(Int(token)) ? logits[Int(token)] : -.infinity
    return TokenScore(
      token: TokenLogProbability(id: token, logProbability: logProbability(logit, partition)), alternatives: best)
  }
}
