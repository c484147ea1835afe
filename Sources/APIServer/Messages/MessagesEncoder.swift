import JSON
import OutputParsing
import Sampling
import Serving

/// Writes a reply as Anthropic's Messages API does.
struct MessagesEncoder: ReplyEncoder {
  private let id = RequestIdentity.random(prefix: "msg_")
  private let model: String
  /// `max_tokens`.
  private let maximumTokens: Int
  private let promptTokens: Int
  private var parts = ReplyParts(callPrefix: "toolu_")
  private var end: ChoiceEnd?
  private var usage: TokenUsage

  init(model: String, maximumTokens: Int, promptTokens: Int) {
    self.model = model
    self.maximumTokens = maximumTokens
    self.promptTokens = promptTokens
    usage = TokenUsage(promptTokens: promptTokens)
  }

  func whole() -> JSON {
    message(
      content: parts.parts.map { part in
        // A call that broke off has no input that a client could call the tool with.
        part.isToolCall && !part.isWholeCall ? block(ReplyPart(kind: .text, text: part.text)) : block(part)
      })
  }

  // MARK: - Stream

  func begin() -> [ReplyFrame] {
    [
      ReplyFrame(event: "message_start", ["type": "message_start", "message": message(content: [])]),
      ReplyFrame(event: "ping", ["type": "ping"]),
    ]
  }

  mutating func take(_ event: OutputEvent, _: [TokenScore], choice _: Int) -> [ReplyFrame] {
    let changes = parts.take(event)
    return frames(changes)
  }

  mutating func take(_ end: ChoiceEnd, choice _: Int) -> [ReplyFrame] {
    self.end = end
    let changes = parts.close()
    return frames(changes)
  }

  mutating func finish(_ usage: TokenUsage) -> [ReplyFrame] {
    self.usage = usage
    var delta = ending
    delta["container"] = .null
    return [
      ReplyFrame(
        event: "message_delta", ["type": "message_delta", "delta": .object(delta), "usage": .object(counts)]),
      ReplyFrame(event: "message_stop", ["type": "message_stop"]),
    ]
  }

  func fail(_ error: APIError) -> [ReplyFrame] { [ReplyFrame(event: "error", MessagesError.envelope(error))] }

  private func frames(_ changes: [ReplyParts.Change]) -> [ReplyFrame] {
    changes.flatMap { change in
      switch change {
      case .opened(let index):
        [
          ReplyFrame(
            event: "content_block_start",
            [
              "type": "content_block_start", "index": .integer(index),
              "content_block": block(ReplyPart(kind: parts.parts[index].kind)),
            ])
        ]
      case .grew(let index, let text): [Self.delta(index, Self.growth(parts.parts[index].kind, text))]
      case .closed(let index): closing(index)
      }
    }
  }

  private func closing(_ index: Int) -> [ReplyFrame] {
    let stop = ReplyFrame(
      event: "content_block_stop", ["type": "content_block_stop", "index": .integer(index)])
    guard parts.parts[index].kind == .thought else { return [stop] }
    return [Self.delta(index, ["type": "signature_delta", "signature": .string(id)]), stop]
  }

  private static func growth(_ kind: ReplyPart.Kind, _ text: String) -> JSON {
    switch kind {
    case .thought: ["type": "thinking_delta", "thinking": .string(text)]
    case .text: ["type": "text_delta", "text": .string(text)]
    case .toolCall: ["type": "input_json_delta", "partial_json": .string(text)]
    }
  }

  private static func delta(_ index: Int, _ delta: JSON) -> ReplyFrame {
    ReplyFrame(
      event: "content_block_delta", ["type": "content_block_delta", "index": .integer(index), "delta": delta])
  }

  // MARK: - Objects

  private func message(content: [JSON]) -> JSON {
    var message: JSONObject = [
      "id": .string(id), "type": "message", "role": "assistant", "model": .string(model), "content": .array(content),
    ]
    for (name, value) in ending { message[name] = value }
    var usage = counts
    usage["cache_creation"] = .null
    usage["service_tier"] = "standard"
    message["usage"] = .object(usage)
    return .object(message)
  }

  /// A part as a block. The signature proves nothing, and is not asked for again: clients expect one.
  private func block(_ part: ReplyPart) -> JSON {
    switch part.kind {
    case .thought:
      ["type": "thinking", "thinking": .string(part.text), "signature": .string(part.text.isEmpty ? "" : id)]
    case .text: ["type": "text", "text": .string(part.text), "citations": .null]
    case .toolCall(let id, let name):
      [
        "type": "tool_use", "id": .string(id), "name": .string(name),
        "input": (try? JSON(parsing: part.text)) ?? [:],
      ]
    }
  }

  private var ending: JSONObject {
    ["stop_reason": stopReason.map(JSON.string) ?? .null, "stop_sequence": end?.stopSequence.map(JSON.string) ?? .null]
  }

  private var stopReason: String? {
    guard let end else { return nil }
    return switch end.reason {
    case .toolCalls: "tool_use"
    case .stop: end.stopSequence == nil ? "end_turn" : "stop_sequence"
    case .length: end.usage.completionTokens < maximumTokens ? "model_context_window_exceeded" : "max_tokens"
    }
  }

  /// Anthropic counts the tokens that were reused apart from the others of the prompt.
  private var counts: JSONObject {
    [
      "input_tokens": .integer(usage.promptTokens - usage.cachedTokens),
      "cache_creation_input_tokens": 0, "cache_read_input_tokens": .integer(usage.cachedTokens),
      "output_tokens": .integer(usage.completionTokens),
      "output_tokens_details": ["thinking_tokens": .integer(usage.reasoningTokens)],
    ]
  }
}
