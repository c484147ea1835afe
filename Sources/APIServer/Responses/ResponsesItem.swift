import JSON

/// One item of a response's output while it comes into being, and the events that tell of it.
struct ResponsesItem: Sendable {
  enum Status: String {
    case inProgress = "in_progress"
    case completed
    case incomplete
  }

  /// An event without what all events have.
  struct Event {
    let type: StaticString
    let members: JSONObject
  }

  private let kind: ReplyPart.Kind
  private let id: String
  private var text = ""
  private var logprobs: [JSON] = []
  private var status = Status.inProgress

  init(_ kind: ReplyPart.Kind) {
    self.kind = kind
    switch kind {
    case .thought: id = RequestIdentity.random(prefix: "rs_")
    case .text: id = RequestIdentity.random(prefix: "msg_")
    case .toolCall: id = RequestIdentity.random(prefix: "fc_")
    }
  }

  mutating func grow(_ text: String, _ logprobs: [JSON]) {
    self.text += text
    self.logprobs += logprobs
  }

  mutating func close(_ status: Status) { self.status = status }

  /// The item as it is now.
  var json: JSON {
    let content: [JSON] = status == .inProgress ? [] : [part]
    return switch kind {
    case .thought:
      [
        "id": .string(id), "type": "reasoning", "summary": [], "content": .array(content), "encrypted_content": .null,
        "status": .string(status.rawValue),
      ]
    case .text:
      [
        "id": .string(id), "type": "message", "role": "assistant", "content": .array(content),
        "status": .string(status.rawValue),
      ]
    case .toolCall(let callID, let name):
      [
        "id": .string(id), "type": "function_call", "call_id": .string(callID), "name": .string(name),
        "arguments": .string(text), "status": .string(status.rawValue),
      ]
    }
  }

  /// What the item holds; of a tool call there is no such thing.
  private var part: JSON {
    kind == .thought
      ? ["type": "reasoning_text", "text": .string(text)]
      : ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": .array(logprobs)]
  }

  /// Scores as events of the text have them: without the tokens' bytes, which come with the part.
  private static func brief(_ logprobs: [JSON]) -> JSON {
    func brief(_ score: JSON) -> JSON {
      guard var members = score.objectValue else { return score }
      members.removeValue(forKey: "bytes")
      if let likely = members["top_logprobs"]?.arrayValue { members["top_logprobs"] = .array(likely.map(brief)) }
      return .object(members)
    }
    return .array(logprobs.map(brief))
  }

  // MARK: - Events

  private var place: JSONObject { ["item_id": .string(id)] }
  private var partPlace: JSONObject { ["item_id": .string(id), "content_index": 0] }

  private func event(_ type: StaticString, _ place: JSONObject, _ members: JSONObject) -> Event {
    var all = place
    for (name, value) in members { all[name] = value }
    return Event(type: type, members: all)
  }

  /// The item has been opened.
  var opening: [Event] {
    let added = Event(type: "response.output_item.added", members: ["item": json])
    if case .toolCall = kind { return [added] }
    return [added, event("response.content_part.added", partPlace, ["part": part])]
  }

  /// The item has grown.
  func growth(_ text: String, _ logprobs: [JSON]) -> Event {
    switch kind {
    case .thought: event("response.reasoning_text.delta", partPlace, ["delta": .string(text)])
    case .text:
      event(
        "response.output_text.delta", partPlace, ["delta": .string(text), "logprobs": Self.brief(logprobs)])
    case .toolCall: event("response.function_call_arguments.delta", place, ["delta": .string(text)])
    }
  }

  /// The item has been closed.
  var closing: [Event] {
    let done = Event(type: "response.output_item.done", members: ["item": json])
    switch kind {
    case .thought:
      return [
        event("response.reasoning_text.done", partPlace, ["text": .string(text)]),
        event("response.content_part.done", partPlace, ["part": part]), done,
      ]
    case .text:
      return [
        event(
          "response.output_text.done", partPlace, ["text": .string(text), "logprobs": Self.brief(logprobs)]),
        event("response.content_part.done", partPlace, ["part": part]), done,
      ]
    case .toolCall(_, let name):
      return [
        event(
          "response.function_call_arguments.done", place, ["name": .string(name), "arguments": .string(text)]), done,
      ]
    }
  }
}
