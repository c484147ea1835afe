import Glibc
public import Scheduler
public import Workload

/// Runs a trace through the scheduler, with a cost model in the engine's place and a clock that only it moves.
public struct Simulator {
  /// What a run gives.
  public struct Result: Sendable {
    /// What clients would have seen.
    public var measurements: Measurements
    /// The scheduler's own totals.
    public var counters: SchedulerCounters
    /// Microseconds of processor time the scheduler itself took for a step.
    public var schedulerMicroseconds = Distribution()
    /// Sequences of a step.
    public var batch = Distribution()
    /// Requests that waited, at each step.
    public var waiting = Distribution()
  }

  /// A request that is waiting or running. Its place in `active` is its identity.
  private struct Active {
    let arrival: SimulatedClients.Arrival
    let promptTokens: Int
    let outputTokens: Int
    var reusedTokens = 0
    var generated = 0
    var firstToken = 0.0
    var lastToken = 0.0
    var longestGap = 0.0
  }

  private var scheduler: Scheduler
  private let cost: CostModel
  private let level: ServiceLevel
  private let hasDeadlines: Bool
  private var clients: SimulatedClients
  private var active: [Active?] = []
  private var free: [Int] = []
  private var now = 0.0
  /// When the last request was read: they are read one after another.
  private var lastRead = 0.0
  private var result: Result

  /// A run to make.
  ///
  /// - Parameters:
  ///   - isolatesTenants: whether tenants share no cached prefixes.
  ///   - level: what counts as good.
  ///   - hasDeadlines: whether requests say that they want their first token as the level has it.
  public init(
    _ trace: Trace, scheduler configuration: SchedulerConfiguration, cost: CostModel, isolatesTenants: Bool = false,
    level: ServiceLevel = ServiceLevel(), hasDeadlines: Bool = false
  ) throws(SchedulerError) {
    self.level = level
    self.hasDeadlines = hasDeadlines
    scheduler = try Scheduler(configuration)
    self.cost = cost
    clients = SimulatedClients(trace, isolatesTenants: isolatesTenants)
    result = Result(measurements: Measurements(level: level), counters: scheduler.counters)
  }

  /// Runs until the last request has ended.
  ///
  /// - Parameter progress: hears, now and then, how many requests have ended.
  /// - Throws: `SchedulerError.invariantBroken` if the scheduler could not go on though it has work.
  public mutating func run(progress: (_ ended: Int) -> Void = { _ in }) throws(SchedulerError) -> Result {
    var steps = 0
    while try proceed() {
      steps += 1
      if steps % 4096 == 0 { progress(result.measurements.requests) }
    }
    result.counters = scheduler.counters
    return result
  }

  /// Runs until a step has had nearly `running` sequences, then `steps` steps more, and records those only.
  mutating func run(steps: Int, running: Int) throws(SchedulerError) -> Result {
    var isFull = false
    while result.schedulerMicroseconds.count < steps, try proceed() {
      if !isFull {
        isFull = result.batch.greatest >= 0.95 * Double(running)
        result.schedulerMicroseconds = Distribution()
        result.batch = Distribution()
        result.waiting = Distribution()
      }
    }
    result.counters = scheduler.counters
    return result
  }

  /// Makes the next step, or lets time pass up to the next request; false when all is done.
  private mutating func proceed() throws(SchedulerError) -> Bool {
    receive()
    if scheduler.isIdle {
      guard let next = clients.nextTime else { return false }
      now = max(now, readTime(of: next))
      // Of requests that come together, a server that was idle begins with the first before it has read the others.
      receive(atMost: 1)
    }
    if !scheduler.isIdle { try advance() }
    return true
  }

