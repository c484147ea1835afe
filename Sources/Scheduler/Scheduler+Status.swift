/// Totals since a scheduler was made.
public struct SchedulerCounters: Sendable, Equatable {
  /// Requests accepted into the queue.
  public internal(set) var submitted = 0
  /// Requests that generated all they would.
  public internal(set) var finished = 0
  /// Requests cancelled before that.
  public internal(set) var cancelled = 0
  /// Times a running sequence gave its pages back for an older one.
  public internal(set) var preemptions = 0
  /// Tokens computed, prompts and decodes together, again after preemption included.
  public internal(set) var computedTokens = 0
  /// Computed tokens thrown away by preemption.
  public internal(set) var discardedTokens = 0
  /// Tokens sampled.
  public internal(set) var generatedTokens = 0
  /// Steps that computed something.
  public internal(set) var steps = 0

  var plans = 0
}

extension Scheduler {
  /// Tokens the page pool holds in all: the longest prompt and completion together that can be accepted, but for the
  /// last token, which needs no room.
  public var tokenCapacity: Int { configuration.pageCount * configuration.pageSize }

  /// Requests that wait to run, preempted ones included.
  public var waitingCount: Int { queue.count }

  /// Requests that hold a slot and are still wanted.
  public var runningCount: Int { running.count { !$0.isRetired } }

  /// Pages nobody holds.
  public var freePageCount: Int { pages.freeCount }

  /// Slots nobody holds.
  public var freeSlotCount: Int { slots.freeCount }

  /// Whether a step would find nothing to do.
  public var isIdle: Bool { queue.isEmpty && runningCount == 0 }

  /// Whether the request is waiting, running, or still in flight after its end.
  public func holds(_ id: RequestID) -> Bool {
    running.contains { $0.id == id } || queue.contains { $0.id == id }
  }

  /// Checks all books against each other: every page and slot has one owner, the counts add up, running requests are
  /// older than waiting ones and hold what their tokens need. Linear in all of them; for tests and idle moments.
  ///
  /// - Throws: `SchedulerError.invariantBroken`.
  public func checkInvariants() throws(SchedulerError) {
    func check(_ holds: Bool, _ what: @autoclosure () -> String) throws(SchedulerError) {
      if !holds { throw .invariantBroken(what()) }
    }

    var pageOwners = pages.freeItems
    var slotOwners = slots.freeItems
    for sequence in running {
      pageOwners += sequence.pages
      if let slot = sequence.slot { slotOwners.append(slot) }
    }
    try check(
      pageOwners.sorted() == Array(0..<Int32(pages.count)), "a page is lost, or has two owners: \(pageOwners.sorted())")
    try check(
      slotOwners.sorted() == Array(0..<Int32(slots.count)), "a slot is lost, or has two owners: \(slotOwners.sorted())")

    for sequence in running {
      let name = "running request \(sequence.id.rawValue)"
      try check(sequence.slot != nil, "\(name) has no slot")
      try check(sequence.remaining >= 1 || sequence.isRetired, "\(name) has nothing to compute")
      try check(sequence.known <= sequence.greatestExtent || sequence.isRetired, "\(name) outgrew its limit")
      try check(stepInFlight != nil || !sequence.isRetired, "\(name) has ended, and is in no step")
      try check(stepInFlight != nil || !sequence.isInFlight, "\(name) is in flight, and no step is")
      let needed = pageCount(for: sequence.computed)
      try check(
        sequence.isInFlight ? sequence.pages.count >= needed : sequence.pages.count == needed,
        "\(name) holds \(sequence.pages.count) pages for \(sequence.computed) tokens")
    }
    for sequence in queue {
      try check(
        sequence.slot == nil && sequence.pages.isEmpty && sequence.computed == 0,
        "waiting request \(sequence.id.rawValue) holds something")
    }

    let arrivals = (running + queue).map(\.arrival)
    try check(zip(arrivals, arrivals.dropFirst()).allSatisfy { $0 < $1 }, "order of arrival is lost: \(arrivals)")
    try check(
      counters.submitted == counters.finished + counters.cancelled + waitingCount + runningCount,
      "requests do not add up: \(counters), \(waitingCount) waiting, \(runningCount) running")
  }
}
