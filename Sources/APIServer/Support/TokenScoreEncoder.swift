import JSON
import Sampling
import Tokenizer

/// Writes tokens with their log-probabilities as OpenAI's chat API has them.
struct TokenScoreEncoder: Sendable {
  let tokenizer: Tokenizer

  /// What stands for the logarithm of zero, which JSON lacks.
  private static let impossible = -9999.0

  /// The value of a choice's `logprobs`.
  func logprobs(_ scores: [TokenScore]) -> JSON {
    ["content": .array(scores.map(entry)), "refusal": .null]
  }

  private func entry(_ score: TokenScore) -> JSON {
    var entry = members(score.token)
    entry["top_logprobs"] = .array(score.alternatives.map { .object(members($0)) })
    return .object(entry)
  }

  private func members(_ token: TokenLogProbability) -> JSONObject {
    let bytes = tokenizer.bytes(of: token.id) ?? []
    return [
      "token": .string(String(decoding: bytes, as: UTF8.self)), "logprob": Self.number(token.logProbability),
      "bytes": .array(bytes.map { .integer(Int($0)) }),
    ]
  }

  /// A logarithm of a probability as JSON.
  static func number(_ logProbability: Double) -> JSON {
    .double(logProbability.isFinite ? logProbability : impossible)
  }
}
