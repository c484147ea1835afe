public import OutputParsing
public import Sampling
public import Scheduler

/// Why a reply ended.
public enum FinishReason: String, Sendable, Hashable {
  /// The model ended it, or a stop string did.
  case stop
  /// It has all the tokens it may have.
  case length
  /// The model ended it, and it holds tool calls.
  case toolCalls = "tool_calls"
}

/// Exact counts of one request.
public struct TokenUsage: Sendable, Hashable {
  /// Tokens of the prompt.
  public var promptTokens: Int
  /// Those among them that were not computed, because they were known from earlier requests.
  public var cachedTokens = 0
  /// Tokens the model produced, end tokens included; of all choices together.
  public var completionTokens: Int
  /// Those among them inside thoughts, the tags included.
  public var reasoningTokens: Int
  /// Drafted tokens that are part of the replies.
  public var acceptedPredictionTokens = 0
  /// Drafted tokens that are not.
  public var rejectedPredictionTokens = 0
  /// What was reused of earlier requests and why not more, if the request wants to know.
  public var cacheReport: PromptCacheReport?

  /// Counts.
  public init(promptTokens: Int, completionTokens: Int = 0, reasoningTokens: Int = 0) {
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.reasoningTokens = reasoningTokens
  }

  /// Adds what one more reply to the same prompt took.
  mutating func add(reply: TokenUsage) {
    completionTokens += reply.completionTokens
    reasoningTokens += reply.reasoningTokens
    acceptedPredictionTokens += reply.acceptedPredictionTokens
    rejectedPredictionTokens += reply.rejectedPredictionTokens
  }
}

/// How one reply ended.
public struct ChoiceEnd: Sendable, Equatable {
  /// Why.
  public var reason: FinishReason
  /// The stop string that ended it, if one did.
  public var stopSequence: String?
  /// What this reply took.
  public var usage: TokenUsage
  /// Scores not told with any output: of tokens that have no text, such as the end token of a completion.
  public var scores: [TokenScore] = []
}

/// One thing that happens to a request's replies. Either of the last two is the last.
public enum GenerationEvent: Sendable {
  /// The prompt's tokens are scored; nil for the first, which follows nothing. Comes once, in front of the
  /// first reply, and only if asked for.
  case promptScores([TokenScore?])
  /// A reply grows. `scores` are those of the tokens that became this content; empty unless asked for, and for thoughts
  /// and tool calls.
  case output(OutputEvent, scores: [TokenScore], choice: Int)
  /// A reply is whole.
  case ended(ChoiceEnd, choice: Int)
  /// All replies are whole.
  case finished(TokenUsage)
  /// There is no more.
  case failed(GenerationError)
}

/// Replies under way.
///
/// The events are kept until they are read, so a slow reader holds nobody up; there are no more than the replies have
/// tokens. Cancelling the task that reads them, or dropping the generation, takes the request off the engine before
/// its next step.
public struct Generation: Sendable {
  /// The replies, as scheduler and log know them.
  public let ids: [RequestID]
  /// The prompt.
  public let promptTokens: [Int32]
  /// What the request has taken so far.
  public let meter: TokenMeter
  /// What happens to the replies, in order. To be read once.
  public let events: AsyncStream<GenerationEvent>
  let verdict: Verdict

  /// Returns once the request waits for its turn, which is after the step under way at the latest.
  /// - Throws: why it does not: its tenant has too many requests, or its first token could not come in time. The events
  ///   then say so, too.
  public func admitted() async throws(GenerationError) { try await verdict.wait().get() }
}
