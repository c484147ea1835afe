public import DiskCache
public import Engine
public import Host
public import Logging
public import Scheduler

/// Answers chat requests with one model: renders and tokenises them, lets the step loop generate, and hands the
/// replies out as text events.
public final class ChatService: Sendable {
  /// How the model's conversations look.
  public let format: ChatFormat
  /// Tokens of one conversation, prompt and reply together.
  public let contextLength: Int
  /// What outlives it.
  public let record: ServiceRecord
  /// Tokens of a page of the KV cache.
  public let pageSize: Int
  /// Pages of the KV cache.
  public let pageCount: Int

  let caching: PromptCaching
  let grammars: GrammarCache
  let vocabularySize: Int
  let drafting: DraftingConfiguration

  private let mailbox: Mailbox<StepLoopMessage>
  private let statisticsBoard = StatisticsBoard()
  private let admission: Admission
  private let loopEnded = Completion()
  private let failures: AsyncStream<EngineError>
  private let host: any HostSystem

  /// Starts the step loop on a thread of its own.
  ///
  /// - Parameters:
  ///   - format: the model's text side.
  ///   - engine: the model's numbers; used by the step loop's thread alone from now on.
  ///   - contextLength: tokens of one conversation; what the scheduler's pages hold is a bound, too.
  ///   - scheduler: pages, slots and bounds; pages and slots are those the engine has.
  ///   - caching: what is kept of requests, and who may reuse it.
  ///   - drafting: whether tokens are guessed; the engine can take back as many.
  ///   - disk: where it is kept, too, so that it outlives the service.
  ///   - record: of earlier services of the same model; nil where there were none.
  ///   - host: what the step loop runs on.
  ///   - logger: hears about cancellations, preemptions and failures.
  public convenience init(
    format: ChatFormat, engine: sending any ForwardEngine, contextLength: Int, scheduler: SchedulerConfiguration,
    caching: CacheConfiguration = CacheConfiguration(), drafting: DraftingConfiguration = .off,
    disk: DiskCache? = nil, record: ServiceRecord? = nil, host: any HostSystem = SystemHost(), logger: Logger
  ) throws(ServingError) {
    try self.init(
      format: format, engine: engine, contextLength: contextLength, scheduler: scheduler, caching: caching,
      drafting: drafting, disk: disk, record: record, host: host, inspect: { _, _ in }, logger: logger)
  }

  /// - Parameter inspect: sees the scheduler, on the step loop's thread, when a step is planned, with the plan, and after
  ///   it.
  package init(
    format: ChatFormat, engine: sending any ForwardEngine, contextLength: Int, scheduler: SchedulerConfiguration,
    caching: CacheConfiguration, drafting: DraftingConfiguration, disk: DiskCache?,
    record: ServiceRecord? = nil, host: any HostSystem,
    inspect: sending @escaping (Scheduler, StepPlan?) -> Void, logger: Logger
  ) throws(ServingError) {
    self.format = format
    let record = record ?? ServiceRecord(caching)
    self.record = record
    self.host = host
    mailbox = Mailbox(wakeUp: host.makeWakeUp())
    self.drafting = drafting
    vocabularySize = engine.vocabularySize
    grammars = GrammarCache(
      tokenizer: format.tokenizer, endTokens: format.endTokens, vocabularySize: engine.vocabularySize)
    admission = Admission(
      limit: min(scheduler.maximumRunning, scheduler.slotCount) + scheduler.maximumQueued, host: host)
    let policy: Scheduler
    do {
      // Admission has counted already; the scheduler's own limit would count what is about to be admitted, too.
      var configuration = scheduler
      configuration.maximumQueued += min(scheduler.maximumRunning, scheduler.slotCount)
      configuration.maximumDrafts = max(drafting.count, min(drafting.forced, scheduler.pageSize))
      policy = try Scheduler(configuration)
    } catch {
      throw .scheduler(error)
    }
    pageSize = scheduler.pageSize
    pageCount = scheduler.pageCount
    self.contextLength = min(contextLength, policy.tokenCapacity)
    self.caching = PromptCaching(
      sharing: caching.sharing, history: record.history, needsStates: scheduler.needsCheckpoints)
    let failing: AsyncStream<EngineError>.Continuation
    (failures, failing) = AsyncStream.makeStream()
    var loop: StepLoop? = StepLoop(
      engine: engine, scheduler: policy, history: record.history, disk: disk, drafts: DraftControl(drafting),
      mailbox: mailbox, admission: admission, statistics: statisticsBoard, metrics: record.metrics, host: host,
      inspect: inspect, onFailure: { failing.yield($0) }, logger: logger)
    host.start("apus.steps", wakeUp: mailbox.wakeUp) { [loopEnded] in
      guard let turn = loop?.turn(), turn != .end else {
        // Who waits for the end finds the engine's memory given back.
        loop = nil
        failing.finish()
        loopEnded.reach()
        return .end
      }
      return turn
    }
  }

