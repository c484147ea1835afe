import JSON
import Serving

/// The fields of a request that say which tools there are, and which of them the model may or must call.
struct ToolFields: Sendable {
  /// Functions the model is told of, in the order given.
  private(set) var tools: [JSON] = []
  /// The place of each tool's function.
  private(set) var places: [String] = []
  /// Which of them has to be called.
  private(set) var choice = ToolChoice.automatic
  /// Whether a reply may hold more than one call.
  private(set) var allowsParallelCalls = true

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
      places.append("tools[\(index)].function")
    }
    switch reader.value("tool_choice") {
    case nil, .string("auto"): break
    // A model that is not told of tools calls none.
    case .string("none"): tools = []
    case .string("required"):
      try requireTools()
      choice = .required
    case .some(let value) where value.objectValue != nil: try readChoice(value, among: names)
    case .some(let value):
      throw value.stringValue == nil
        ? .wrongType("tool_choice", expected: "a string or an object", found: value)
        : .wrongValue(
          "tool_choice", "'tool_choice' must be 'none', 'auto', 'required', a function or allowed tools.")
    }
  }

  /// Checks one tool and returns its name.
  private func readTool(_ tool: JSON, at place: String) throws(APIError) -> String {
    var reader = try ObjectReader(tool, at: place)
    guard try reader.requiredString("type") == "function" else {
      throw .unsupported("\(place).type", "any tool but functions")
    }
    guard let function = reader.value("function") else { throw .missing("\(place).function") }
    var functionReader = try ObjectReader(function, at: "\(place).function")
    let name = try functionReader.requiredString("name")
    _ = try functionReader.string("description")
    _ = try functionReader.object("parameters")
    _ = try functionReader.bool("strict")
    return name
  }

  private func requireTools() throws(APIError) {
    guard !tools.isEmpty else {
      throw .wrongValue("tool_choice", "'tool_choice' asks for a call, but 'tools' is empty or missing.")
    }
  }

  // MARK: - Choices among the tools

  private mutating func readChoice(_ value: JSON, among names: Set<String>) throws(APIError) {
    var reader = try ObjectReader(value, at: "tool_choice")
    switch try reader.requiredString("type") {
    case "function": choice = .function(try readName(value, at: "tool_choice", among: names))
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
    let kept = tools.indices.filter { allowed.contains(tools[$0]["function"]?["name"]?.stringValue ?? "") }
    tools = kept.map { tools[$0] }
    places = kept.map { places[$0] }
    guard mode == "required" else { return }
    guard !tools.isEmpty else {
      throw .wrongValue("\(place).tools", "'\(place).mode' asks for a call, but '\(place).tools' is empty.")
    }
    choice = .required
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
