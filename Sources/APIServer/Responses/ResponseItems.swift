import JSON

/// The items of a conversation in the Responses API.
enum ResponseItems {
  /// The items of a request's `input`, each with a type and an id, messages with parts as content, as they are stored.
  static func items(ofInput input: JSON?) -> [JSON] {
    switch input {
    case .string(let text): [complete(["role": "user", "content": .string(text)])]
    case .array(let items): items.map { complete($0.objectValue ?? [:]) }
    default: []
    }
  }

  private static func complete(_ item: JSONObject) -> JSON {
    let type = item["type"]?.stringValue ?? "message"
    let prefixes = ["message": "msg_", "reasoning": "rs_", "function_call": "fc_", "function_call_output": "fco_"]
    var complete: JSONObject = ["id": .string(RequestIdentity.random(prefix: prefixes[type] ?? "item_"))]
    complete["type"] = .string(type)
    for (name, value) in item where !value.isNull { complete[name] = value }
    guard type != "item_reference" else { return .object(complete) }
    if complete["status"] == nil { complete["status"] = "completed" }
    if type == "message", let text = item["content"]?.stringValue {
      complete["content"] = [
        item["role"] == "assistant"
          ? ["type": "output_text", "text": .string(text), "annotations": []]
          : ["type": "input_text", "text": .string(text)]
      ]
    }
    if type == "reasoning", complete["summary"] == nil { complete["summary"] = [] }
    return .object(complete)
  }

  /// The items as messages of a chat completion.
  static func messages(_ items: [JSON], instructions: String?) -> [JSON] {
    var conversation = ChatMessages()
    if let instructions { conversation.say("system", instructions) }
    for item in items {
      switch item["type"]?.stringValue {
      case "reasoning":
        let content = item["content"]?.arrayValue ?? []
        conversation.assistant(.thought(text(content.isEmpty ? item["summary"]?.arrayValue ?? [] : content)))
      case "function_call":
        conversation.assistant(
          .call(id: item["call_id"] ?? .null, name: item["name"] ?? .null, arguments: item["arguments"] ?? "{}"))
      case "function_call_output":
        conversation.toolResult(
          callID: item["call_id"] ?? .null,
          item["output"]?.stringValue ?? text(item["output"]?.arrayValue ?? []))
      default:
        let said = text(item["content"]?.arrayValue ?? [])
        if item["role"] == "assistant" {
          conversation.assistant(.text(said))
        } else {
          conversation.say(item["role"]?.stringValue ?? "user", said)
        }
      }
    }
    return conversation.list
  }

  private static func text(_ parts: [JSON]) -> String {
    parts.map { $0["text"]?.stringValue ?? $0["refusal"]?.stringValue ?? "" }.joined()
  }
}
