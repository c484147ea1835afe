/// The identity of a request; greater ones need not be younger.
public struct RequestID: Hashable, Sendable, Comparable {
  /// The number its owner gave it.
  public let rawValue: UInt64

  /// Names a request.
  public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// Orders by number.
  public static func < (a: RequestID, b: RequestID) -> Bool { a.rawValue < b.rawValue }
}

/// A run of one sequence's known tokens that a step computes.
public struct SequenceChunk: Sendable, Equatable {
  /// Whose tokens these are.
  public let request: RequestID
  /// Its recurrent-state slot. A chunk at position 0 starts the slot afresh.
  public let slot: Int
  /// Its page table: token `t` lies in `pages[t / pageSize]`. Covers the chunk.
  public let pages: [Int32]
  /// Index of the first token, counted from the start of the prompt.
  public let position: Int
  /// Number of tokens, at least 1.
  public let count: Int
  /// Whether the last one is the last known token, so that a new token is sampled from its logits.
  public let samples: Bool
}

/// What one step computes. Valid until `Scheduler.complete` is called with it.
public struct StepPlan: Sendable, Equatable {
  /// At most one chunk a sequence, in order of arrival; empty if there is nothing to do.
  public let chunks: [SequenceChunk]
  /// Running requests that gave their pages and slot back. They wait again, and are computed anew later, with the
  /// tokens generated so far as part of their prompt.
  public let preempted: [RequestID]
  /// Requests that started to run, or run again, with this step.
  public let admitted: [RequestID]

  let number: Int
}
