import OutputParsing
import Sampling
import Tokenizer

/// What one token adds to a reply.
struct ReplyStep: Sendable {
  var output: [(event: OutputEvent, scores: [TokenScore])] = []
  /// How the reply ends, if it does with this token.
  var end: ChoiceEnd?
}

/// Turns the tokens of one reply into text events, counts them, and sees when the reply is over.
struct ReplyReader: Sendable {
  /// What a reply may be.
  struct Limits: Sendable {
    /// Tokens; 0 if there is to be no reply.
    var maximumTokens: Int
    var thinking: ThinkingLimit?
    var allowsParallelToolCalls = true
    /// Tokens that end it.
    var endTokens: Set<Int32>
  }

  private var detokenizer: Detokenizer
  private var parser: OutputParser
  private let limits: Limits
  private var scores: ScoreQueue
  /// Bytes of text so far.
  private var textLength = 0
  private var toolCalls = 0
  private var forced: ArraySlice<Int32> = []

  /// Tokens so far.
  private(set) var usage: TokenUsage

  /// - Parameter scoresTextlessTokens: whether scores are told of special and end tokens, too.
  init(
    detokenizer: Detokenizer, parser: OutputParser, limits: Limits, promptTokens: Int,
    scoresTextlessTokens: Bool = false
  ) {
    self.detokenizer = detokenizer
    self.parser = parser
    self.limits = limits
    scores = ScoreQueue(takesTextless: scoresTextlessTokens)
    usage = TokenUsage(promptTokens: promptTokens)
    limitThinking()
  }

  /// Whether the reply is inside a thought.
  var isInReasoning: Bool { parser.isInReasoning }

  /// What the reply has of a tool call behind its opening tag, where it is inside one.
  var openCall: [UInt8]? { parser.openCall }

  /// The token that comes next whatever the model would choose; nil lets it choose.
  var forcedToken: Int32? { forced.first }

  /// The token that comes `count` tokens after the next one whatever the model would choose.
  func forcedToken(after count: Int) -> Int32? { forced.dropFirst(count).first }

  /// Takes the next token, with its score if that is wanted.
  ///
  /// A token counts as reasoning if the reply is inside a thought before or after it, so both tags count.
  mutating func read(_ token: Int32, score: TokenScore? = nil) -> ReplyStep {
    guard limits.maximumTokens > 0 else { return ReplyStep(end: end(.length)) }
    usage.completionTokens += 1
    if token == forced.first { forced.removeFirst() }
    let wasInReasoning = parser.isInReasoning
    let isEnd = limits.endTokens.contains(token)
    var events: [OutputEvent] = []
    if isEnd {
      if let score { scores.append(textless: score) }
    } else {
      events = consume(token, score)
    }
    if wasInReasoning || parser.isInReasoning { usage.reasoningTokens += 1 }
    limitThinking()

    if let end = admit(&events) { return step(events, end) }
    guard isEnd || usage.completionTokens == limits.maximumTokens else { return step(events, nil) }

    let rest = detokenizer.finish()
    var last = rest.isEmpty ? [] : consume(rest)
    last += parser.finish()
    settleScores()
    let early = admit(&last)
    return step(events + last, early ?? end(isEnd ? stopReason : .length))
  }

  private var stopReason: FinishReason { toolCalls > 0 ? .toolCalls : .stop }

  private func end(_ reason: FinishReason, stopSequence: String? = nil) -> ChoiceEnd {
    ChoiceEnd(reason: reason, stopSequence: stopSequence, usage: usage)
  }

  // MARK: - Text

  private mutating func consume(_ token: Int32, _ score: TokenScore?) -> [OutputEvent] {
    let text = detokenizer.append(token)
    if let score {
      if text.isEmpty, detokenizer.skips(token) {
        scores.append(textless: score)
      } else {
        scores.append(score)
      }
    }
    return text.isEmpty ? [] : consume(text)
  }

  private mutating func consume(_ text: String) -> [OutputEvent] {
    let start = textLength
    textLength += text.utf8.count
    scores.extend(by: start..<textLength)
    let events = parser.consume(text)
    settleScores()
    return events
  }

  private mutating func settleScores() {
    scores.settle(before: textLength - parser.undecidedBytes, content: parser.contentRanges)
  }

  /// Gives the scores to the content among the events, and those left over to the end.
  private mutating func step(_ events: [OutputEvent], _ end: ChoiceEnd?) -> ReplyStep {
    var step = ReplyStep(end: end)
    for event in events {
      if case .content = event {
        step.output.append((event, scores.take()))
      } else {
        step.output.append((event, []))
      }
    }
    step.end?.scores = scores.finish()
    return step
  }

  // MARK: - Limits

  /// Has the closing text written once the thoughts have only room for it.
  private mutating func limitThinking() {
    guard let limit = limits.thinking, forced.isEmpty, parser.isInReasoning,
      usage.reasoningTokens >= limit.freeTokens
    else { return }
    forced = limit.closing[...]
    // A character that the model had only begun stays out of the text.
    _ = detokenizer.finish()
  }

  /// Counts tool calls, and cuts the events after one that ends the reply.
  private mutating func admit(_ events: inout [OutputEvent]) -> ChoiceEnd? {
    for (index, event) in events.enumerated() {
      switch event {
      case .stopped(let text):
        events.removeSubrange(index...)
        return end(stopReason, stopSequence: text)
      case .toolCallStarted(let call, _) where call > 0 && !limits.allowsParallelToolCalls:
        events.removeSubrange(index...)
        return end(stopReason)
      case .toolCallEnded:
        toolCalls += 1
        guard limits.allowsParallelToolCalls else {
          events.removeSubrange((index + 1)...)
          return end(.toolCalls)
        }
      default: break
      }
    }
    return nil
  }
}
