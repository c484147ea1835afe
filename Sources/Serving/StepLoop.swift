import DiskCache
import Engine
import Foundation
import Host
import Logging
import Metrics
import Sampling
import Scheduler

/// What the step loop is told.
enum StepLoopMessage: Sendable {
  case submit(Submission)
  /// Nobody wants these replies any more; `step` steps had begun when that became known.
  case cancel([RequestID], step: Int)
  /// What was read from files for a request.
  case fileContents(RequestID, [[UInt8]])
  /// Wakes the loop: there may be room for further files to be written.
  case fileWritten
  /// Wakes the loop: admission is closed.
  case drain
  /// Whatever is left fails.
  case abort
}

/// Advances all requests together, step by step, on the one thread that owns scheduler and engine.
///
/// Nothing in here waits for a client: messages come from a mailbox, and events go into buffers.
final class StepLoop {
  let engine: any ForwardEngine
  private var scheduler: Scheduler
  var sampler: Sampler
  private(set) var replies: [RequestID: ActiveReply] = [:]
  var drafts: DraftControl
  private let history: ReplyHistory
  private let tier: DiskTier?
  private let mailbox: Mailbox<StepLoopMessage>
  private let admission: Admission
  private let statistics: StatisticsBoard
  private let metrics: ServiceMetrics
  private let logger: Logger
  private let host: any HostSystem
  /// Sees the scheduler when a step is planned, with the plan, and after it.
  private let inspect: (Scheduler, StepPlan?) -> Void
  /// Hears why there will be no further step.
  private let onFailure: @Sendable (EngineError) -> Void
  private let start: ContinuousClock.Instant
  /// Why all that is left fails, and whatever may still come.
  private var end: GenerationError?
  /// What metrics have been told of.
  private var published: SchedulerCounters
  /// When the last step was over; nil if nothing followed it at once.
  private var lastStepEnd: Double?

  init(
    engine: any ForwardEngine, scheduler: Scheduler, history: ReplyHistory, disk: DiskCache?, drafts: DraftControl,
    mailbox: Mailbox<StepLoopMessage>, admission: Admission, statistics: StatisticsBoard, metrics: ServiceMetrics,
    host: any HostSystem, inspect: @escaping (Scheduler, StepPlan?) -> Void,
    onFailure: @escaping @Sendable (EngineError) -> Void, logger: Logger
  ) {
    self.engine = engine
    self.scheduler = scheduler
    published = scheduler.counters
    sampler = Sampler(vocabularySize: engine.vocabularySize)
    self.history = history
    self.drafts = drafts
    tier = disk.map { DiskTier($0, engine: engine, scheduler.configuration, mailbox: mailbox) }
    self.mailbox = mailbox
    self.admission = admission
    self.statistics = statistics
    self.metrics = metrics
    self.host = host
    self.inspect = inspect
    self.onFailure = onFailure
    start = host.now
    self.logger = logger
    publish()
  }

  /// Does what there is to do: a step at most. It ends when admission is closed, the last request is over, and what is to
  /// be kept of it is in files.
  func turn() -> Turn {
    if admission.isClosed && admission.isEmpty { return finish() }
    let messages = mailbox.take()
    guard !messages.isEmpty || !scheduler.isIdle || tier?.canSave == true else { return rest(.sleep) }
    statistics.update { $0.busySince = host.now }
    for message in messages { receive(message) }
    moveFiles { tier throws(EngineError) in try tier.advance(scheduler) }
    if scheduler.isIdle { lastStepEnd = nil } else { advance() }
    inspect(scheduler, nil)
    return .again
  }

  /// Saves what is left to be saved.
  private func finish() -> Turn {
    var isSaved = true
    moveFiles { tier throws(EngineError) in
      try tier.advance(scheduler)
      isSaved = !tier.hasSaves
    }
    guard isSaved else { return mailbox.take().isEmpty && tier?.canSave == false ? rest(.sleep) : .again }
    tier?.close()
    return rest(.end)
  }

  /// Nobody waits for the loop now.
  private func rest(_ turn: Turn) -> Turn {
    statistics.update { $0.busySince = nil }
    return turn
  }

  // MARK: - Messages

  private func receive(_ message: StepLoopMessage) {
    switch message {
    case .submit(let submission): start(submission)
    case .cancel(let ids, let step): cancel(ids, step: step)
    case .fileContents(let id, let payloads): restored(payloads, for: id)
    case .drain, .fileWritten: break
    case .abort: failAll(.draining)
    }
    publish()
  }

