import JSON
import OutputParsing
import Sampling
import Serving

/// Gathers one reply's events into a choice of a response that is not streamed.
struct ReplyCollector {
  private let head: ReplyHead
  private var content = ""
  private var reasoning = ""
  private var calls: [(id: String, name: String, arguments: String)] = []
  private var scores: [TokenScore] = []
  private var finish: FinishReason?

  init(_ head: ReplyHead) { self.head = head }

  mutating func take(_ event: OutputEvent, _ scores: [TokenScore]) {
    self.scores += scores
    switch event {
    case .content(let text): content += text
    case .reasoning(let text): reasoning += text
    case .toolCallStarted(_, let name): calls.append((RequestIdentity.random(prefix: "call_"), name, ""))
    case .toolCallArguments(_, let fragment):
      if !calls.isEmpty { calls[calls.count - 1].arguments += fragment }
    case .toolCallEnded, .stopped: break
    }
  }

  mutating func take(_ end: ChoiceEnd) {
    scores += end.scores
    finish = end.reason
  }

  /// The choice.
  ///
  /// - Parameter encoder: writes the scores; nil leaves them out.
  func choice(_ index: Int, encoder: TokenScoreEncoder?) -> JSON {
    [
      "index": .integer(index), "message": .object(message), "logprobs": encoder?.logprobs(scores) ?? .null,
      "finish_reason": finish.map { .string(head.name(of: $0)) } ?? .null,
    ]
  }

  /// Content is null only where tool calls stand in its place.
  private var message: JSONObject {
    var message: JSONObject = [
      "role": "assistant", "content": content.isEmpty && !calls.isEmpty ? .null : .string(content), "refusal": .null,
    ]
    if !reasoning.isEmpty, let field = head.reasoningField {
      for (name, text) in field.members(reasoning) { message[name] = text }
    }
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
