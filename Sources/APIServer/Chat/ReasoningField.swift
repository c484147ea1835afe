import JSON

/// Under which names a message of a chat completion has its thoughts: clients differ.
public enum ReasoningField: String, Sendable, CaseIterable {
  /// `reasoning_content`: DeepSeek's, Model Studio's and llama.cpp's.
  case reasoningContent = "reasoning_content"
  /// `reasoning`: OpenRouter's and vLLM's.
  case reasoning
  /// Both.
  case both

  /// The members of a message, or of a delta.
  func members(_ text: String) -> JSONObject {
    let names = self == .both ? [Self.reasoningContent, .reasoning] : [self]
    var members: JSONObject = [:]
    for name in names { members[name.rawValue] = .string(text) }
    return members
  }
}
