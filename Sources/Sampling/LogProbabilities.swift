import Foundation
import Kernels

/// A token and the natural logarithm of its probability.
public struct TokenLogProbability: Sendable, Equatable {
  /// The token.
  public let id: Int32
  /// Natural logarithm of its probability; minus infinity if it is impossible.
  public let logProbability: Double

  /// Pairs the two.
  public init(id: Int32, logProbability: Double) {
    self.id = id
    self.logProbability = logProbability
  }
}

/// A token with its log-probability, and the most likely tokens at its place.
public struct TokenScore: Sendable, Equatable {
  /// The token that stands there.
  public let token: TokenLogProbability
  /// The most likely ones, the most likely first, ties by lowest id.
  public let alternatives: [TokenLogProbability]

  /// Puts the two together.
  public init(token: TokenLogProbability, alternatives: [TokenLogProbability]) {
    self.token = token
    self.alternatives = alternatives
  }
}

/// log Σ exp(logit): what is subtracted from a logit to give the token's log-probability (temperature 1, no filter).
///
/// The greatest logit is taken out first, so nothing overflows, and the sum is kept in double precision. NaN counts as
/// minus infinity. If every logit is minus infinity the result is, too.
public func logPartition(_ logits: UnsafeBufferPointer<Float>) -> Double {
  guard let row = logits.baseAddress else { return -.infinity }
  let greatest = LogitRow.greatest(row, count: logits.count)
  guard greatest > -.infinity else { return -.infinity }
  return Double(greatest) + log(LogitRow.sumOfExponentials(row, count: logits.count, greatest: greatest))
}

/// The log-softmax of a row: `result[id]` is the natural logarithm of the token's probability.
///
/// `result` has as many elements as `logits`.
public func logProbabilities(
  _ logits: UnsafeBufferPointer<Float>, into result: UnsafeMutableBufferPointer<Float>
) {
  precondition(result.count == logits.count, "one result a logit")
  let partition = logPartition(logits)
  for id in logits.indices {
    result[id] = Float(logProbability(logits[id], partition))
  }
}

/// The natural logarithm of the probability of `id`; minus infinity if it is not in the vocabulary.
public func logProbability(of id: Int32, _ logits: UnsafeBufferPointer<Float>) -> Double {
  guard logits.indices.contains(Int(id)) else { return -.infinity }
  return logProbability(logits[Int(id)], logPartition(logits))
}

/// The `count` most likely tokens, the most likely first, ties by lowest id; fewer if the vocabulary is smaller.
public func topLogProbabilities(_ count: Int, _ logits: UnsafeBufferPointer<Float>) -> [TokenLogProbability] {
  var maxima = [Float](repeating: 0, count: LogitRow.blockCount(logits.count))
  var keys = [RankKey](repeating: .lowest, count: logits.count)
  return maxima.withUnsafeMutableBufferPointer { maxima in
    keys.withUnsafeMutableBufferPointer { keys in
      topLogProbabilities(count, logits, partition: logPartition(logits), maxima: maxima, keys: keys)
    }
  }
}

/// The same over borrowed scratch memory: room for a block's maximum each, and for a key a token.
func topLogProbabilities(
  _ count: Int, _ logits: UnsafeBufferPointer<Float>, partition: Double, maxima: UnsafeMutableBufferPointer<Float>,
  keys: UnsafeMutableBufferPointer<RankKey>
) -> [TokenLogProbability] {
  let count = min(max(count, 0), logits.count)
  guard count > 0 else { return [] }
  return RankedRow(logits, maxima: maxima, keys: keys).best(count).sorted().map { key in
    TokenLogProbability(id: Int32(key.id), logProbability: logProbability(logits[key.id], partition))
  }
}

func logProbability(_ logit: Float, _ partition: Double) -> Double {
  let logit = finite(logit)
  return logit == -.infinity ? -.infinity : Double(logit) - partition
}
