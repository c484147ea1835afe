import JSON
import OutputParsing
import Serving

/// Writes a reply's events as the chunks of a streamed response.
struct ChunkEncoder {
  private let head: ReplyHead
  private let includesUsage: Bool
  private var hasBegun = false

  init(_ head: ReplyHead, includesUsage: Bool) {
    self.head = head
    self.includesUsage = includesUsage
  }

  /// The end of every stream.
  static let done = Array("[DONE]".utf8)

  /// The chunks that tell of an event; in front of the first one stands the chunk with the role.
  mutating func chunks(for event: OutputEvent) -> [[UInt8]] {
    guard let delta = Self.delta(for: event) else { return [] }
    return opening() + [chunk(delta)]
  }

  /// The chunk with the finish reason, and the one with the usage if that was asked for.
  mutating func chunks(for finish: FinishReason, _ usage: TokenUsage) -> [[UInt8]] {
    var chunks = opening() + [chunk([:], finish: finish)]
    if includesUsage { chunks.append(bytes(head.object(Self.kind, choices: [], usage: usage.json))) }
    return chunks
  }

  private static let kind = "chat.completion.chunk"

  private mutating func opening() -> [[UInt8]] {
    if hasBegun { return [] }
    hasBegun = true
    return [chunk(["role": "assistant", "content": "", "refusal": .null])]
  }

  private static func delta(for event: OutputEvent) -> JSONObject? {
    switch event {
    case .content(let text): return ["content": .string(text)]
    case .reasoning(let text): return ["reasoning_content": .string(text)]
    case .toolCallStarted(let index, let name):
      return call([
        "index": .integer(index), "id": .string(RequestIdentity.random(prefix: "call_")), "type": "function",
        "function": ["name": .string(name), "arguments": ""],
      ])
    case .toolCallArguments(let index, let fragment):
      return call(["index": .integer(index), "function": ["arguments": .string(fragment)]])
    case .toolCallEnded, .stopped: return nil
    }
  }

  private static func call(_ call: JSON) -> JSONObject { ["tool_calls": [call]] }

  private func chunk(_ delta: JSONObject, finish: FinishReason? = nil) -> [UInt8] {
    let choice: JSON = [
      "index": 0, "delta": .object(delta), "logprobs": .null,
      "finish_reason": finish.map { .string($0.rawValue) } ?? .null,
    ]
    return bytes(head.object(Self.kind, choices: [choice], usage: includesUsage ? .null : nil))
  }

  private func bytes(_ value: JSON) -> [UInt8] {
    var bytes: [UInt8] = []
    value.append(to: &bytes)
    return bytes
  }
}
