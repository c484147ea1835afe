import JSON
import OutputParsing
import Serving

/// Gathers a reply's events into the message of a response that is not streamed.
struct ReplyCollector {
  private var content = ""
  private var reasoning = ""
  private var calls: [(id: String, name: String, arguments: String)] = []

  mutating func take(_ event: OutputEvent) {
    switch event {
    case .content(let text): content += text
    case .reasoning(let text): reasoning += text
    case .toolCallStarted(_, let name): calls.append((RequestIdentity.random(prefix: "call_"), name, ""))
    case .toolCallArguments(_, let fragment):
      if !calls.isEmpty { calls[calls.count - 1].arguments += fragment }
    case .toolCallEnded, .stopped: break
    }
  }

  /// The whole response.
  func completion(_ head: ReplyHead, _ finish: FinishReason, _ usage: TokenUsage) -> JSON {
    let choice: JSON = [
      "index": 0, "message": .object(message), "logprobs": .null, "finish_reason": .string(finish.rawValue),
    ]
    return head.object("chat.completion", choices: [choice], usage: usage.json)
  }

  /// Content is null only where tool calls stand in its place.
  private var message: JSONObject {
    var message: JSONObject = [
      "role": "assistant", "content": content.isEmpty && !calls.isEmpty ? .null : .string(content), "refusal": .null,
    ]
    if !reasoning.isEmpty { message["reasoning_content"] = .string(reasoning) }
    if !calls.isEmpty {
      message["tool_calls"] = .array(
        calls.map { call in
          [
            "id": .string(call.id), "type": "function",
            "function": ["name": .string(call.name), "arguments": .string(call.arguments)],
          ]
        })
    }
    return message
  }
}
