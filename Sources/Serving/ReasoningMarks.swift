import OutputParsing

/// The tags around a model's thoughts, and where a prompt leaves them.
enum ReasoningMarks {
  static let open = "<think>"
  static let close = "</think>"
  static let tags = ReasoningTags(open: open, close: close)

  /// Whether the prompt ends right after an opening tag, so that the reply begins inside a thought.
  ///
  /// Only white space may follow the tag: a tag further up is part of what somebody wrote.
  static func isOpen(atEndOf prompt: String) -> Bool {
    var end = prompt.utf8[...]
    while let last = end.last, [0x20, 0x09, 0x0A, 0x0D].contains(last) { end.removeLast() }
    return end.suffix(open.utf8.count).elementsEqual(open.utf8)
  }
}
