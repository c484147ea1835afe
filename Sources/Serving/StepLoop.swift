import Engine
import Logging
import OutputParsing
import Sampling
import Scheduler

/// A request on its way to the step loop.
struct Submission: Sendable {
  let id: RequestID
  /// Names the request in the log.
  let name: String
  let prompt: [Int32]
  let maximumTokens: Int
  let sampling: SamplingParameters
  let reader: ReplyReader
  let events: AsyncStream<GenerationEvent>.Continuation
}

/// What the step loop is told.
enum StepLoopMessage: Sendable {
  case submit(Submission)
  /// Nobody wants the reply any more; `step` steps had begun when that became known.
  case cancel(RequestID, step: Int)
  /// Wakes the loop: admission is closed.
  case drain
  /// Whatever is left fails.
  case abort
}

/// Advances all requests together, step by step, on the one thread that owns scheduler and engine.
///
/// Nothing in here waits for a client: messages come from a mailbox, and events go into buffers.
final class StepLoop {
  private let engine: any ForwardEngine
  private var scheduler: Scheduler
  private var sampler: Sampler
  private var requests: [RequestID: ActiveRequest] = [:]
  private let mailbox: Mailbox<StepLoopMessage>
  private let admission: Admission
  private let statistics: StatisticsBoard
  private let logger: Logger
  private let start = ContinuousClock.now
  private var isAborting = false

  init(
    engine: any ForwardEngine, scheduler: Scheduler, mailbox: Mailbox<StepLoopMessage>, admission: Admission,
    statistics: StatisticsBoard, logger: Logger
  ) {
    self.engine = engine
    self.scheduler = scheduler
    sampler = Sampler(vocabularySize: engine.vocabularySize)
    self.mailbox = mailbox
    self.admission = admission
    self.statistics = statistics
    self.logger = logger
  }

  /// Works until admission is closed and the last request is over.
  func run() {
    while !(admission.isClosed && admission.isEmpty) {
      for message in mailbox.take(waiting: scheduler.isIdle) { receive(message) }
      if !scheduler.isIdle { advance() }
    }
  }

  // MARK: - Messages

  private func receive(_ message: StepLoopMessage) {
    switch message {
    case .submit(let submission): start(submission)
    case .cancel(let id, let step): cancel(id, step: step)
    case .drain: break
    case .abort:
      isAborting = true
      for id in requests.keys.sorted() { fail(id, .draining) }
    }
    publish()
  }

  private func start(_ submission: Submission) {
    let request = ActiveRequest(submission)
    requests[submission.id] = request
    if isAborting { return fail(submission.id, .draining) }
    do {
      try scheduler.submit(
        SequenceRequest(
          id: submission.id, promptTokens: submission.prompt.count, maximumTokens: submission.maximumTokens),
        at: now)
    } catch {
      switch error {
      case .queueFull(let limit): fail(submission.id, .queueFull(limit: limit))
      case .promptTooLong(let needed, let available):
        fail(submission.id, .promptTooLong(promptTokens: needed, contextLength: available))
      default: fail(submission.id, .defect("\(error)"))
      }
    }
  }

  private func cancel(_ id: RequestID, step: Int) {
    guard let request = requests.removeValue(forKey: id) else { return }
    scheduler.cancel(id)
    admission.leave()
    let steps = statistics.current.steps - step
    statistics.update { $0.cancelled += 1 }
    logger.info(
      """
      cancelled request_id=\(request.name) completion_tokens=\(request.reader.usage.completionTokens) \
      steps_after_cancel=\(steps)
      """)
  }

  private func fail(_ id: RequestID, _ error: GenerationError) {
    guard let request = requests.removeValue(forKey: id) else { return }
    scheduler.cancel(id)
    admission.leave()
    request.events.yield(.failed(error))
    request.events.finish()
  }

  // MARK: - Steps

  /// Seconds since the loop was made.
  private var now: Double { (ContinuousClock.now - start) / .seconds(1) }

  private func advance() {
    let begin = now
    let plan = scheduler.plan(at: begin)
    for id in plan.preempted { logger.debug("preempted request_id=\(requests[id]?.name ?? "")") }
    statistics.update { $0.steps += 1 }
    let sampled: [Int32]
    do {
      sampled = try compute(plan)
    } catch {
      logger.error("step failed: \(error)")
      for chunk in plan.chunks { fail(chunk.request, .engine(error)) }
      scheduler.abandon(plan)
      return publish()
    }
    scheduler.complete(plan, sampled: sampled, seconds: now - begin)
    if plan.chunks.isEmpty, !scheduler.isIdle {
      // The scheduler promises that this cannot be; if it ever is, failing beats spinning.
      logger.critical("no request can advance")
      for id in requests.keys.sorted() { fail(id, .defect("no request can advance")) }
    }
    let sampling = plan.chunks.filter(\.samples)
    for (chunk, token) in zip(sampling, sampled) { deliver(token, to: chunk.request) }
    publish()
  }

  /// Runs the engine, and samples a token for every chunk that asks for one.
  private func compute(_ plan: StepPlan) throws(EngineError) -> [Int32] {
    var active: [ActiveRequest] = []
    var inputs: [SequenceInput] = []
    for chunk in plan.chunks {
      guard let request = requests[chunk.request] else { preconditionFailure("a planned request is known") }
      active.append(request)
      inputs.append(
        SequenceInput(
          tokens: Array(request.tokens[chunk.position..<chunk.position + chunk.count]), position: chunk.position,
          slot: chunk.slot, pages: chunk.pages, logits: chunk.samples ? .last : .none))
    }
    guard !inputs.isEmpty else { return [] }
    var sampled: [Int32] = []
    try engine.step(inputs) { input, _, row in
      sampled.append(sampler.sample(row, active[input].sampling, position: active[input].tokens.count))
    }
    return sampled
  }

  private func deliver(_ token: Int32, to id: RequestID) {
    guard let request = requests[id] else { return }
    request.tokens.append(token)
    let (events, finish) = request.reader.read(token)
    for event in events { request.events.yield(.output(event)) }
    guard let finish else { return }
    requests.removeValue(forKey: id)
    scheduler.finish(id)
    admission.leave()
    request.events.yield(.finished(finish, request.reader.usage))
    request.events.finish()
  }

  private func publish() {
    statistics.update { statistics in
      statistics.running = scheduler.runningCount
      statistics.waiting = scheduler.waitingCount
      statistics.generatedTokens = scheduler.counters.generatedTokens
      statistics.preemptions = scheduler.counters.preemptions
    }
  }
}

/// A request the step loop knows.
private final class ActiveRequest {
  let name: String
  /// Prompt and reply so far.
  var tokens: [Int32]
  let sampling: SamplingParameters
  var reader: ReplyReader
  let events: AsyncStream<GenerationEvent>.Continuation

  init(_ submission: Submission) {
    name = submission.name
    tokens = submission.prompt
    tokens.reserveCapacity(submission.prompt.count + min(submission.maximumTokens, 1024))
    sampling = submission.sampling
    reader = submission.reader
    events = submission.events
  }
}
