import JSON

/// Brings the messages of a request into the form chat templates expect, which is that of transformers: content is a
/// string, arguments of tool calls are objects, the role developer is system.
struct MessageReader {
  /// Places of the fields nobody knows.
  private(set) var ignoredFields: [String] = []
  /// Indices of messages with a part that ends a prefix to be kept.
  private(set) var cacheBreakpoints: [Int] = []
  private var index = 0

  mutating func messages(_ list: [JSON]) throws(APIError) -> [JSON] {
    guard !list.isEmpty else { throw .wrongValue("messages", "'messages' must have at least one message.") }
    var messages: [JSON] = []
    messages.reserveCapacity(list.count)
    for (index, value) in list.enumerated() {
      self.index = index
      messages.append(try message(value, at: "messages[\(index)]"))
    }
    return messages
  }

  private mutating func message(_ value: JSON, at place: String) throws(APIError) -> JSON {
    var reader = try ObjectReader(value, at: place)
    let role = try reader.requiredString("role")
    var message: JSONObject = [:]
    switch role {
    case "system", "developer", "user":
      message["role"] = .string(role == "developer" ? "system" : role)
      message["content"] = .string(try requiredContent(&reader))
    case "assistant":
      message["role"] = "assistant"
      try readAssistant(&reader, into: &message)
    case "tool":
      message["role"] = "tool"
      message["content"] = .string(try requiredContent(&reader))
      message["tool_call_id"] = .string(try reader.requiredString("tool_call_id"))
    case "function":
      throw .unsupported("\(place).role", "this predecessor of the role 'tool'")
    default:
      throw .wrongValue(
        "\(place).role",
        "'\(place).role' must be one of 'system', 'developer', 'user', 'assistant', 'tool', but is '\(role.excerpt)'.")
    }
    message["name"] = try reader.string("name").map(JSON.string)
    ignoredFields += reader.unknownPlaces
    return .object(message)
  }

  // MARK: - Content

  private mutating func requiredContent(_ reader: inout ObjectReader) throws(APIError) -> String {
    guard let content = try content(&reader) else { throw .missing(reader.place("content")) }
    return content
  }

  /// The text of `content`: a string, or the texts of its parts one after the other.
  private mutating func content(_ reader: inout ObjectReader) throws(APIError) -> String? {
    let place = reader.place("content")
    switch reader.value("content") {
    case nil: return nil
    case .string(let text): return text
    case .array(let parts):
      var text = ""
      for (index, part) in parts.enumerated() { text += try partText(part, at: "\(place)[\(index)]") }
      return text
    case .some(let value): throw .wrongType(place, expected: "a string or an array of parts", found: value)
    }
  }

  private mutating func partText(_ part: JSON, at place: String) throws(APIError) -> String {
    var reader = try ObjectReader(part, at: place)
    let type = try reader.requiredString("type")
    switch type {
    case "text", "refusal":
      guard let text = try reader.string(type) else { throw .missing("\(place).\(type)") }
      try readBreakpoint(&reader)
      ignoredFields += reader.unknownPlaces
      return text
    case "image_url", "input_audio", "file", "video_url":
      throw .unsupported("\(place).type", "content of type '\(type)'")
    default:
      throw .wrongValue("\(place).type", "'\(place).type' must be 'text', but is '\(type.excerpt)'.")
    }
  }

  /// Prompts are kept up to the end of a message, not of one of its parts.
  private mutating func readBreakpoint(_ reader: inout ObjectReader) throws(APIError) {
    let name = "prompt_cache_breakpoint"
    guard let breakpoint = try reader.object(name) else { return }
    var breakpointReader = try ObjectReader(.object(breakpoint), at: reader.place(name))
    _ = try breakpointReader.choice("mode", among: ["explicit"])
    ignoredFields += breakpointReader.unknownPlaces
    if cacheBreakpoints.last != index { cacheBreakpoints.append(index) }
  }

  // MARK: - The model's own messages

  private mutating func readAssistant(
    _ reader: inout ObjectReader, into message: inout JSONObject
  ) throws(APIError) {
    let refusal = try reader.string("refusal")
    // Templates concatenate content, so none is an empty text to them.
    message["content"] = .string(try content(&reader) ?? refusal ?? "")
    let reasoning = try reader.string("reasoning")
    message["reasoning_content"] = (try reader.string("reasoning_content") ?? reasoning).map(JSON.string)
    if reader.value("audio") != nil { throw .unsupported(reader.place("audio"), "audio") }
    if reader.value("function_call") != nil {
      throw .unsupported(reader.place("function_call"), "this predecessor of 'tool_calls'")
    }
    reader.accept("annotations")
    guard let calls = try reader.array("tool_calls"), !calls.isEmpty else { return }
    var converted: [JSON] = []
    for (index, call) in calls.enumerated() {
      converted.append(try toolCall(call, at: "\(reader.place("tool_calls"))[\(index)]"))
    }
    message["tool_calls"] = .array(converted)
  }

  private mutating func toolCall(_ value: JSON, at place: String) throws(APIError) -> JSON {
    var reader = try ObjectReader(value, at: place)
    if let type = try reader.string("type"), type != "function" {
      throw .unsupported("\(place).type", "any tool call but of functions")
    }
    guard let function = reader.value("function") else { throw .missing("\(place).function") }
    var functionReader = try ObjectReader(function, at: "\(place).function")
    let name = try functionReader.requiredString("name")
    let arguments: JSON
    switch functionReader.value("arguments") {
    case nil: arguments = .object([:])
    // Clients send JSON in a string, and templates write objects. What is no object stays as the model wrote it.
    case .string(let text): arguments = Self.object(in: text) ?? .string(text)
    case .object(let object): arguments = .object(object)
    case .some(let value):
      throw .wrongType("\(place).function.arguments", expected: "a string with JSON", found: value)
    }
    var call: JSONObject = [:]
    call["id"] = try reader.string("id").map(JSON.string)
    call["type"] = "function"
    call["function"] = ["name": .string(name), "arguments": arguments]
    reader.accept("index")
    ignoredFields += reader.unknownPlaces + functionReader.unknownPlaces
    return .object(call)
  }

  private static func object(in text: String) -> JSON? {
    guard let value = try? JSON(parsing: text), value.objectValue != nil else { return nil }
    return value
  }
}
