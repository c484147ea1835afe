import Scheduler

/// What a prompt reused of earlier requests, and why not more.
public struct PromptCacheReport: Sendable, Hashable {
  /// Why the first token that is not cached is not.
  public enum Reason: String, Sendable {
    /// All of the prompt is cached. Its last token is always computed.
    case complete
    /// No earlier prompt goes on from the tokens before it.
    case notCached = "not_cached"
    /// All earlier prompts with the tokens before it go on with other ones.
    case differs
    /// It was cached, and memory was needed for others since.
    case evicted
    /// It is cached under another `cache_salt` of the same tenant.
    case otherSalt = "other_salt"
  }

  /// Tokens that were not computed.
  public let reusedTokens: Int
  /// Tokens whose keys and values are cached. Where these are more than were reused, no state was kept among them.
  public let knownTokens: Int
  /// Why it is not more.
  public let reason: Reason
  /// The first token that is not cached; nil where all are.
  public let divergingToken: Int32?

  init(_ report: CacheReport, _ prompt: [Int32]) {
    reusedTokens = report.reusedTokens
    knownTokens = report.cachedTokens
    reason =
      switch report.reason {
      case .complete: .complete
      case .notCached: .notCached
      case .differs: .differs
      case .evicted: .evicted
      case .otherNamespace: .otherSalt
      }
    divergingToken = report.reason == .complete ? nil : prompt.dropFirst(report.cachedTokens).first
  }
}
