/// A run of one sequence's known tokens that a step computes.
public struct SequenceChunk: Sendable, Equatable {
  /// Whose tokens these are.
  public let request: RequestID
  /// Its recurrent-state slot. A chunk at position 0 starts the slot afresh.
  public let slot: Int
  /// Its page table: token `t` lies in `pages[t / pageSize]`. Covers the chunk, and where there is memory to spare the
  /// guesses that may follow it.
  public let pages: [Int32]
  /// Index of the first token, counted from the start of the prompt.
  public let position: Int
  /// Number of known tokens, at least 1.
  public let count: Int
  /// Tokens behind them that are guessed, the first so many of those announced by `Scheduler.draft`. What is computed
  /// of the wrong ones is to be taken back before the step is complete.
  public let drafts: Int
  /// Whether the last known one is among them, so that a new token is sampled from its logits, and one more for each
  /// guess that is right.
  public let samples: Bool
  /// Further requests with the same prompt, which start here: a new token is sampled for each of them from the same
  /// logits.
  public let forks: [RequestID]

  let sequence: Int32

  /// Tokens sampled from the chunk's logits, if no guess is right.
  public var sampledCount: Int { samples ? 1 + forks.count : 0 }
}

/// The content of one page or slot of the caches, taken over by another.
public enum CacheCopy: Sendable, Hashable {
  /// All of a page, in every layer.
  case page(from: Int32, to: Int32)
  /// All of a state slot, in every layer.
  case slot(from: Int32, to: Int32)
  /// A state slot as it was before the last so many tokens that the step gave to its sequence, which are not all.
  case slotBefore(Int, from: Int32, to: Int32)
}

/// A request that starts to run, or runs again.
public struct AdmittedRequest: Sendable, Equatable {
  /// Which one.
  public let request: RequestID
  /// Known tokens that need not be computed, because they are cached.
  public let reusedTokens: Int
  /// Whether it ran before, and was preempted.
  public let isResumed: Bool
  /// Seconds it has waited: since it was submitted, or preempted.
  public let queuedSeconds: Double
  /// What was reused and why not more, when the request wants to know; on its first admission only.
  public let report: CacheReport?
}

/// A waiting request that is not served any more.
public struct RefusedRequest: Sendable, Equatable {
  /// Why.
  public enum Reason: Sendable, Equatable {
    /// Its first token can no longer come before its deadline.
    case deadline
    /// It has waited as long as a request may.
    case queueTime
  }

  /// Which one.
  public let request: RequestID
  /// Why.
  public let reason: Reason
  /// Seconds it has waited.
  public let queuedSeconds: Double
  /// In so many seconds its like should be served in time.
  public let retryAfter: Double
}

/// What one step computes. Valid until `Scheduler.complete` or `Scheduler.abandon` is called with it.
public struct StepPlan: Sendable, Equatable {
  /// Copies to make before the chunks are computed, in this order.
  public let copies: [CacheCopy]
  /// At most one chunk a sequence; empty if there is nothing to do.
  public let chunks: [SequenceChunk]
  /// Copies to make after all chunks are computed, in this order: states to keep, and what forks start with.
  public let checkpoints: [CacheCopy]
  /// Running requests that gave their pages and slot back. They wait again, and go on later, with the tokens generated
  /// so far as part of their prompt.
  public let preempted: [RequestID]
  /// Requests that started to run, or run again, with this step; forks are among them.
  public let admitted: [AdmittedRequest]
  /// Requests that have ended because they cannot be served in time.
  public let refused: [RefusedRequest]
  /// What the chunks cost depends on this.
  public let load: StepLoad
  /// Tokens to sample if no guess is right, in the order of the chunks: for each its own, then those of its forks.
  public let sampledCount: Int

  let number: Int
  let pendingCheckpoints: [PendingCheckpoint]
}

/// A state that a step's last copies freeze: what will be in the slot.
struct PendingCheckpoint: Sendable, Equatable {
  let sequence: Int32
  /// Tokens of the chunk behind the state.
  let tokensBehind: Int
  let slot: Int32
  let milestone: Milestone
}

/// A position of a prompt at which its state is to be kept.
struct Milestone: Sendable, Equatable {
  let position: Int
  let purpose: CheckpointPurpose
  let hash: PrefixHash
}
