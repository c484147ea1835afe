import JSON

/// The fields of a request that say which tools there are, and which of them the model may or must call.
struct ToolFields: Sendable {
  /// Functions the model is told of, in the order given.
  private(set) var tools: [JSON] = []
  /// Whether a reply may hold more than one call.
  private(set) var allowsParallelCalls = true
  /// Places of members that are not acted on.
  private(set) var ignoredFields: [String] = []

  init() {}

  init(_ reader: inout ObjectReader) throws(APIError) {
    allowsParallelCalls = try reader.bool("parallel_tool_calls") ?? true
    var names: Set<String> = []
    for (index, tool) in (try reader.array("tools") ?? []).enumerated() {
      let name = try readTool(tool, at: "tools[\(index)]")
      guard names.insert(name).inserted else {
        throw .wrongValue(
          "tools[\(index)].function.name", "'tools[\(index)].function.name' is '\(name.excerpt)', as one before it.")
      }
      tools.append(tool)
    }
    switch reader.value("tool_choice") {
    case nil, .string("auto"): break
    // A model that is not told of tools calls none.
    case .string("none"): tools = []
    case .string("required"):
      try requireTools()
      throw .unsupported("tool_choice", "forcing a tool call")
    case .some(let value) where value.objectValue != nil: try readChoice(value, among: names)
    case .some(let value):
      throw value.stringValue == nil
        ? .wrongType("tool_choice", expected: "a string or an object", found: value)
        : .wrongValue(
          "tool_choice", "'tool_choice' must be 'none', 'auto', 'required', a function or allowed tools.")
    }
  }

  /// Checks one tool and returns its name.
  private mutating func readTool(_ tool: JSON, at place: String) throws(APIError) -> String {
    var reader = try ObjectReader(tool, at: place)
    guard try reader.requiredString("type") == "function" else {
      throw .unsupported("\(place).type", "any tool but functions")
    }
    guard let function = reader.value("function") else { throw .missing("\(place).function") }
    var functionReader = try ObjectReader(function, at: "\(place).function")
    let name = try functionReader.requiredString("name")
    _ = try functionReader.string("description")
    _ = try functionReader.object("parameters")
    // Nothing makes the model keep to the schema yet, so a wish for that is not met.
    if try functionReader.bool("strict") == true { ignoredFields.append("\(place).function.strict") }
    return name
  }

  private func requireTools() throws(APIError) {
    guard !tools.isEmpty else {
      throw .wrongValue("tool_choice", "'tool_choice' asks for a call, but 'tools' is empty or missing.")
    }
  }

  // MARK: - Choices among the tools

  private mutating func readChoice(_ choice: JSON, among names: Set<String>) throws(APIError) {
    var reader = try ObjectReader(choice, at: "tool_choice")
    switch try reader.requiredString("type") {
    case "function":
      _ = try readName(choice, at: "tool_choice", among: names)
      throw .unsupported("tool_choice", "forcing a call of one tool")
    case "allowed_tools":
      guard let allowed = reader.value("allowed_tools") else { throw .missing("tool_choice.allowed_tools") }
      try readAllowed(allowed, among: names)
    case "custom": throw .unsupported("tool_choice.type", "any tool but functions")
    case let type:
      throw .wrongValue(
        "tool_choice.type",
        "'tool_choice.type' must be 'function' or 'allowed_tools', but is '\(type.excerpt)'.")
    }
  }

  private mutating func readAllowed(_ value: JSON, among names: Set<String>) throws(APIError) {
    let place = "tool_choice.allowed_tools"
    var reader = try ObjectReader(value, at: place)
    let mode = try reader.choice("mode", among: ["auto", "required"])
    guard let list = try reader.array("tools") else { throw .missing("\(place).tools") }
    var allowed: Set<String> = []
    for (index, tool) in list.enumerated() {
      allowed.insert(try readName(tool, at: "\(place).tools[\(index)]", among: names))
    }
    guard mode != "required" else { throw .unsupported("\(place).mode", "forcing a tool call") }
    tools = tools.filter { allowed.contains($0["function"]?["name"]?.stringValue ?? "") }
  }

  /// The name in `{"type": "function", "function": {"name": …}}`, which must be that of a tool.
  private func readName(_ value: JSON, at place: String, among names: Set<String>) throws(APIError) -> String {
    var reader = try ObjectReader(value, at: place)
    guard let function = reader.value("function") else { throw .missing("\(place).function") }
    var functionReader = try ObjectReader(function, at: "\(place).function")
    let name = try functionReader.requiredString("name")
    guard names.contains(name) else {
      throw .wrongValue(
        "\(place).function.name", "'\(place).function.name' is '\(name.excerpt)', which is none of the tools.")
    }
    return name
  }
}