  private func start(_ submission: Submission) {
    let group = ReplyGroup(submission, metrics)
    for (index, choice) in submission.choices.enumerated() {
      replies[choice.id] = ActiveReply(submission, choice: index, group: group)
    }
    if let end { return fail(group.ids[0], end) }
    if let tier, tier.restore(submission, &scheduler) { return }
    enqueue(submission)
  }

  /// Hands a submission to the scheduler.
  private func enqueue(_ submission: Submission) {
    let ids = submission.choices.map(\.id)
    do {
      for id in ids {
        try scheduler.submit(request(id, of: submission), at: now)
      }
      replies[ids[0]]?.group.admit()
    } catch {
      switch error {
      case .queueFull(let limit, _): fail(ids[0], .queueFull(limit: limit))
      case .promptTooLong(let needed, let available):
        fail(ids[0], .promptTooLong(promptTokens: needed, contextLength: available))
      case .tenantLimit(_, let retryAfter), .deadlineUnreachable(_, _, let retryAfter):
        fail(ids[0], .refused(reason: "\(error)", retryAfter: retryAfter))
      default: fail(ids[0], .defect("\(error)"))
      }
    }
  }

  private func request(_ id: RequestID, of submission: Submission) -> SequenceRequest {
    // All replies start behind the prompt that the first one computes.
    let first = submission.choices[0].id
    let (fork, maximumTokens) = (id == first ? nil : first, max(1, submission.maximumTokens))
    var request =
      if let cache = submission.cache {
        SequenceRequest(
          id: id, prompt: cache.scheduled(submission.prompt), maximumTokens: maximumTokens, fork: fork)
      } else {
        SequenceRequest(
          id: id, promptTokens: submission.prompt.count, maximumTokens: maximumTokens, fork: fork)
      }
    if let tenant = submission.terms.tenant { request.tenant = TenantID(rawValue: tenant.digest.words.0) }
    // Smaller numbers go first here, greater ones there.
    request.priority = 0 - max(-1_000_000, min(1_000_000, submission.terms.priority))
    request.deadline = submission.terms.deadline.map { ($0 - start) / .seconds(1) }
    return request
  }

  /// Puts what was read into the caches; a request for which that is all is submitted.
  private func restored(_ payloads: [[UInt8]], for id: RequestID) {
    moveFiles { tier throws(EngineError) in
      if let submission = try tier.restored(payloads, for: id, &scheduler) { enqueue(submission) }
    }
  }

  /// Does what concerns files, if there are any. The engine refuses nothing that the scheduler hands out.
  private func moveFiles(_ work: (DiskTier) throws(EngineError) -> Void) {
    guard let tier else { return }
    do {
      try work(tier)
    } catch {
      logger.critical("pages and states are not kept in files: \(error)")
    }
  }

  private func cancel(_ ids: [RequestID], step: Int) {
    let cancelled = remove(ids)
    guard let group = cancelled.first?.group else { return }
    let steps = statistics.current.steps - step
    metrics.aborted.add(cancelled.count)
    statistics.update { $0.cancelled += 1 }
    let tokens = cancelled.reduce(group.usage.completionTokens) { $0 + $1.reader.usage.completionTokens }
    logger.info(
      "cancelled request_id=\(group.name) completion_tokens=\(tokens) steps_after_cancel=\(steps)")
  }

  /// Fails the request that a reply belongs to.
  private func fail(_ id: RequestID, _ error: GenerationError) {
    guard let group = replies[id]?.group else { return }
    metrics.failed.add(remove(group.ids).count)
    group.fail(error)
  }

  /// Takes replies out; returns those that were still there.
  private func remove(_ ids: [RequestID]) -> [ActiveReply] {
    let removed = ids.compactMap { replies.removeValue(forKey: $0) }
    for id in ids {
      scheduler.cancel(id)
      _ = tier?.end(id, &scheduler)
    }
    admission.leave(removed.count)
    return removed
  }

  // MARK: - Steps

  /// Seconds since the loop was made.
  var now: Double { (host.now - start) / .seconds(1) }

