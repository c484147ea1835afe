/// The policy: who is served in a step, who is let in, and who gives way.
extension Scheduler {
  /// What a plan is made of while it is made.
  private struct Draft {
    var copies: [CacheCopy] = []
    var chunks: [SequenceChunk] = []
    var checkpoints: [CacheCopy] = []
    var preempted: [RequestID] = []
    var admitted: [AdmittedRequest] = []
    var pendingCheckpoints: [PendingCheckpoint] = []
    var prefillBudget: Int
    let now: Double
  }

  /// Chooses what the next step computes, and gives the sequences the pages for it.
  ///
  /// The plan is in flight until `complete` or `abandon` is called with it; until then there is no other.
  public mutating func plan(at now: Double) -> StepPlan {
    precondition(stepInFlight == nil, "the step before is not complete")
    var draft = Draft(prefillBudget: configuration.stepTokenBudget, now: now)
    draft.chunks.reserveCapacity(running.count + 1)
    for index in running where sequences[Int(index)].remaining == 1 { draft.prefillBudget -= 1 }

    // Oldest first, so that who is preempted has not been planned yet.
    var place = 0
    while place < running.count {
      let index = Int(running[place])
      place += 1
      // Forks that start with this step have nothing to compute in it.
      guard !sequences[index].isInFlight else { continue }
      let isDecode = sequences[index].remaining == 1
      let count = isDecode ? 1 : min(sequences[index].remaining, draft.prefillBudget)
      guard count > 0 else { continue }
      makeRoom(for: sequences[index].computed + count, of: index, &draft)
      guard sequences[index].phase == .running else { break }
      let taken = takeChunk(of: index, count: count, &draft)
      if !isDecode { draft.prefillBudget -= taken }
    }
    while draft.preempted.isEmpty, draft.prefillBudget > 0, let index = admitNext(&draft) {
      draft.prefillBudget -= takeChunk(
        of: index, count: min(sequences[index].remaining, draft.prefillBudget), &draft)
    }

    counters.steps += draft.chunks.isEmpty ? 0 : 1
    stepInFlight = counters.plans
    counters.plans += 1
    return StepPlan(
      copies: draft.copies, chunks: draft.chunks, checkpoints: draft.checkpoints, preempted: draft.preempted,
      admitted: draft.admitted, number: counters.plans - 1, pendingCheckpoints: draft.pendingCheckpoints)
  }

  // MARK: - Parts of a step

  /// Lets the request at the front of the queue run, if a slot is free, and pages for its known tokens and the headroom.
  private mutating func admitNext(_ draft: inout Draft) -> Int? {
    guard let next = queue.first, running.count < configuration.runningLimit, cache.availableSlots > 0 else {
      return nil
    }
    let index = Int(next)
    let match = match(index)
    let wanted = min(
      pageCount(for: sequences[index].known) + configuration.admissionHeadroomPages,
      pageCount(for: sequences[index].greatestExtent))
    let kept = match.pages.count { cache.references[Int($0)] == 0 }
    guard wanted - match.pages.count <= cache.availablePages - kept - claimedPages else { return nil }
    queue.removeFirst()
    var report: CacheReport?
    if sequences[index].wantsReport, !sequences[index].isResumed, let namespace = sequences[index].namespace {
      report = cache.report(
        on: match, of: sequences[index].tokens, in: namespace, for: sequences[index].tenant)
    }
    take(match, for: index, copies: &draft.copies)
    start(next, reused: match.tokens, report: report, &draft)
    return index
  }

  /// Takes a waiting request that has its pages and slot into the batch.
  private mutating func start(_ index: Int32, reused: Int, report: CacheReport?, _ draft: inout Draft) {
    let sequence = sequences[Int(index)]
    draft.admitted.append(
      AdmittedRequest(
        request: sequence.id, reusedTokens: reused, isResumed: sequence.isResumed,
        queuedSeconds: max(0, draft.now - sequence.waitingSince), report: report))
    counters.reusedTokens += reused
    sequences[Int(index)].phase = .running
    let place = running.lastIndex { sequences[Int($0)].arrival < sequence.arrival }.map { $0 + 1 } ?? 0
    running.insert(index, at: place)
  }

