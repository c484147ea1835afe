import Synchronization

/// Counts what a request takes, while it is computed.
public final class TokenMeter: Sendable {
  private let promptTokens = Atomic<Int>(0)
  private let replyTokens = Atomic<Int>(0)

  init() {}

  /// Tokens of the prompt, from its first step on, and of all replies so far.
  public var tokens: Int { promptTokens.load(ordering: .relaxed) + replyTokens.load(ordering: .relaxed) }

  /// The prompt is begun.
  func note(promptTokens count: Int) { promptTokens.store(count, ordering: .relaxed) }

  /// A reply has got tokens.
  func add(replyTokens count: Int) { replyTokens.add(count, ordering: .relaxed) }
}
