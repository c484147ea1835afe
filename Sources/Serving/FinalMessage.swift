import JSON

/// The last message of a conversation, marked, so that the rendered conversation can be cut where its text ends.
struct FinalMessage {
  /// Characters for private use, which no conversation has in this order by chance.
  private static let mark = "\u{E0A1}\u{E0A2}\u{E0A1}\u{E0A2}"

  /// The conversation, its last message's content with the mark behind it.
  let messages: [JSON]

  /// Nil where the last message has no text to go on with.
  init?(markedIn messages: [JSON]) {
    guard var last = messages.last?.objectValue, let content = last["content"]?.stringValue else { return nil }
    last["content"] = .string(content + Self.mark)
    self.messages = messages.dropLast() + [.object(last)]
  }

  /// The rendered conversation up to the mark; nil if the mark is not there once.
  func cut(_ text: String) -> String? {
    let parts = text.split(separator: Self.mark, omittingEmptySubsequences: false)
    return parts.count == 2 ? String(parts[0]) : nil
  }
}