  deinit {
    admission.close()
    mailbox.post(.abort)
  }

  /// What is measured of requests and steps.
  public var metrics: ServiceMetrics { record.metrics }

  /// What the step loop has done, and holds.
  public var statistics: ServiceStatistics { statisticsBoard.current }

  /// Whether the step loop has been at one step, or at one other piece of work, for longer than `limit`: then nobody is
  /// served any more.
  public func isStalled(after limit: Duration) -> Bool {
    statistics.busySince.map { host.now - $0 > limit } ?? false
  }

  /// Whether new requests are refused.
  public var isDraining: Bool { admission.isClosed }

  /// Why nobody is served any more, as soon as that is so; nil if the service stops, or the calling task is cancelled, before.
  /// To be asked once.
  public func failure() async -> EngineError? { await failures.first { _ in true } }

  /// Since when there has been nothing to do; nil while requests run or wait.
  public var idleSince: ContinuousClock.Instant? { admission.emptySince }

  /// Has something done whenever there is nothing to do any more; it is not to take long.
  func whenIdle(_ action: @escaping @Sendable () -> Void) { admission.whenEmpty(action) }

  /// Runs `submit` with ids for the replies, and counts them out again if it fails.
  func admitting(
    _ choices: Int, submit: ([RequestID]) async throws(GenerationError) -> Generation
  ) async throws(GenerationError) -> Generation {
    let ids = try admission.enter(choices)
    do {
      return try await submit(ids)
    } catch {
      admission.leave(ids.count)
      // The loop may be waiting for these to be the last.
      if admission.isClosed { mailbox.post(.drain) }
      throw error
    }
  }

  /// Hands a request to the step loop; `make` gets the stream that its events go to.
  func post(
    _ ids: [RequestID], _ make: (AsyncStream<GenerationEvent>.Continuation, Verdict) -> Submission
  ) -> Generation {
    let (events, continuation) = AsyncStream.makeStream(of: GenerationEvent.self)
    let verdict = Verdict()
    let submission = make(continuation, verdict)
    mailbox.post(.submit(submission))
    continuation.onTermination = { [mailbox, statisticsBoard] reason in
      if case .cancelled = reason { mailbox.post(.cancel(ids, step: statisticsBoard.current.steps)) }
    }
    return Generation(
      ids: ids, promptTokens: submission.prompt, meter: submission.meter, events: events, verdict: verdict)
  }

  /// Runs what takes long for long prompts where neither event loops nor the step loop wait for it.
  func preparing<Prepared: Sendable>(
    _ work: @escaping @Sendable () throws(GenerationError) -> Prepared
  ) async throws(GenerationError) -> Prepared {
    let result: Result<Prepared, GenerationError> = await withCheckedContinuation { continuation in
      host.perform { continuation.resume(returning: Result(catching: work)) }
    }
    return try result.get()
  }

  /// Refuses new requests, lets the others finish for as long as `grace`, ends those that are left, and returns when
  /// the step loop has stopped. Where the calling task is cancelled, the grace is over.
  public func drain(grace: Duration) async {
    admission.close()
    mailbox.post(.drain)
    let end = host.now + grace
    await withTaskGroup { group in
      group.addTask { [host, mailbox] in
        try? await host.sleep(until: end)
        mailbox.post(.abort)
      }
      await loopEnded.wait()
      group.cancelAll()
    }
  }
}
