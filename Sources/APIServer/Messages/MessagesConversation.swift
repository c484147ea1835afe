import JSON

/// The conversation of a checked Messages request as messages of a chat completion.
///
/// A turn may hold several of these: results of tools are messages of their own, in front of what else the user says.
struct MessagesConversation {
  private var conversation = ChatMessages()
  /// Indices of messages after which the client wants the prompt to be kept.
  private(set) var breakpoints: [Int] = []
  /// Every `cache_control` counts, also where two mark the same message.
  private(set) var breakpointCount = 0
  /// Places of breakpoints that no message can carry.
  private(set) var ignoredFields: [String] = []

  var messages: [JSON] { conversation.list }

  init(_ body: JSON) {
    let system = Self.text(body["system"])
    if let system { conversation.say("system", system) }
    for block in body["system"]?.arrayValue ?? [] { mark(block) }
    for (index, tool) in (body["tools"]?.arrayValue ?? []).enumerated() where Self.isMarked(tool) {
      // Templates write tools into the system message.
      if system == nil { ignoredFields.append("tools[\(index)].cache_control") }
      mark(tool)
    }
    for turn in body["messages"]?.arrayValue ?? [] {
      let role = turn["role"]?.stringValue ?? "user"
      if let text = turn["content"]?.stringValue {
        say(role, text)
      } else {
        for block in turn["content"]?.arrayValue ?? [] {
          read(block, role: role)
          mark(block)
        }
      }
    }
    mark(body)
  }

  private mutating func say(_ role: String, _ text: String) {
    if role == "assistant" { conversation.assistant(.text(text)) } else { conversation.say(role, text, isMerged: true) }
  }

  private mutating func read(_ block: JSON, role: String) {
    switch block["type"]?.stringValue {
    case "tool_result":
      conversation.toolResult(callID: block["tool_use_id"] ?? .null, Self.text(block["content"]) ?? "")
    case "thinking": conversation.assistant(.thought(block["thinking"]?.stringValue ?? ""))
    case "redacted_thinking": break
    case "tool_use":
      conversation.assistant(
        .call(id: block["id"] ?? .null, name: block["name"] ?? .null, arguments: block["input"] ?? [:]))
    default: say(role, Self.text(of: block))
    }
  }

  // MARK: - Breakpoints

  private static func isMarked(_ holder: JSON) -> Bool { holder["cache_control"]?.isNull == false }

  /// Notes a breakpoint after the last message so far, which may grow by pieces that follow.
  private mutating func mark(_ holder: JSON) {
    guard Self.isMarked(holder) else { return }
    breakpointCount += 1
    let last = messages.count - 1
    if last >= 0, breakpoints.last != last { breakpoints.append(last) }
  }

  // MARK: - Text

  /// The text of a string or of blocks one after the other; nil if there is neither.
  private static func text(_ content: JSON?) -> String? {
    content?.stringValue ?? content?.arrayValue.map { $0.map(text(of:)).joined() }
  }

  private static func text(of block: JSON) -> String {
    guard block["type"] == "document" else { return block["text"]?.stringValue ?? "" }
    let content = block["source"]?["data"]?.stringValue ?? text(block["source"]?["content"])
    return [block["title"]?.stringValue, block["context"]?.stringValue, content].compactMap { $0 }
      .joined(separator: "\n")
  }
}
