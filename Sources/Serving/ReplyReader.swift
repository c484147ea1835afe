import OutputParsing
import Tokenizer

/// Turns the tokens of one reply into text events, counts them, and sees when the reply is over.
struct ReplyReader: Sendable {
  private var detokenizer: Detokenizer
  private var parser: OutputParser
  private let endTokens: Set<Int32>
  private let maximumTokens: Int
  private let allowsParallelToolCalls: Bool
  /// Tokens of the prompt.
  private let promptTokens: Int

  private var completionTokens = 0
  private var reasoningTokens = 0
  private var toolCalls = 0

  init(
    detokenizer: Detokenizer, parser: OutputParser, endTokens: Set<Int32>, promptTokens: Int, maximumTokens: Int,
    allowsParallelToolCalls: Bool
  ) {
    self.detokenizer = detokenizer
    self.parser = parser
    self.endTokens = endTokens
    self.promptTokens = promptTokens
    self.maximumTokens = maximumTokens
    self.allowsParallelToolCalls = allowsParallelToolCalls
  }

  /// Tokens so far.
  var usage: TokenUsage {
    TokenUsage(promptTokens: promptTokens, completionTokens: completionTokens, reasoningTokens: reasoningTokens)
  }

  /// Takes the next token.
  ///
  /// A token counts as reasoning if the reply is inside a thought before or after it, so both tags count.
  ///
  /// - Returns: what the token adds to the reply, and why the reply ends with it if it does.
  mutating func read(_ token: Int32) -> (events: [OutputEvent], finish: FinishReason?) {
    completionTokens += 1
    let wasInReasoning = parser.isInReasoning
    let isEnd = endTokens.contains(token)
    var events: [OutputEvent] = []
    if !isEnd {
      let text = detokenizer.append(token)
      if !text.isEmpty { events = parser.consume(text) }
    }
    if wasInReasoning || parser.isInReasoning { reasoningTokens += 1 }

    if let finish = admit(&events) { return (events, finish) }
    guard isEnd || completionTokens == maximumTokens else { return (events, nil) }

    let rest = detokenizer.finish()
    var last = (rest.isEmpty ? [] : parser.consume(rest)) + parser.finish()
    let finish = admit(&last)
    return (events + last, finish ?? (isEnd ? stopReason : .length))
  }

  private var stopReason: FinishReason { toolCalls > 0 ? .toolCalls : .stop }

  /// Counts tool calls, and cuts the events after one that ends the reply.
  private mutating func admit(_ events: inout [OutputEvent]) -> FinishReason? {
    for (index, event) in events.enumerated() {
      switch event {
      case .stopped:
        events.removeSubrange(index...)
        return stopReason
      case .toolCallEnded:
        toolCalls += 1
        guard allowsParallelToolCalls else {
          events.removeSubrange((index + 1)...)
          return .toolCalls
        }
      default: break
      }
    }
    return nil
  }
}
