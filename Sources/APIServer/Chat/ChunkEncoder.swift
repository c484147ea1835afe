import JSON
import OutputParsing
import Sampling
import Serving

/// Writes replies' events as the chunks of a streamed response.
struct ChunkEncoder {
  private let head: ReplyHead
  private let includesUsage: Bool
  /// Writes scores; nil leaves them out.
  private let encoder: TokenScoreEncoder?
  /// Choices whose first chunk is out.
  private var begun: Set<Int> = []

  init(_ head: ReplyHead, includesUsage: Bool, encoder: TokenScoreEncoder?) {
    self.head = head
    self.includesUsage = includesUsage
    self.encoder = encoder
  }

  /// The end of every stream.
  static let done = ReplyFrame(data: Array("[DONE]".utf8))

  /// The chunks that tell of an event; in front of a choice's first one stands the chunk with the role.
  mutating func chunks(for event: OutputEvent, _ scores: [TokenScore], choice: Int) -> [ReplyFrame] {
    guard let delta = delta(for: event) else { return [] }
    return opening(choice) + [chunk(delta, scores, choice: choice)]
  }

  /// The chunk with the finish reason of a choice.
  mutating func chunks(for end: ChoiceEnd, choice: Int) -> [ReplyFrame] {
    opening(choice) + [chunk([:], end.scores, choice: choice, finish: end.reason)]
  }

  /// The chunk with the usage and the report of the cache, if either was asked for.
  func chunks(for usage: TokenUsage, _ report: JSON?) -> [ReplyFrame] {
    guard includesUsage || report != nil else { return [] }
    return [ReplyFrame(head.object(Self.kind, choices: [], usage: includesUsage ? usage.json : nil, report: report))]
  }

  private static let kind = "chat.completion.chunk"

  private mutating func opening(_ choice: Int) -> [ReplyFrame] {
    guard begun.insert(choice).inserted else { return [] }
    return [chunk(["role": "assistant", "content": "", "refusal": .null], [], choice: choice)]
  }

  private func delta(for event: OutputEvent) -> JSONObject? {
    switch event {
    case .content(let text): return ["content": .string(text)]
    case .reasoning(let text): return head.reasoningField?.members(text)
    case .toolCallStarted(let index, let name):
      return Self.call([
        "index": .integer(index), "id": .string(RequestIdentity.random(prefix: "call_")), "type": "function",
        "function": ["name": .string(name), "arguments": ""],
      ])
    case .toolCallArguments(let index, let fragment):
      return Self.call(["index": .integer(index), "function": ["arguments": .string(fragment)]])
    case .toolCallEnded, .stopped: return nil
    }
  }

  private static func call(_ call: JSON) -> JSONObject { ["tool_calls": [call]] }

  private func chunk(
    _ delta: JSONObject, _ scores: [TokenScore], choice index: Int, finish: FinishReason? = nil
  ) -> ReplyFrame {
    let logprobs = scores.isEmpty ? nil : encoder?.logprobs(scores)
    let choice: JSON = [
      "index": .integer(index), "delta": .object(delta), "logprobs": logprobs ?? .null,
      "finish_reason": finish.map { .string(head.name(of: $0)) } ?? .null,
    ]
    return ReplyFrame(head.object(Self.kind, choices: [choice], usage: includesUsage ? .null : nil))
  }
}
