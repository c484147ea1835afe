/// Decides which tokens of which sequences each step computes, and who holds which cache pages and state slots.
///
/// Iteration-level batching: every step serves all sequences that stream, and spends the rest of its token budget on
/// prompts. A long prompt is thereby cut into chunks and holds running streams up for no longer than one step, and the
/// chunks are as long as the bound on that time lets them be.
///
/// Waiting requests take turns by tenant, and within a tenant come in the order of rank: of arrival, shifted by priority.
/// When pages run out the running sequence of the last rank gives its up and waits again. The first therefore always
/// advances, and since no request is accepted that could not run alone, every request ends.
///
/// What sequences computed stays in the caches until its memory is needed, and other sequences that begin with the same
/// tokens start behind it: see `CacheStore`.
///
/// One step is in flight at a time: `plan`, compute, `complete`. Requests may be submitted, finished and cancelled at any
/// moment; what the step in flight uses is handed to nobody else before it is complete. Time is seconds since any
/// moment, as the caller tells it.
public struct Scheduler: Sendable {
  /// The resources and bounds it was made with.
  public let configuration: SchedulerConfiguration
  /// Totals since the start.
  public internal(set) var counters = SchedulerCounters()
  /// How long steps take.
  public internal(set) var cost: any StepCostModel

  /// By index; those in `freeIndices` have ended.
  var sequences: [SequenceState] = []
  var freeIndices: [Int32] = []
  var indices: [RequestID: Int32] = [:]
  /// In order of rank.
  var running: [Int32] = []
  var queue = RequestQueue()
  /// Waiting requests that are with their leaders, not in the queue.
  var waitingForks = 0
  /// Milestones that running sequences will pass, and which of them will.
  var underway: [PrefixHash: Int32] = [:]
  /// Waiting requests that are not in the queue but wait for such a milestone.
  var awaiting: [PrefixHash: [Int32]] = [:]
  var awaitingCount = 0
  /// When requests that have not run yet are refused.
  var expiries = IndexedHeap<Double>()
  /// The request whose turn it was and for which there was no room.
  var blocked: BlockedRequest?
  /// The claims of all running sequences together.
  var claimedPages = 0
  /// Sequences that gave back what they held.
  var releases = 0
  var cache: CacheStore
  /// By the requests they are made for.
  var restorations: [RequestID: Restoration] = [:]
  var stepInFlight: Int?
  /// Requests that ended while the step in flight computes tokens of them.
  var inFlightEnds = 0
  var backlog = Backlog()
  var gapMargin: GapMargin
  private var arrivals = 0

  /// A scheduler without requests.
  ///
  /// - Parameter cost: what is known of how long steps take; it learns more from `complete`.
  /// - Throws: `SchedulerError.invalidConfiguration`.
  public init(
    _ configuration: SchedulerConfiguration, cost: any StepCostModel = MeasuredStepCost()
  ) throws(SchedulerError) {
    try configuration.check()
    self.configuration = configuration
    self.cost = cost
    gapMargin = GapMargin(bound: configuration.maximumGapSeconds)
    cache = CacheStore(configuration)
  }

  // MARK: - Requests

  /// Appends a request to the queue.
  ///
  /// - Throws: `emptyRequest`, `promptTooLong` if it could not even run alone, `duplicateRequest`; `queueFull`,
  ///   `tenantLimit` and `deadlineUnreachable`, which tell when to try again.
  public mutating func submit(_ request: SequenceRequest, at now: Double) throws(SchedulerError) {
    guard request.promptTokens >= 1, request.maximumTokens >= 1 else {
      throw .emptyRequest(promptTokens: request.promptTokens, maximumTokens: request.maximumTokens)
    }
    // The last new token is returned and never computed, so it needs no room.
    let (needed, overflow) = request.promptTokens.addingReportingOverflow(request.maximumTokens - 1)
    guard !overflow, needed <= tokenCapacity else {
      throw .promptTooLong(needed: overflow ? .max : needed, available: tokenCapacity)
    }
    guard indices[request.id] == nil else { throw .duplicateRequest(request.id) }
    guard waitingCount < configuration.maximumQueued else {
      throw .queueFull(limit: configuration.maximumQueued, retryAfter: secondsToDeparture(of: 1))
    }
    guard queue.presentCount(of: request.tenant) < configuration.maximumPerTenant else {
      throw .tenantLimit(limit: configuration.maximumPerTenant, retryAfter: secondsToDeparture(of: 1))
    }
    let leader = leader(of: request)
    let expectedPrefill = leader != nil ? 1 : request.promptTokens - expectedReuse(of: request)
    if let deadline = request.deadline {
      let predicted = predictedSecondsToFirstToken(of: request, prefill: expectedPrefill)
      guard predicted <= deadline - now else {
        throw .deadlineUnreachable(
          predicted: predicted, allowed: deadline - now, retryAfter: max(1, predicted - max(0, deadline - now)))
      }
    }
    let rank = Rank(
      virtualArrival: now - Double(request.priority) * configuration.priorityAgingSeconds, arrival: arrivals)
    let state = SequenceState(
      request, rank: rank, account: queue.enter(request.tenant), greatestExtent: needed,
      expectedPrefill: expectedPrefill, now: now)
    arrivals += 1
    counters.submitted += 1
    let index = freeIndices.popLast() ?? Int32(sequences.count)
    if Int(index) == sequences.count { sequences.append(state) } else { sequences[Int(index)] = state }
    indices[request.id] = index
    backlog.add(state)
    let expiry = expiry(of: state)
    if expiry < .infinity { expiries.insert(index, key: expiry) }
    if let leader {
      sequences[Int(leader)].forks.append(index)
      sequences[Int(index)].leader = leader
      waitingForks += 1
    } else {
      enqueue(index)
    }
  }

