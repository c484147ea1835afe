/// The identity of a request; greater ones need not be younger.
public struct RequestID: Hashable, Sendable, Comparable {
  /// The number its owner gave it.
  public let rawValue: UInt64

  /// Names a request.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Orders by number.
  public static func < (a: RequestID, b: RequestID) -> Bool { a.rawValue < b.rawValue }
}

/// On whose behalf requests are made; opaque.
public struct TenantID: Hashable, Sendable {
  /// The number its owner gave it.
  public let rawValue: UInt64

  /// Names a tenant.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Where tenants are not told apart.
  public static let shared = TenantID(rawValue: 0)
}

/// A sequence to be computed: how much is known of it, how far it may grow, and what may be kept of it.
public struct SequenceRequest: Sendable {
  /// Its identity.
  public var id: RequestID
  /// Known tokens, at least 1.
  public var promptTokens: Int
  /// Tokens to generate, at least 1. The request finishes by itself when it has them.
  public var maximumTokens: Int
  /// On whose behalf.
  public var tenant = TenantID.shared
  /// Greater ones come first: as if the request had been submitted `priorityAgingSeconds` earlier for each step.
  public var priority = 0
  /// When its first token is of no use any more, on the clock that `submit` and `plan` are told; nil: always.
  public var deadline: Double?
  /// What it shares with others, and leaves to them; nil: it reuses nothing, and nothing of it is kept.
  public var prompt: CachedPrompt?
  /// Another request with the same prompt, submitted before: this one is computed from the end of that prompt on.
  /// Where that is no longer possible, or there is no such request, it is computed like any other.
  public var fork: RequestID?

  /// A request whose tokens the scheduler does not know: nothing of it is looked up or kept.
  public init(id: RequestID, promptTokens: Int, maximumTokens: Int, fork: RequestID? = nil) {
    self.id = id
    self.promptTokens = promptTokens
    self.maximumTokens = maximumTokens
    self.fork = fork
  }

  /// A request that reuses what is cached of its prompt.
  public init(id: RequestID, prompt: CachedPrompt, maximumTokens: Int, fork: RequestID? = nil) {
    self.id = id
    promptTokens = prompt.tokens.count
    self.prompt = prompt
    self.maximumTokens = maximumTokens
    self.fork = fork
  }
}

/// A prompt's tokens, and where in them it is worth while to keep the state.
public struct CachedPrompt: Sendable {
  /// The tokens. What is cached is found by them, exactly, so no digest of pages is needed here.
  public var tokens: [Int32]
  /// With whom it shares.
  public var namespace: CacheNamespace
  /// Positions to keep the state at, ascending, each at least 1 and less than the number of tokens; others are
  /// ignored.
  public var breakpoints: [CacheBreakpoint]
  /// Whether to say, when it is admitted, what was reused and why not more.
  public var wantsReport: Bool

  /// A prompt to look up and keep.
  public init(
    tokens: [Int32], namespace: CacheNamespace, breakpoints: [CacheBreakpoint] = [], wantsReport: Bool = false
  ) {
    self.tokens = tokens
    self.namespace = namespace
    self.breakpoints = breakpoints
    self.wantsReport = wantsReport
  }
}

/// What separates cached tokens from one another: prefixes are shared within a namespace, never between two.
///
/// 256 bits, so that it can be a digest of whatever makes caches separate: a tenant's key, a request's salt.
public struct CacheNamespace: Hashable, Sendable {
  let first: UInt64
  let second: UInt64
  let third: UInt64
  let fourth: UInt64

  /// The namespace of that digest.
  public init(_ first: UInt64, _ second: UInt64, _ third: UInt64, _ fourth: UInt64) {
    (self.first, self.second, self.third, self.fourth) = (first, second, third, fourth)
  }
}

/// A position in a prompt at which the state is kept, so that another prompt equal up to there starts from it.
public struct CacheBreakpoint: Sendable, Hashable {
  /// Who is likely to come back to it.
  public enum Purpose: Sendable, Hashable {
    /// Prompts of other conversations: the end of a system message, or where a client asked for it.
    case shared
    /// The next turns of the same conversation. It gives way once a later turn has left its own.
    case turn
  }

  /// Number of tokens before it.
  public var position: Int
  /// Who is likely to come back.
  public var purpose: Purpose

  /// A place in a prompt.
  public init(position: Int, purpose: Purpose) {
    self.position = position
    self.purpose = purpose
  }
}
