public import JSON
import Workload

extension LoadRun.Entry {
  /// A line of a log: what happened to the request, times in seconds since the start of the run.
  public var json: JSON {
    var members: JSONObject = [
      "conversation": .integer(conversation), "turn": .integer(turn), "tenant": .integer(record.tenant),
      "sent": .double(record.sent), "end": .double(record.end),
    ]
    switch record.outcome {
    case .answered:
      members["prompt_tokens"] = .integer(record.promptTokens)
      members["cached_tokens"] = .integer(record.cachedTokens)
      members["prefilled_tokens"] = .integer(record.promptTokens - record.cachedTokens)
      members["output_tokens"] = .integer(record.outputTokens)
      members["accepted_draft_tokens"] = .integer(record.acceptedDrafts)
      members["rejected_draft_tokens"] = .integer(record.rejectedDrafts)
      members["ttft"] = record.timeToFirstToken.map { .double($0) } ?? .null
      members["pieces"] = .array(pieces.map { .double(($0 * 1e6).rounded() / 1e6) })
    case .refused(let reason): members["refused"] = .string(reason)
    case .failed(let reason): members["failed"] = .string(reason)
    }
    return .object(members)
  }
}
