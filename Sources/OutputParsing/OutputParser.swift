/// Splits a model's text into reasoning, content and tool calls while it arrives.
public struct OutputParser: Sendable {
  /// Whether the text so far ends inside reasoning.
  public private(set) var isInReasoning: Bool

  /// A parser at the start of a response.
  public init(format: OutputFormat) {
    isInReasoning = format.startsInReasoning
  }

  /// Takes the next piece of text, cut anywhere between scalars, and returns what is certain by now.
  public mutating func consume(_ text: String) -> [OutputEvent] {
    text.isEmpty ? [] : [isInReasoning ? .reasoning(text) : .content(text)]
  }

  /// Ends the response, and returns what was held back.
  public mutating func finish() -> [OutputEvent] { [] }
}
