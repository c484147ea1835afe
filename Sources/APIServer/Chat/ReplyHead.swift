import Foundation
import JSON
import Serving

/// What all parts of one reply have in common.
struct ReplyHead: Sendable {
  let id: String
  /// Unix seconds.
  let created: Int
  /// As the request spelt it.
  let model: String
  let fingerprint: String
  let serviceTier: String?
  /// Nil leaves thoughts out.
  let reasoningField: ReasoningField?
  /// Whether the reply is a call of a tool that the request names.
  let isNamedCall: Bool

  /// - Parameter prefix: what the id begins with.
  init(
    prefix: String = "chatcmpl-", model: String, fingerprint: String, serviceTier: String? = nil,
    reasoningField: ReasoningField? = .reasoningContent, isNamedCall: Bool = false
  ) {
    id = RequestIdentity.random(prefix: prefix)
    created = Int(Date().timeIntervalSince1970)
    self.model = model
    self.fingerprint = fingerprint
    self.serviceTier = serviceTier
    self.reasoningField = reasoningField
    self.isNamedCall = isNamedCall
  }

  /// How a reply's end is called: a call that the request names is, as with OpenAI, an ordinary end.
  func name(of finish: FinishReason) -> String {
    isNamedCall && finish == .toolCalls ? FinishReason.stop.rawValue : finish.rawValue
  }

  /// A reply or chunk of the given kind around its own members.
  ///
  /// - Parameter report: of the cache, for `apus`, where this server says what no other does.
  func object(_ kind: String, choices: [JSON], usage: JSON?, report: JSON? = nil) -> JSON {
    var object: JSONObject = [
      "id": .string(id), "object": .string(kind), "created": .integer(created), "model": .string(model),
      "choices": .array(choices),
    ]
    object["usage"] = usage
    object["service_tier"] = serviceTier.map(JSON.string)
    object["system_fingerprint"] = .string(fingerprint)
    object["apus"] = report.map { ["cache": $0] }
    return .object(object)
  }
}

extension TokenUsage {
  /// OpenAI's usage object, with both details.
  var json: JSON {
    [
      "prompt_tokens": .integer(promptTokens), "completion_tokens": .integer(completionTokens),
      "total_tokens": .integer(promptTokens + completionTokens),
      "prompt_tokens_details": ["cached_tokens": .integer(cachedTokens), "audio_tokens": 0],
      "completion_tokens_details": [
        "reasoning_tokens": .integer(reasoningTokens), "audio_tokens": 0,
        "accepted_prediction_tokens": .integer(acceptedPredictionTokens),
        "rejected_prediction_tokens": .integer(rejectedPredictionTokens),
      ],
    ]
  }
}
