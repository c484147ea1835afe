/// What happened to one request. Times are seconds since the start of the run.
public struct RequestRecord: Sendable, Hashable {
  /// How a request ended.
  public enum Outcome: Sendable, Hashable {
    /// The reply is whole.
    case answered
    /// The server would not take it: status 429 or 503.
    case refused(String)
    /// Anything else went wrong.
    case failed(String)
  }

  /// When it was sent.
  public var sent: Double
  /// When the first of the reply came; nil if nothing did.
  public var firstToken: Double?
  /// When it ended.
  public var end: Double
  /// Tokens of the prompt.
  public var promptTokens = 0
  /// Tokens of it that the server did not compute, because they were cached.
  public var cachedTokens = 0
  /// Tokens of the reply.
  public var outputTokens = 0
  /// Tokens of it that were guessed.
  public var acceptedDrafts = 0
  /// Tokens that were guessed in vain.
  public var rejectedDrafts = 0
  /// The longest time between two pieces of the reply; 0 below two.
  public var longestGap = 0.0
  /// On whose behalf.
  public var tenant = 0
  /// How it ended.
  public var outcome: Outcome

  /// A request that was sent.
  public init(sent: Double, firstToken: Double? = nil, end: Double, outcome: Outcome) {
    self.sent = sent
    self.firstToken = firstToken
    self.end = end
    self.outcome = outcome
  }

  /// Seconds from sending to the first of the reply.
  public var timeToFirstToken: Double? { firstToken.map { $0 - sent } }

  /// Mean seconds a token after the first; nil below two.
  public var secondsPerToken: Double? {
    guard let firstToken, outputTokens > 1 else { return nil }
    return (end - firstToken) / Double(outputTokens - 1)
  }
}

/// What a request has to keep to count as good.
public struct ServiceLevel: Sendable, Hashable {
  /// Seconds to the first token, at most.
  public var timeToFirstToken: Double
  /// Mean seconds a token after the first, at most.
  public var secondsPerToken: Double

  /// A level.
  public init(timeToFirstToken: Double = 2, secondsPerToken: Double = 0.1) {
    self.timeToFirstToken = timeToFirstToken
    self.secondsPerToken = secondsPerToken
  }

  /// Whether an answered request kept it.
  public func isKept(by record: RequestRecord) -> Bool {
    record.outcome == .answered && (record.timeToFirstToken ?? .infinity) <= timeToFirstToken
      && (record.secondsPerToken ?? 0) <= secondsPerToken
  }
}
