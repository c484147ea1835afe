/// Decides which tokens of which sequences each step computes, and who holds which cache pages and state slots.
///
/// Iteration-level batching: every step serves all sequences that decode, one token each, and spends the rest of its
/// token budget on prompts, oldest first. A long prompt is thereby cut into chunks and holds running streams up for no
/// longer than one step of that budget.
///
/// Requests are served strictly in order of arrival. Running sequences are always the oldest ones; when pages run out
/// the youngest gives its up and goes back to the front of the queue. The oldest therefore always advances, and since
/// no request is accepted that could not run alone, every request finishes.
///
/// One step is in flight at a time: `plan`, compute, `complete`. Requests may be submitted, finished and cancelled at any
/// moment; what the step in flight uses is handed to nobody else before it is complete.
public struct Scheduler: Sendable {
  /// The resources and bounds it was made with.
  public let configuration: SchedulerConfiguration
  /// Totals since the start.
  public internal(set) var counters = SchedulerCounters()

  /// In order of arrival, all older than those in the queue.
  var running: [SequenceState] = []
  /// In order of arrival.
  var queue: [SequenceState] = []
  var pages: FixedPool
  var slots: FixedPool
  var stepInFlight: Int?
  private var arrivals = 0

  /// A scheduler without requests.
  ///
  /// - Throws: `SchedulerError.invalidConfiguration`.
  public init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    try configuration.check()
    self.configuration = configuration
    pages = FixedPool(count: configuration.pageCount)
    slots = FixedPool(count: configuration.slotCount)
  }

  // MARK: - Requests

  /// Appends a request to the queue.
  ///
  /// - Parameters:
  ///   - promptTokens: known tokens, at least 1.
  ///   - maximumTokens: tokens to generate, at least 1. The request finishes by itself when it has them.
  /// - Throws: `emptyRequest`, `promptTooLong` if it could not even run alone, `queueFull`, `duplicateRequest`.
  public mutating func submit(_ id: RequestID, promptTokens: Int, maximumTokens: Int) throws(SchedulerError) {
    guard promptTokens >= 1, maximumTokens >= 1 else {
      throw .emptyRequest(promptTokens: promptTokens, maximumTokens: maximumTokens)
    }
    // The last new token is returned and never computed, so it needs no room.
    let (needed, overflow) = promptTokens.addingReportingOverflow(maximumTokens - 1)
    guard !overflow, needed <= tokenCapacity else {
      throw .promptTooLong(needed: overflow ? .max : needed, available: tokenCapacity)
    }
    guard !holds(id) else { throw .duplicateRequest(id) }
    guard queue.count < configuration.maximumQueued else { throw .queueFull(limit: configuration.maximumQueued) }
    queue.append(SequenceState(id: id, arrival: arrivals, greatestExtent: needed, known: promptTokens))
    arrivals += 1
    counters.submitted += 1
  }

  /// Ends a request that has generated all it will. Unknown ones are ignored: it may have ended by itself.
  public mutating func finish(_ id: RequestID) {
    if remove(id) { counters.finished += 1 }
  }

  /// Ends a request nobody waits for any more, wherever it is. Unknown ones are ignored.
  public mutating func cancel(_ id: RequestID) {
    if remove(id) { counters.cancelled += 1 }
  }

  /// Takes a request out of queue or batch; one in flight keeps what it holds until the step completes.
  private mutating func remove(_ id: RequestID) -> Bool {
    if let index = queue.firstIndex(where: { $0.id == id }) {
      queue.remove(at: index)
      return true
    }
    guard let index = running.firstIndex(where: { $0.id == id && !$0.isRetired }) else { return false }
    if running[index].isInFlight {
      running[index].isRetired = true
    } else {
      release(running.remove(at: index))
    }
    return true
  }

  mutating func release(_ sequence: SequenceState) {
    pages.giveBack(sequence.pages)
    if let slot = sequence.slot { slots.giveBack(slot) }
  }

  func pageCount(for tokens: Int) -> Int { (tokens + configuration.pageSize - 1) / configuration.pageSize }
}
