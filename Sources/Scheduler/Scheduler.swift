/// Decides which tokens of which sequences each step computes, and who holds which cache pages and state slots.
///
/// Iteration-level batching: every step serves all sequences that decode, one token each, and spends the rest of its
/// token budget on prompts, oldest first. A long prompt is thereby cut into chunks and holds running streams up for no
/// longer than one step of that budget.
///
/// Requests are served in order of arrival. When pages run out the youngest running sequence gives its up and goes back
/// to the front of the queue. The oldest therefore always advances, and since no request is accepted that could not run
/// alone, every request finishes.
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

  /// By index; those in `freeIndices` have ended.
  var sequences: [SequenceState] = []
  var freeIndices: [Int32] = []
  var indices: [RequestID: Int32] = [:]
  /// In order of arrival.
  var running: [Int32] = []
  /// In order of arrival.
  var queue: [Int32] = []
  /// Waiting requests that are with their leaders, not in the queue.
  var waitingForks = 0
  /// The claims of all running sequences together.
  var claimedPages = 0
  var cache: CacheStore
  var stepInFlight: Int?
  /// Requests that ended while the step in flight computes tokens of them.
  var inFlightEnds = 0
  private var arrivals = 0

  /// A scheduler without requests.
  ///
  /// - Throws: `SchedulerError.invalidConfiguration`.
  public init(_ configuration: SchedulerConfiguration) throws(SchedulerError) {
    try configuration.check()
    self.configuration = configuration
    cache = CacheStore(configuration)
  }

  // MARK: - Requests

  /// Appends a request to the queue.
  ///
  /// - Throws: `emptyRequest`, `promptTooLong` if it could not even run alone, `queueFull`, `duplicateRequest`.
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
    guard waitingCount < configuration.maximumQueued else { throw .queueFull(limit: configuration.maximumQueued) }
    let state = SequenceState(request, arrival: arrivals, greatestExtent: needed, now: now)
    arrivals += 1
    counters.submitted += 1
    let index = freeIndices.popLast() ?? Int32(sequences.count)
    if Int(index) == sequences.count { sequences.append(state) } else { sequences[Int(index)] = state }
    indices[request.id] = index
    if let leader = request.fork.flatMap({ indices[$0] }), canLead(leader, index) {
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
    updateClaim(of: index)
    return count
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
    guard let index = indices[id] else { return false }
    switch sequences[Int(index)].phase {
    case .ended: return false
    case .waiting:
      if let leader = sequences[Int(index)].leader {
        sequences[Int(leader)].forks.removeAll { $0 == index }
        waitingForks -= 1
      } else {
        queue.removeAll { $0 == index }
      }
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
    indices[sequences[Int(index)].id] = nil
    sequences[Int(index)].phase = .ended
    sequences[Int(index)].tokens = []
    freeIndices.append(index)
  }

  // MARK: - Queue

  /// Puts a waiting request into its place in the queue.
  mutating func enqueue(_ index: Int32) {
    sequences[Int(index)].leader = nil
    let arrival = sequences[Int(index)].arrival
    let place = queue.lastIndex { sequences[Int($0)].arrival < arrival }.map { $0 + 1 } ?? 0
    queue.insert(index, at: place)
  }

  /// Lets requests that waited to start behind another wait for themselves.
  mutating func releaseForks(of index: Int32) {
    for fork in sequences[Int(index)].forks {
      waitingForks -= 1
      enqueue(fork)
    }
    sequences[Int(index)].forks = []
  }

  /// Whether the one has not come to the end of the prompt that the other has, too.
  private func canLead(_ leader: Int32, _ follower: Int32) -> Bool {
    let (first, second) = (sequences[Int(leader)], sequences[Int(follower)])
    return first.phase != .ended && first.known == first.promptTokens
      && first.promptTokens == second.promptTokens && first.namespace == second.namespace
      && first.tokens == second.tokens && first.leader == nil
  }
}