  /// Adds tokens that need not be sampled to a running request: its next tokens, computed like a prompt.
  ///
  /// To be called between steps. No more are taken than the request may still generate but one, which is sampled.
  /// - Returns: how many were taken; 0 if the request is not running.
  @discardableResult public mutating func append(_ tokens: some Collection<Int32>, to id: RequestID) -> Int {
    guard let index = indices[id].map(Int.init), sequences[index].phase == .running, !sequences[index].isInFlight else {
      return 0
    }
    let count = min(tokens.count, sequences[index].greatestExtent - sequences[index].known)
    guard count > 0 else { return 0 }
    if sequences[index].namespace != nil { sequences[index].tokens += tokens.prefix(count) }
    sequences[index].known += count
    // What was guessed was guessed behind other tokens.
    sequences[index].drafts = 0
    updateClaim(of: index)
    return count
  }

  /// Announces that `count` tokens were guessed behind a running request's known ones, in place of what was announced
  /// before. The next chunk of it that samples verifies them, or the first of them, as budget and pages allow.
  ///
  /// To be called between steps. Nothing is drafted for a request that is not running, or has sampled nothing yet.
  public mutating func draft(_ count: Int, for id: RequestID) {
    guard let index = indices[id].map(Int.init), sequences[index].phase == .running, !sequences[index].isInFlight,
      sequences[index].known > sequences[index].promptTokens
    else { return }
    // The last new token is never computed, so nothing is guessed behind the one before.
    let room = sequences[index].greatestExtent - sequences[index].known
    sequences[index].drafts = max(0, min(count, configuration.maximumDrafts, room))
  }

  /// Ends a request that has generated all it will. Unknown ones are ignored: it may have ended by itself.
  public mutating func finish(_ id: RequestID) {
    guard let index = indices[id] else { return }
    backlog.observe(outputTokens: sequences[Int(index)].known - sequences[Int(index)].promptTokens)
    if remove(index) { counters.finished += 1 }
  }

  /// Ends a request nobody waits for any more, wherever it is. Unknown ones are ignored.
  public mutating func cancel(_ id: RequestID) {
    if let index = indices[id], remove(index) { counters.cancelled += 1 }
  }

  /// Takes a request out of queue or batch; one in flight keeps what it holds until the step completes.
  /// - Returns: whether it had not ended yet.
  mutating func remove(_ index: Int32) -> Bool {
    switch sequences[Int(index)].phase {
    case .ended: return false
    case .waiting:
      stopWaiting(index)
      end(index)
    case .running where sequences[Int(index)].isInFlight:
      sequences[Int(index)].phase = .ended
      inFlightEnds += 1
    case .running:
      running.removeAll { $0 == index }
      release(index)
      end(index)
    }
    return true
  }

  /// Forgets a request that holds nothing any more; those that wait for it wait in the queue from now on.
  mutating func end(_ index: Int32) {
    releaseForks(of: index)
    queue.leave(sequences[Int(index)].account)
    indices[sequences[Int(index)].id] = nil
    sequences[Int(index)].phase = .ended
    sequences[Int(index)].tokens = []
    freeIndices.append(index)
  }
}
