import JSON

/// Messages of a chat completion, put together from the pieces in which other APIs write a conversation.
struct ChatMessages {
  private(set) var list: [JSON] = []

  /// A piece of what the model said. Pieces in a row are one message.
  enum AssistantPiece {
    case text(String)
    case thought(String)
    case call(id: JSON, name: JSON, arguments: JSON)
  }

  /// A message of the system or the user.
  /// - Parameter isMerged: whether it is appended to the message in front of it if that has the same role.
  mutating func say(_ role: String, _ text: String, isMerged: Bool = false) {
    var text = text
    if isMerged, let last = list.last, last["role"]?.stringValue == role, let before = last["content"]?.stringValue {
      list.removeLast()
      text = before + text
    }
    list.append(["role": .string(role), "content": .string(text)])
  }

  /// What a tool answered to a call.
  mutating func toolResult(callID: JSON, _ text: String) {
    list.append(["role": "tool", "tool_call_id": callID, "content": .string(text)])
  }

  mutating func assistant(_ piece: AssistantPiece) {
    var message: JSONObject = ["role": "assistant"]
    if list.last?["role"] == "assistant", let last = list.popLast()?.objectValue { message = last }
    func append(_ text: String, to name: String) {
      message[name] = .string((message[name]?.stringValue ?? "") + text)
    }
    switch piece {
    case .text(let text): append(text, to: "content")
    case .thought(let text): append(text, to: "reasoning_content")
    case .call(let id, let name, let arguments):
      let call: JSON = ["id": id, "type": "function", "function": ["name": name, "arguments": arguments]]
      message["tool_calls"] = .array((message["tool_calls"]?.arrayValue ?? []) + [call])
    }
    list.append(.object(message))
  }
}
