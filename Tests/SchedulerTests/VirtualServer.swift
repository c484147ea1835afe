import Scheduler

/// A scheduler with an engine that takes no time but says it did.
struct VirtualServer {
  /// What became of a request.
  struct Record {
    let submitted: Double
    var admitted: AdmittedRequest?
    var firstToken: Double?
    var lastToken = 0.0
    /// The longest time between two of its tokens.
    var longestGap = 0.0
    var tokens: [Int32] = []
    /// Tokens that were computed for it: those that were not reused, and the generated ones.
    var computed = 0
    var preemptions = 0
    var refusal: RefusedRequest?
    var ended: Double?
  }

  var scheduler: Scheduler
  var now = 0.0
  var records: [RequestID: Record] = [:]
  /// All steps' durations while something streamed.
  var streamSteps: [Double] = []
  /// Seconds a step takes.
  let seconds: (StepLoad) -> Double
  /// The next token of a request that has generated so many.
  let token: (RequestID, Int) -> Int32

  /// By default, a step takes 10 ms, and 0.1 ms more for every token.
  init(
    _ configuration: SchedulerConfiguration,
    seconds: @escaping (StepLoad) -> Double = { 0.01 + 0.0001 * Double($0.decodes + $0.prefillTokens) },
    token: @escaping (RequestID, Int) -> Int32 = { Int32($0.rawValue % 1000) * 1000 + Int32($1) }
  ) throws {
    scheduler = try Scheduler(configuration)
    self.seconds = seconds
    self.token = token
  }

  mutating func submit(_ request: SequenceRequest) throws(SchedulerError) {
    try scheduler.submit(request, at: now)
    records[request.id] = Record(submitted: now)
  }

  @discardableResult mutating func step() -> StepPlan {
    let plan = scheduler.plan(at: now)
    let taken = plan.chunks.isEmpty ? 0.01 : seconds(plan.load)
    now += taken
    if plan.load.decodes > 0 { streamSteps.append(taken) }
    for id in plan.preempted { records[id]?.preemptions += 1 }
    for refused in plan.refused {
      records[refused.request]?.refusal = refused
      records[refused.request]?.ended = now
    }
    for admitted in plan.admitted where !admitted.isResumed { records[admitted.request]?.admitted = admitted }
    var sampling: [RequestID] = []
    for chunk in plan.chunks {
      records[chunk.request]?.computed += chunk.count
      if chunk.samples { sampling += [chunk.request] + chunk.forks }
    }
    let sampled = sampling.map { token($0, records[$0]?.tokens.count ?? 0) }
    scheduler.complete(plan, sampled: sampled, seconds: taken)
    for (id, token) in zip(sampling, sampled) { receive(token, for: id) }
    return plan
  }

  private mutating func receive(_ token: Int32, for id: RequestID) {
    guard var record = records[id], record.ended == nil else { return }
    if record.firstToken == nil {
      record.firstToken = now
    } else {
      record.longestGap = max(record.longestGap, now - record.lastToken)
    }
    record.lastToken = now
    record.tokens.append(token)
    if !scheduler.holds(id) { record.ended = now }
    records[id] = record
  }

  mutating func cancel(_ id: RequestID) {
    scheduler.cancel(id)
    records[id]?.ended = now
  }

  /// Steps until nothing is left, and checks the books.
  mutating func drain(limit: Int = 100_000) throws {
    var steps = 0
    while !scheduler.isIdle, steps < limit {
      step()
      steps += 1
    }
    try scheduler.checkInvariants()
  }

  /// Submits a request, and runs everything to its end.
  /// - Returns: what became of it.
  mutating func answer(_ request: SequenceRequest) throws -> Record {
    try submit(request)
    try drain()
    return records[request.id] ?? Record(submitted: now)
  }
}

extension CacheNamespace {
  static let test = CacheNamespace(1, 2, 3, 4)
}

extension SequenceRequest {
  /// A request of which everything may be kept.
  static func cached(
    _ id: RequestID, _ tokens: [Int32], maximum: Int = 8, breakpoints: [CacheBreakpoint] = [],
    namespace: CacheNamespace = .test, fork: RequestID? = nil
  ) -> SequenceRequest {
    SequenceRequest(
      id: id,
      prompt: CachedPrompt(tokens: tokens, namespace: namespace, breakpoints: breakpoints, wantsReport: true),
      maximumTokens: maximum, fork: fork)
  }
}
