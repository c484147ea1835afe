import Scheduler
import Synchronization

/// What the step loop has done, and holds.
public struct ServiceStatistics: Sendable, Equatable {
  /// Steps begun.
  public var steps = 0
  /// Requests running.
  public var running = 0
  /// Requests waiting.
  public var waiting = 0
  /// Tokens sampled.
  public var generatedTokens = 0
  /// Tokens of prompts that were not computed, because they were cached.
  public var reusedTokens = 0
  /// Tokens that were guessed and verified.
  public var draftedTokens = 0
  /// Those of them that were right, and needed no step of their own.
  public var acceptedTokens = 0
  /// Times a running request gave its memory back for an older one.
  public var preemptions = 0
  /// Requests cancelled by their clients.
  public var cancelled = 0
  /// When the step loop began what it is at; nil while it has nothing to do.
  public var busySince: ContinuousClock.Instant?
  /// Pages of the KV cache.
  public var pages = Occupancy()
  /// Slots for the states of linear attention.
  public var slots = Occupancy()

  /// What is in use of a pool.
  public struct Occupancy: Sendable, Equatable {
    /// All there are.
    public var total = 0
    /// Held by requests that run.
    public var held = 0
    /// Kept for prompts that may come back, though nobody holds them.
    public var kept = 0

    /// The rest.
    public var free: Int { total - held - kept }
  }
}

extension ServiceStatistics {
  /// Takes over what a scheduler counts and holds.
  mutating func note(_ scheduler: Scheduler) {
    running = scheduler.runningCount
    waiting = scheduler.waitingCount
    generatedTokens = scheduler.counters.generatedTokens
    draftedTokens = scheduler.counters.draftedTokens
    acceptedTokens = scheduler.counters.acceptedTokens
    preemptions = scheduler.counters.preemptions
    reusedTokens = scheduler.counters.reusedTokens
    let (pageCount, slotCount) = (scheduler.configuration.pageCount, scheduler.configuration.slotCount)
    pages = Occupancy(
      total: pageCount, held: pageCount - scheduler.availablePageCount, kept: scheduler.keptPageCount)
    slots = Occupancy(
      total: slotCount, held: slotCount - scheduler.availableSlotCount, kept: scheduler.checkpointCount)
  }
}

/// The statistics where other threads can read them.
final class StatisticsBoard: Sendable {
  private let state = Mutex(ServiceStatistics())

  var current: ServiceStatistics { state.withLock { $0 } }

  func update(_ change: (inout ServiceStatistics) -> Void) { state.withLock { change(&$0) } }
}
