import Engine
import Logging
import Sampling
import Scheduler

/// What the step loop is told.
enum StepLoopMessage: Sendable {
  case submit(Submission)
  /// Nobody wants these replies any more; `step` steps had begun when that became known.
  case cancel([RequestID], step: Int)
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
  private var replies: [RequestID: ActiveReply] = [:]
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
    case .cancel(let ids, let step): cancel(ids, step: step)
    case .drain: break
    case .abort:
      isAborting = true
      for id in replies.keys.sorted() { fail(id, .draining) }
    }
    publish()
  }

  private func start(_ submission: Submission) {
    let group = ReplyGroup(submission)
    for (index, choice) in submission.choices.enumerated() {
      replies[choice.id] = ActiveReply(submission, choice: index, group: group)
    }
    if isAborting { return fail(group.ids[0], .draining) }
    do {
      for id in group.ids {
        try scheduler.submit(
          SequenceRequest(
            id: id, promptTokens: submission.prompt.count, maximumTokens: max(1, submission.maximumTokens)),
          at: now)
      }
    } catch {
      switch error {
      case .queueFull(let limit, _): fail(group.ids[0], .queueFull(limit: limit))
      case .promptTooLong(let needed, let available):
        fail(group.ids[0], .promptTooLong(promptTokens: needed, contextLength: available))
      default: fail(group.ids[0], .defect("\(error)"))
      }
    }
  }

  private func cancel(_ ids: [RequestID], step: Int) {
    let cancelled = remove(ids)
    guard let group = cancelled.first?.group else { return }
    let steps = statistics.current.steps - step
    statistics.update { $0.cancelled += 1 }
    let tokens = cancelled.reduce(group.usage.completionTokens) { $0 + $1.reader.usage.completionTokens }
    logger.info(
      "cancelled request_id=\(group.name) completion_tokens=\(tokens) steps_after_cancel=\(steps)")
  }

  /// Fails the request that a reply belongs to.
  private func fail(_ id: RequestID, _ error: GenerationError) {
    guard let group = replies[id]?.group else { return }
    _ = remove(group.ids)
    group.fail(error)
  }

  /// Takes replies out; returns those that were still there.
  private func remove(_ ids: [RequestID]) -> [ActiveReply] {
    let removed = ids.compactMap { replies.removeValue(forKey: $0) }
    for id in ids { scheduler.cancel(id) }
    admission.leave(removed.count)
    return removed
  }

  // MARK: - Steps

  /// Seconds since the loop was made.
  private var now: Double { (ContinuousClock.now - start) / .seconds(1) }

  private func advance() {
    let begin = now
    let plan = scheduler.plan(at: begin)
    for id in plan.preempted { logger.debug("preempted request_id=\(replies[id]?.group.name ?? "")") }
    statistics.update { $0.steps += 1 }
    let chosen: [NextToken]
    do {
      chosen = try compute(plan)
    } catch {
      logger.error("step failed: \(error)")
      for chunk in plan.chunks { fail(chunk.request, .engine(error)) }
      scheduler.abandon(plan)
      return publish()
    }
    scheduler.complete(plan, sampled: chosen.map(\.id), seconds: now - begin)
    if plan.chunks.isEmpty, !scheduler.isIdle {
      // The scheduler promises that this cannot be; if it ever is, failing beats spinning.
      logger.critical("no request can advance")
      for id in replies.keys.sorted() { fail(id, .defect("no request can advance")) }
    }
    let sampling = plan.chunks.filter(\.samples)
    for (chunk, token) in zip(sampling, chosen) { deliver(token, to: chunk.request) }
    publish()
  }

  /// Runs the engine, and chooses a token for every chunk that asks for one.
  private func compute(_ plan: StepPlan) throws(EngineError) -> [NextToken] {
    var active: [ActiveReply] = []
    var inputs: [SequenceInput] = []
    for chunk in plan.chunks {
      guard let reply = replies[chunk.request] else { preconditionFailure("a planned reply is known") }
      active.append(reply)
      inputs.append(
        SequenceInput(
          tokens: Array(reply.tokens[chunk.position..<chunk.position + chunk.count]), position: chunk.position,
          slot: chunk.slot, pages: chunk.pages,
          logits: reply.needsAllLogits(from: chunk.position) ? .all : chunk.samples ? .last : .none))
    }
    guard !inputs.isEmpty else { return [] }
    var chosen: [NextToken] = []
    try engine.step(inputs) { input, offset, row in
      let chunk = plan.chunks[input]
      if inputs[input].logits == .all {
        active[input].group.score(after: chunk.position + offset, row, &sampler)
      }
      guard chunk.samples, offset == chunk.count - 1 else { return }
      chosen.append(active[input].choose(row, &sampler))
    }
    return chosen
  }

  private func deliver(_ token: NextToken, to id: RequestID) {
    guard let reply = replies[id] else { return }
    let step = reply.append(token)
    if step.end != nil {
      replies.removeValue(forKey: id)
      scheduler.finish(id)
      admission.leave()
    }
    reply.group.deliver(step, choice: reply.choice)
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
