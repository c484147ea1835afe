import OutputParsing

/// A stretch of one kind in a reply: what Anthropic calls a content block and OpenAI an output item.
struct ReplyPart: Sendable, Equatable {
  enum Kind: Sendable, Equatable {
    case thought
    case text
    case toolCall(id: String, name: String)
  }

  let kind: Kind
  /// The text so far; of a tool call its arguments as JSON.
  var text = ""
  /// Whether a tool call has come to its end, and was not broken or cut off.
  var isWholeCall = false

  var isToolCall: Bool { if case .toolCall = kind { true } else { false } }
}

/// Cuts a reply's events into parts that follow one another.
struct ReplyParts: Sendable {
  /// What an output event does to the parts, by index.
  enum Change: Sendable, Equatable {
    case opened(Int)
    case grew(Int, by: String)
    case closed(Int)
  }

  /// The parts so far, in order.
  private(set) var parts: [ReplyPart] = []
  private var isOpen = false
  /// What ids of tool calls begin with.
  private let callPrefix: String

  init(callPrefix: String) { self.callPrefix = callPrefix }

  /// Takes the next event.
  mutating func take(_ event: OutputEvent) -> [Change] {
    switch event {
    case .reasoning(let text): grow(.thought, by: text)
    case .content(let text): grow(.text, by: text)
    case .toolCallStarted(_, let name):
      close() + open(.toolCall(id: RequestIdentity.random(prefix: callPrefix), name: name))
    case .toolCallArguments(_, let fragment): append(fragment)
    case .toolCallEnded: closeCall()
    case .stopped: []
    }
  }

  /// Closes the part that is open, at the reply's end.
  mutating func close() -> [Change] {
    guard isOpen else { return [] }
    isOpen = false
    return [.closed(parts.count - 1)]
  }

  private mutating func closeCall() -> [Change] {
    if isOpen { parts[parts.count - 1].isWholeCall = true }
    return close()
  }

  private mutating func grow(_ kind: ReplyPart.Kind, by text: String) -> [Change] {
    if isOpen, parts.last?.kind == kind { return append(text) }
    return close() + open(kind) + append(text)
  }

  private mutating func open(_ kind: ReplyPart.Kind) -> [Change] {
    parts.append(ReplyPart(kind: kind))
    isOpen = true
    return [.opened(parts.count - 1)]
  }

  private mutating func append(_ text: String) -> [Change] {
    guard isOpen, !text.isEmpty else { return [] }
    parts[parts.count - 1].text += text
    return [.grew(parts.count - 1, by: text)]
  }
}
