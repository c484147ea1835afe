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

  // MARK: - Steps

  /// Chooses what the next step computes, and gives the sequences the pages for it.
  ///
  /// The plan is in flight until `complete` is called with it; until then there is no other.
  public mutating func plan() -> StepPlan {
    precondition(stepInFlight == nil, "the step before is not complete")
    var chunks: [SequenceChunk] = []
    var preempted: [RequestID] = []
    var admitted: [RequestID] = []
    var prefillBudget = configuration.stepTokenBudget - running.count { $0.remaining == 1 }

    // Oldest first, so that who is preempted has not been planned yet. Whoever is admitted joins the end of the row.
    var index = 0
    while true {
      if index == running.count {
        guard preempted.isEmpty, prefillBudget > 0, let id = admitNext() else { break }
        admitted.append(id)
      }
      let isDecode = running[index].remaining == 1 && !admitted.contains(running[index].id)
      let count = isDecode ? 1 : min(running[index].remaining, prefillBudget)
      if count > 0 {
        preempted += makeRoom(for: running[index].computed + count, of: index)
        // It may have been the youngest itself.
        guard index < running.count else { break }
        chunks.append(takeChunk(of: index, count: count))
        if !isDecode { prefillBudget -= count }
      }
      index += 1
    }

    counters.steps += chunks.isEmpty ? 0 : 1
    stepInFlight = counters.plans
    counters.plans += 1
    return StepPlan(chunks: chunks, preempted: preempted, admitted: admitted, number: counters.plans - 1)
  }

  /// Records that the chunks of `plan` are computed: each chunk that samples has grown its sequence by one token.
  ///
  /// Sequences that have all the tokens they asked for, and those finished or cancelled meanwhile, give their pages and
  /// slots back now. If the step failed, cancel its requests first.
  public mutating func complete(_ plan: StepPlan) {
    precondition(plan.number == stepInFlight, "this is not the step in flight")
    stepInFlight = nil
    // Both are in order of arrival, and every chunk's sequence is still there: see `remove`.
    var index = 0
    for chunk in plan.chunks {
      while running[index].id != chunk.request { index += 1 }
      running[index].computed += chunk.count
      running[index].isInFlight = false
      counters.computedTokens += chunk.count
      if chunk.samples, !running[index].isRetired {
        running[index].known += 1
        counters.generatedTokens += 1
        if running[index].isFull {
          running[index].isRetired = true
          counters.finished += 1
        }
      }
    }
    for sequence in running where sequence.isRetired { release(sequence) }
    running.removeAll { $0.isRetired }
  }

  // MARK: - Parts of a step

  /// Lets the request at the front of the queue run, if a slot is free, and pages for its known tokens and the headroom.
  private mutating func admitNext() -> RequestID? {
    guard let next = queue.first, running.count < configuration.runningLimit, slots.freeCount > 0 else { return nil }
    // Running prompts that are not computed yet have a claim on the pages they still need.
    let claimed = running.reduce(0) { $0 + max(0, pageCount(for: $1.known) - $1.pages.count) }
    let wanted = pageCount(for: next.known) + configuration.admissionHeadroomPages
    guard min(wanted, pageCount(for: next.greatestExtent)) <= pages.freeCount - claimed else { return nil }
    running.append(queue.removeFirst())
    running[running.count - 1].slot = slots.take()
    return next.id
  }

  /// Preempts the youngest sequences, last the one at `index` itself, until that can hold `tokens` tokens.
  private mutating func makeRoom(for tokens: Int, of index: Int) -> [RequestID] {
    var preempted: [RequestID] = []
    while index < running.count, pageCount(for: tokens) - running[index].pages.count > pages.freeCount {
      var youngest = running.removeLast()
      release(youngest)
      counters.preemptions += 1
      counters.discardedTokens += youngest.computed
      preempted.append(youngest.id)
      (youngest.computed, youngest.slot, youngest.pages) = (0, nil, [])
      queue.insert(youngest, at: 0)
    }
    return preempted
  }

  private mutating func takeChunk(of index: Int, count: Int) -> SequenceChunk {
    let position = running[index].computed
    while running[index].pages.count < pageCount(for: position + count), let page = pages.take() {
      running[index].pages.append(page)
    }
    running[index].isInFlight = true
    let sequence = running[index]
    return SequenceChunk(
      request: sequence.id, slot: Int(sequence.slot ?? 0), pages: sequence.pages, position: position, count: count,
      samples: count == sequence.remaining)
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

  private mutating func release(_ sequence: SequenceState) {
    pages.giveBack(sequence.pages)
    if let slot = sequence.slot { slots.giveBack(slot) }
  }

  func pageCount(for tokens: Int) -> Int { (tokens + configuration.pageSize - 1) / configuration.pageSize }
}