  /// Submits what has arrived and been read.
  private mutating func receive(atMost limit: Int = .max) {
    var count = 0
    while count < limit, let next = clients.nextTime, readTime(of: next) <= now, let arrival = clients.take(at: next) {
      count += 1
      lastRead = readTime(of: next)
      let id = free.popLast() ?? active.count
      let request = Active(
        arrival: arrival, promptTokens: clients.promptCount(arrival), outputTokens: clients.outputCount(arrival))
      if id == active.count { active.append(request) } else { active[id] = request }
      var submission = SequenceRequest(
        id: RequestID(rawValue: UInt64(id)), prompt: clients.prompt(arrival), maximumTokens: request.outputTokens)
      submission.tenant = TenantID(rawValue: UInt64(clients.tenant(arrival)))
      if hasDeadlines { submission.deadline = arrival.time + level.timeToFirstToken }
      do throws(SchedulerError) {
        try scheduler.submit(submission, at: now)
      } catch {
        switch error {
        case .queueFull: end(id, .refused("the queue is full"))
        case .tenantLimit: end(id, .refused("the tenant has too many requests"))
        case .deadlineUnreachable: end(id, .refused("the first token would come too late"))
        default: end(id, .failed("\(error)"))
        }
      }
    }
  }

  /// When a request that arrived at `time` is read, if it is the next.
  private func readTime(of time: Double) -> Double { max(time, lastRead) + cost.request }

  private mutating func advance() throws(SchedulerError) {
    var spent = -Self.processorSeconds
    let plan = scheduler.plan(at: now)
    spent += Self.processorSeconds
    guard !plan.chunks.isEmpty || !plan.refused.isEmpty else {
      throw .invariantBroken("requests wait, and no step serves them")
    }
    for admitted in plan.admitted where !admitted.isResumed {
      active[Int(admitted.request.rawValue)]?.reusedTokens = admitted.reusedTokens
    }
    var sampled: [Int32] = []
    sampled.reserveCapacity(plan.sampledCount)
    for chunk in plan.chunks where chunk.samples { sampled.append(token(for: chunk.request)) }
    let seconds = cost.seconds(of: plan)
    now += seconds
    spent -= Self.processorSeconds
    scheduler.complete(plan, sampled: sampled, seconds: seconds)
    spent += Self.processorSeconds
    result.schedulerMicroseconds.add(spent * 1e6)
    result.batch.add(Double(plan.chunks.count))
    result.waiting.add(Double(scheduler.waitingCount))
    for chunk in plan.chunks where chunk.samples { deliver(to: Int(chunk.request.rawValue)) }
    for refusal in plan.refused {
      let reason = refusal.reason == .deadline ? "the first token would come too late" : "it has waited too long"
      end(Int(refusal.request.rawValue), .refused(reason))
    }
  }

  /// Processor time of this thread, so that what else the machine does is not counted.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }

  private func token(for id: RequestID) -> Int32 {
    guard let request = active[Int(id.rawValue)] else { return 0 }
    return clients.token(request.arrival.conversation, request.promptTokens + request.generated)
  }

  private mutating func deliver(to id: Int) {
    guard var request = active[id] else { return }
    if request.generated == 0 {
      request.firstToken = now
    } else {
      let gap = now - request.lastToken
      request.longestGap = max(request.longestGap, gap)
      result.measurements.addGap(gap)
    }
    request.lastToken = now
    request.generated += 1
    active[id] = request
    if request.generated == request.outputTokens { end(id, .answered) }
  }

  private mutating func end(_ id: Int, _ outcome: RequestRecord.Outcome) {
    guard let request = active[id] else { return }
    var record = RequestRecord(
      sent: request.arrival.time, firstToken: request.generated > 0 ? request.firstToken : nil, end: now,
      outcome: outcome)
    record.promptTokens = request.promptTokens
    record.cachedTokens = request.reusedTokens
    record.outputTokens = request.generated
    record.longestGap = request.longestGap
    record.tenant = clients.tenant(request.arrival)
    result.measurements.add(record)
    if outcome == .answered { clients.follow(request.arrival, at: now) }
    active[id] = nil
    free.append(id)
  }
}
