import JSON

/// A request of the Messages API as a chat request.
///
/// The body is checked first, so that what is wrong with it is named as the client wrote it; then it is written as the
/// body of a chat completion, which the two APIs share from there on.
struct MessagesRequest {
  var chat: ChatCompletionRequest
  let maximumTokens: Int

  init(_ body: JSON, _ schema: ObjectSchema) throws(APIError) {
    let unknown = try RequestCheck.unknownPlaces(in: body, schema)
    maximumTokens = body["max_tokens"]?.intValue ?? .max
    let conversation = MessagesConversation(body)
    guard conversation.breakpointCount <= MessagesSchema.mostBreakpoints else {
      throw .wrongValue(
        "cache_control",
        "A request may have \(MessagesSchema.mostBreakpoints) 'cache_control' breakpoints, but this one has "
          + "\(conversation.breakpointCount).")
    }
    var members: JSONObject = ["model": body["model"] ?? .null, "messages": .array(conversation.messages)]
    for name in ["temperature", "top_p", "top_k", "stream", "cache_salt", "priority"] { members[name] = body[name] }
    members["max_completion_tokens"] = body["max_tokens"]
    // An assistant's last turn is the beginning of the reply.
    if let last = conversation.messages.last, last["role"] == "assistant", last["tool_calls"] == nil {
      members["continue_final_message"] = true
    }
    Self.writeTools(body, into: &members)
    try Self.writeThinking(body, maximumTokens, into: &members)
    if let schema = body["output_config"]?["format"]?["schema"] {
      members["response_format"] = [
        "type": "json_schema", "json_schema": ["name": "output", "schema": schema, "strict": true],
      ]
    }
    do {
      chat = try ChatCompletionRequest(.object(members))
    } catch {
      throw error.renamed(Self.names)
    }
    chat.stop = (body["stop_sequences"]?.arrayValue ?? []).compactMap(\.stringValue)
    chat.cacheBreakpoints = conversation.breakpoints
    chat.ignoredFields = unknown + conversation.ignoredFields
  }

  /// What fields of a chat completion are called here.
  static let names = [
    "max_completion_tokens": "max_tokens",
    "reasoning_effort": "output_config.effort", "response_format": "output_config.format", "stop": "stop_sequences",
    "parallel_tool_calls": "tool_choice.disable_parallel_tool_use", ".function.parameters": ".input_schema",
    ".function.name": ".name",
  ]

  private static func writeTools(_ body: JSON, into members: inout JSONObject) {
    if let tools = body["tools"]?.arrayValue {
      members["tools"] = .array(
        tools.map { tool in
          var function: JSONObject = ["name": tool["name"] ?? .null]
          function["description"] = tool["description"]
          function["parameters"] = tool["input_schema"]
          function["strict"] = tool["strict"]
          return ["type": "function", "function": .object(function)]
        })
    }
    guard let choice = body["tool_choice"] else { return }
    switch choice["type"]?.stringValue {
    case "any": members["tool_choice"] = "required"
    case "tool":
      members["tool_choice"] = ["type": "function", "function": ["name": choice["name"] ?? .null]]
    case let name: members["tool_choice"] = name.map(JSON.string)
    }
    if choice["disable_parallel_tool_use"]?.boolValue == true { members["parallel_tool_calls"] = false }
  }

  private static func writeThinking(
    _ body: JSON, _ maximumTokens: Int, into members: inout JSONObject
  ) throws(APIError) {
    guard let thinking = body["thinking"]?.objectValue else { return }
    if let budget = thinking["budget_tokens"]?.intValue, budget >= maximumTokens {
      throw .wrongValue(
        "thinking.budget_tokens",
        "'thinking.budget_tokens' must be less than 'max_tokens', which is \(maximumTokens).")
    }
    var shared: JSONObject = ["type": thinking["type"] ?? .null]
    shared["budget_tokens"] = thinking["budget_tokens"]
    members["thinking"] = .object(shared)
    if thinking["type"] == "adaptive" { members["reasoning_effort"] = body["output_config"]?["effort"] }
  }
}

extension APIError {
  /// The same error for a client that knows the field by another name. What is inside the field keeps its place; names
  /// that begin with a point are those of parts.
  func renamed(_ names: [String: String]) -> APIError {
    guard let parameter else { return self }
    let field = parameter.prefix { $0 != "." && $0 != "[" }
    var renamed = (names[String(field)] ?? String(field)) + parameter.dropFirst(field.count)
    for (inner, name) in names where inner.hasPrefix(".") { renamed = renamed.replacing(inner, with: name) }
    guard renamed != parameter else { return self }
    var error = self
    error.parameter = renamed
    error.message = message.replacing(parameter, with: renamed)
    return error
  }
}
