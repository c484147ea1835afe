import JSON
import Serving
import Tokenizer

extension PromptCacheReport {
  /// The report as responses carry it.
  func json(_ tokenizer: Tokenizer) -> JSON {
    var report: JSONObject = [
      "reused_tokens": .integer(reusedTokens), "known_tokens": .integer(knownTokens),
      "reason": .string(reason.rawValue),
    ]
    if let token = divergingToken {
      report["diverging_token"] = [
        "index": .integer(knownTokens), "id": .integer(Int(token)), "text": .string(tokenizer.decode([token])),
      ]
    }
    return .object(report)
  }
}
