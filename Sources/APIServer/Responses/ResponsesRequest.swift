import HTTPTypes
import JSON

/// A request of the Responses API as a chat request, and what else it asks for.
struct ResponsesRequest {
  var chat: ChatCompletionRequest
  /// Every item the response answers: those of the previous response, and the new ones.
  let input: [JSON]
  let isStored: Bool
  let isBackground: Bool
  /// Whether the oldest turns may be left out.
  let isTruncated: Bool

  /// - Parameter owner: whose stored responses it may go on from.
  init(_ body: JSON, _ schema: ObjectSchema, store: ResponseStore, owner: String?) throws(APIError) {
    let unknown = try RequestCheck.unknownPlaces(in: body, schema)
    isStored = body["store"]?.boolValue ?? true
    isBackground = body["background"]?.boolValue ?? false
    isTruncated = body["truncation"]?.stringValue == "auto"
    guard isStored || !isBackground else {
      throw .wrongValue("background", "'background' needs 'store', or nobody sees the response.")
    }
    input = try Self.items(body, store: store, owner: owner)
    var members: JSONObject = [
      "model": body["model"] ?? .null,
      "messages": .array(ResponseItems.messages(input, instructions: body["instructions"]?.stringValue)),
    ]
    for name in Self.shared { members[name] = body[name] }
    members["max_completion_tokens"] = body["max_output_tokens"]
    members["reasoning_effort"] = body["reasoning"]?["effort"]
    members["response_format"] = body["text"]?["format"].map(Self.responseFormat)
    members["tools"] = body["tools"]?.arrayValue.map { .array($0.map(Self.function)) }
    members["tool_choice"] = body["tool_choice"].map(Self.toolChoice)
    if body["include"]?.arrayValue?.contains("message.output_text.logprobs") == true {
      members["logprobs"] = true
      members["top_logprobs"] = body["top_logprobs"]
    }
    do {
      chat = try ChatCompletionRequest(.object(members))
    } catch {
      throw error.renamed(Self.names)
    }
    chat.ignoredFields = unknown
  }

  /// Fields that have the same name and meaning in a chat completion.
  private static let shared = [
    "stream", "temperature", "top_p", "top_k", "min_p", "seed", "parallel_tool_calls", "enable_thinking",
    "thinking_budget", "chat_template_kwargs", "cache_salt", "priority",
  ]

  /// What fields of a chat completion are called here.
  static let names = [
    "messages": "input", "max_completion_tokens": "max_output_tokens", "reasoning_effort": "reasoning.effort",
    "response_format": "text.format", ".function.parameters": ".parameters", ".function.name": ".name",
  ]

  // MARK: - Input

  private static func items(_ body: JSON, store: ResponseStore, owner: String?) throws(APIError) -> [JSON] {
    var items: [JSON] = []
    if let id = body["previous_response_id"]?.stringValue {
      guard let previous = store[id, owner] else {
        throw APIError(
          .badRequest, code: "previous_response_not_found", parameter: "previous_response_id",
          "There is no stored response '\(id.excerpt)'. Please send the whole conversation as 'input'.")
      }
      items = previous.conversation
    }
    for (index, item) in ResponseItems.items(ofInput: body["input"]).enumerated() {
      guard item["type"] == "item_reference" else {
        items.append(item)
        continue
      }
      let id = item["id"]?.stringValue ?? ""
      guard let found = store.item(id, of: owner) else {
        throw .wrongValue("input[\(index)].id", "There is no stored item '\(id.excerpt)'. Please send the item itself.")
      }
      items.append(found)
    }
    guard !items.isEmpty else { throw .missing("input") }
    return items
  }

  // MARK: - Fields of another form

  private static func function(_ tool: JSON) -> JSON {
    var function: JSONObject = [:]
    for name in ["name", "description", "parameters", "strict"] { function[name] = tool[name] }
    return ["type": "function", "function": .object(function)]
  }

  private static func toolChoice(_ choice: JSON) -> JSON {
    func named(_ tool: JSON) -> JSON { ["type": "function", "function": ["name": tool["name"] ?? .null]] }
    switch choice["type"]?.stringValue {
    case "function": return named(choice)
    case "allowed_tools":
      return [
        "type": "allowed_tools",
        "allowed_tools": [
          "mode": choice["mode"] ?? .null, "tools": .array((choice["tools"]?.arrayValue ?? []).map(named)),
        ],
      ]
    default: return choice
    }
  }

  private static func responseFormat(_ format: JSON) -> JSON {
    guard format["type"] == "json_schema", var members = format.objectValue else { return format }
    members.removeValue(forKey: "type")
    return ["type": "json_schema", "json_schema": .object(members)]
  }
}
