public import JSON

extension ChatTemplate {
  /// The variables every conversation template may count on, as transformers' `apply_chat_template` passes them where
  /// its caller gives none: defined, but none or false.
  public static let conversationDefaults: JSONObject = [
    "tools": .null, "documents": .null, "add_generation_prompt": false,
  ]
}
