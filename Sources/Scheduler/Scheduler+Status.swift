/// Totals since a scheduler was made.
public struct SchedulerCounters: Sendable, Equatable {
  /// Requests accepted into the queue.
  public internal(set) var submitted = 0
  /// Requests that generated all they would.
  public internal(set) var finished = 0
  /// Requests cancelled before that.
  public internal(set) var cancelled = 0
  /// Requests that ended because they could not be served in time; those refused by `submit` are not among them.
  public internal(set) var refused = 0
  /// Times a running sequence gave its pages back for another one.
  public internal(set) var preemptions = 0
  /// Tokens computed, prompts and decodes together, again after preemption included.
  public internal(set) var computedTokens = 0
  /// Known tokens that were not computed when a request was admitted, because they were cached.
  public internal(set) var reusedTokens = 0
  /// Tokens sampled.
  public internal(set) var generatedTokens = 0
  /// Guessed tokens that were verified.
  public internal(set) var draftedTokens = 0
  /// Those of them that were right.
  public internal(set) var acceptedTokens = 0
  /// Steps that computed something.
  public internal(set) var steps = 0
  /// Seconds those took.
  public internal(set) var busySeconds = 0.0

  var plans = 0
}

extension Scheduler {
  /// Tokens the page pool holds in all: the longest prompt and completion together that can be accepted, but for the
  /// last token, which needs no room.
  public var tokenCapacity: Int { configuration.pageCount * configuration.pageSize }

  /// Requests that wait to run, preempted ones included.
  public var waitingCount: Int { queue.count + waitingForks + awaitingCount }

  /// Requests that hold a slot and are still wanted.
  public var runningCount: Int { running.count - inFlightEnds }

  /// Pages no sequence holds: free ones, and those kept for their tokens.
  public var availablePageCount: Int { cache.availablePages }

  /// Pages kept for their tokens, though no sequence holds them.
  public var keptPageCount: Int { cache.pageOrder.count }

  /// Slots no sequence holds: free ones, and checkpoints.
  public var availableSlotCount: Int { cache.availableSlots }

  /// Slots that are checkpoints.
  public var checkpointCount: Int { cache.checkpointOrder.count }

  /// Whether a step would find nothing to do.
  public var isIdle: Bool { waitingCount == 0 && runningCount == 0 }

  /// Whether the request is waiting, running, or still in flight after its end.
  public func holds(_ id: RequestID) -> Bool { indices[id] != nil }
}