  /// Preempts the youngest sequences, last the one at `index` itself, until that can hold `tokens` tokens.
  private mutating func makeRoom(for tokens: Int, of index: Int, _ draft: inout Draft) {
    let needed = pageCount(for: tokens) - sequences[index].pages.count
    while sequences[index].phase == .running, needed > cache.availablePages, let youngest = running.popLast() {
      counters.preemptions += 1
      draft.preempted.append(sequences[Int(youngest)].id)
      release(youngest)
      sequences[Int(youngest)].phase = .waiting
      sequences[Int(youngest)].isResumed = true
      sequences[Int(youngest)].waitingSince = draft.now
      enqueue(youngest)
    }
  }

  /// Plans the next `count` tokens of a sequence, fewer if its state is to be kept before.
  /// - Returns: how many it takes.
  private mutating func takeChunk(of index: Int, count: Int, _ draft: inout Draft) -> Int {
    var count = count
    if let (earlier, pending) = nextCheckpoint(of: index, within: count) {
      count = earlier
      draft.pendingCheckpoints.append(pending)
      if let slot = sequences[index].slot { draft.checkpoints.append(.slot(from: slot, to: pending.slot)) }
    }
    let position = sequences[index].computed
    let pages = pageCount(for: position + count)
    if sequences[index].pages.count < pages {
      while sequences[index].pages.count < pages { takePage(for: index) }
      updateClaim(of: index)
    }
    sequences[index].isInFlight = true
    let samples = count == sequences[index].remaining
    var forks: [RequestID] = []
    if samples, !sequences[index].forks.isEmpty, sequences[index].known == sequences[index].promptTokens {
      forks = startForks(of: index, &draft)
    }
    draft.chunks.append(
      SequenceChunk(
        request: sequences[index].id, slot: Int(sequences[index].slot ?? 0), pages: sequences[index].pages,
        position: position, count: count, samples: samples, forks: forks, sequence: Int32(index)))
    return count
  }

  /// Lets requests with the same prompt start behind a sequence that computes the last token of it in this step. Those
  /// for which there is no memory now are left with it.
  private mutating func startForks(of leader: Int, _ draft: inout Draft) -> [RequestID] {
    let position = sequences[leader].known
    let (whole, tail) = position.quotientAndRemainder(dividingBy: configuration.pageSize)
    let growth = pageCount(for: position) + configuration.admissionHeadroomPages
    var started: [RequestID] = []
    for fork in sequences[leader].forks {
      let index = Int(fork)
      let wanted = min(growth, pageCount(for: sequences[index].greatestExtent)) - whole
      guard running.count < configuration.runningLimit, wanted <= cache.availablePages - claimedPages,
        let from = sequences[leader].slot, let slot = cache.takeSlot()
      else { break }
      sequences[index].pages = Array(sequences[leader].pages.prefix(whole))
      for page in sequences[index].pages { cache.hold(page) }
      if tail > 0 {
        takePage(for: index)
        draft.checkpoints.append(.page(from: sequences[leader].pages[whole], to: sequences[index].pages[whole]))
      }
      if configuration.needsCheckpoints { draft.checkpoints.append(.slot(from: from, to: slot)) }
      sequences[index].slot = slot
      sequences[index].knownPages = min(sequences[leader].knownPages, whole)
      sequences[index].computed = position
      sequences[index].reused = position
      sequences[index].leader = nil
      sequences[index].isInFlight = true
      waitingForks -= 1
      start(fork, reused: position, report: nil, &draft)
      started.append(sequences[index].id)
    }
    sequences[leader].forks.removeFirst(started.count)
    return started
  }
}