  private func advance() {
    let begin = now
    let plan = scheduler.plan(at: begin)
    inspect(scheduler, plan)
    for id in plan.preempted { logger.debug("preempted request_id=\(replies[id]?.group.name ?? "")") }
    for admitted in plan.admitted where !admitted.isResumed { replies[admitted.request]?.note(admitted) }
    let late = plan.refused.isEmpty ? [] : refuse(plan)
    statistics.update { $0.steps += 1 }
    let outcome: Outcome
    do {
      outcome = try compute(plan)
    } catch {
      if case .weightsChanged(let path) = error { giveUp(error, file: path) }
      logger.error("step failed: \(error)")
      for id in plan.sequences { fail(id, .engine(error)) }
      scheduler.abandon(plan)
      return publish()
    }
    // What happens between two steps is part of the time that streams wait for the next one.
    let end = now
    let seconds = end - (lastStepEnd ?? begin)
    lastStepEnd = end
    scheduler.complete(
      plan, sampled: outcome.advances.flatMap(\.tokens), accepted: outcome.accepted, seconds: seconds)
    for refused in late { refuse(refused) }
    drafts.record(
      replies: outcome.advances.count, drafted: plan.chunks.reduce(0) { $0 + $1.drafts },
      seconds: seconds - outcome.guessing, guessing: outcome.guessing,
      isPlain: plan.chunks.allSatisfy { $0.count == 1 })
    if !plan.chunks.isEmpty { metrics.note(plan, seconds: end - begin) }
    if plan.chunks.isEmpty, !scheduler.isIdle, !endRestorations() {
      // The scheduler promises that this cannot be; if it ever is, failing beats spinning.
      logger.critical("no request can advance")
      for id in replies.keys.sorted() { fail(id, .defect("no request can advance")) }
    }
    metrics.generationTokens.add(outcome.advances.reduce(0) { $0 + $1.steps.count })
    for (id, advance) in zip(plan.samplingSequences, outcome.advances) { deliver(advance, to: id) }
    publish()
  }

  /// Serves nobody any more.
  private func giveUp(_ error: EngineError, file path: String) {
    // Where it is, is not for clients.
    let reason = GenerationError.fileChanged(name: (path as NSString).lastPathComponent)
    admission.close(reason)
    failAll(reason)
    // What is cached was computed from other weights than those that whoever reads it has.
    tier?.forgetSaves()
    onFailure(error)
  }

  /// Fails all that is left, and whatever may still come.
  private func failAll(_ reason: GenerationError) {
    end = end ?? reason
    for id in replies.keys.sorted() { fail(id, reason) }
  }

  /// Fails the requests that a plan refuses.
  /// - Returns: those of which the step computes another reply, and so needs it: they are to fail when it is over.
  private func refuse(_ plan: StepPlan) -> [RefusedRequest] {
    let computed = Set(plan.sequences)
    let isComputed = { [replies] (refused: RefusedRequest) in
      replies[refused.request]?.group.ids.contains { computed.contains($0) } ?? false
    }
    for refused in plan.refused where !isComputed(refused) { refuse(refused) }
    return plan.refused.filter(isComputed)
  }

  /// Fails a request that waited until it could not be served in time.
  private func refuse(_ refused: RefusedRequest) {
    let reason =
      switch refused.reason {
      case .deadline: "its first token cannot come before its deadline"
      case .queueTime: "it has waited as long as a request may"
      }
    fail(refused.request, .refused(reason: reason, retryAfter: refused.retryAfter))
  }

  /// Takes back the memory that restorations hold; their requests compute what is missing.
  /// - Returns: whether there were any.
  private func endRestorations() -> Bool {
    let submissions = tier?.endAll(&scheduler) ?? []
    for submission in submissions { enqueue(submission) }
    return !submissions.isEmpty
  }

  private func deliver(_ advance: ReplyAdvance, to id: RequestID) {
    guard let reply = replies[id] else { return }
    if advance.goesOn {
      scheduler.draft(reply.drafts.guesses.count, for: id)
    } else if !reply.isBeyondConstraint {
      replies.removeValue(forKey: id)
      scheduler.finish(id)
      admission.leave()
      if let cache = reply.group.cache { tier?.save(reply.tokens, cache) }
      if let place = reply.group.cache?.place { history.remember(Array(reply.replyTokens), after: place) }
    }
    for step in advance.steps { reply.group.deliver(step, choice: reply.choice) }
    if reply.isBeyondConstraint { fail(id, .constraintTooDear) }
  }

  private func publish() {
    metrics.note(scheduler.counters, after: published)
    published = scheduler.counters
    statistics.update { $0.note(scheduler) }
  }
}

extension StepPlan {
  /// Everyone it computes for.
  fileprivate var sequences: [RequestID] { chunks.flatMap { [$0.request] + $0.forks } }

  /// Everyone it samples a token for, in order.
  fileprivate var samplingSequences: [RequestID] { chunks.filter(\.samples).flatMap { [$0.request] + $0.forks } }
}
