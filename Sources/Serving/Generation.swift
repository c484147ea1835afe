public import OutputParsing
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
  /// Tokens of the rendered conversation.
  public var promptTokens: Int
  /// Tokens the model produced, its end token included.
  public var completionTokens: Int
  /// Those among them inside thoughts, the tags included.
  public var reasoningTokens: Int

  /// Counts.
  public init(promptTokens: Int, completionTokens: Int, reasoningTokens: Int) {
    self.promptTokens = promptTokens
    self.completionTokens = completionTokens
    self.reasoningTokens = reasoningTokens
  }
}

/// One thing that happens to a reply. Either of the last two is the last.
public enum GenerationEvent: Sendable {
  /// The reply grows.
  case output(OutputEvent)
  /// The reply is whole.
  case finished(FinishReason, TokenUsage)
  /// There is no more.
  case failed(GenerationError)
}

/// A reply under way.
///
/// The events are kept until they are read, so a slow reader holds nobody up; there are no more than the reply has
/// tokens. Cancelling the task that reads them, or dropping the generation, takes the request off the engine before
/// its next step.
public struct Generation: Sendable {
  /// The request, as scheduler and log know it.
  public let id: RequestID
  /// Tokens of the prompt.
  public let promptTokens: Int
  /// What happens to the reply, in order. To be read once.
  public let events: AsyncStream<GenerationEvent>
}
