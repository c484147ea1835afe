/// Who starts to run.
extension Scheduler {
  /// Lets waiting requests run: as long as the step has tokens left for them, or few prompts are being computed.
  ///
  /// - Parameters:
  ///   - prompts: sequences whose prompts are being computed; those that start are added.
  ///   - budget: prompt tokens the step can compute.
  mutating func admit(_ prompts: inout [Int32], budget: Int, _ draft: inout Draft) {
    guard queue.count > 0 else { return }
    var tokens = prompts.reduce(0) { $0 + sequences[Int($1)].remaining }
    while tokens < budget || prompts.count < configuration.maximumPrefilling {
      guard let index = admitNext(&draft) else { return }
      tokens += sequences[Int(index)].remaining
      prompts.append(index)
    }
  }

  /// Whose turn it is: a request that ran before, unless one of higher priority comes before it.
  private mutating func next() -> Int32? {
    let resumed = queue.firstResumed
    guard let new = queue.firstNew() else { return resumed?.item }
    guard let resumed else { return new.item }
    let overtakes =
      new.rank < resumed.rank && sequences[Int(new.item)].priority > sequences[Int(resumed.item)].priority
    return overtakes ? new.item : resumed.item
  }

  /// Lets the request whose turn it is run, if a slot is free, and pages for its known tokens and the headroom. Those that
  /// had better wait for a prefix are passed over.
  private mutating func admitNext(_ draft: inout Draft) -> Int32? {
    while let next = next() {
      let index = Int(next)
      guard running.count < configuration.runningLimit, cache.availableSlots > 0 else {
        blocked = BlockedRequest(index: next, wantedPages: 0, releases: releases)
        return nil
      }
      // Looking up what is cached takes long; it is not done again before something has changed.
      if let blocked, blocked.index == next, blocked.releases == releases,
        blocked.wantedPages > cache.availablePages - claimedPages
      {
        return nil
      }
      let match = match(index)
      planMilestones(of: index, behind: match)
      if let prefix = prefixUnderway(of: next, behind: match) {
        guard awaitingCount < Self.awaitingLimit else { return nil }
        awaitPrefix(prefix, next)
        continue
      }
      let wanted = min(
        pageCount(for: sequences[index].known) + configuration.admissionHeadroomPages,
        pageCount(for: sequences[index].greatestExtent))
      let kept = match.pages.count { cache.references[Int($0)] == 0 }
      guard wanted - match.pages.count <= cache.availablePages - kept - claimedPages else {
        blocked = BlockedRequest(index: next, wantedPages: wanted - match.pages.count + kept, releases: releases)
        return nil
      }
      var report: CacheReport?
      if sequences[index].wantsReport, !sequences[index].isResumed, let namespace = sequences[index].namespace {
        report = cache.report(on: match, of: sequences[index].tokens, in: namespace, for: sequences[index].tenant)
      }
      stopWaiting(next)
      take(match, for: index, copies: &draft.copies)
      if !sequences[index].isResumed { queue.tookTurn(sequences[index].account) }
      start(next, reused: match.tokens, report: report, &draft)
      announceMilestones(of: next)
      return next
    }
    blocked = nil
    return nil
  }

  /// Takes a waiting request that has its pages and slot into the batch.
  private mutating func start(_ index: Int32, reused: Int, report: CacheReport?, _ draft: inout Draft) {
    draft.admitted.append(
      AdmittedRequest(
        request: sequences[Int(index)].id, reusedTokens: reused, isResumed: sequences[Int(index)].isResumed,
        queuedSeconds: max(0, draft.now - sequences[Int(index)].waitingSince), report: report))
    counters.reusedTokens += reused
    sequences[Int(index)].start(reused: reused)
    let rank = sequences[Int(index)].rank
    let place = running.lastIndex { sequences[Int($0)].rank < rank }.map { $0 + 1 } ?? 0
    running.insert(index, at: place)
  }

  /// Lets requests with the same prompt start behind a sequence that computes the last token of it in this step. Those
  /// for which there is no memory now are left with it.
  mutating func startForks(of leader: Int, _ draft: inout Draft) -> [RequestID] {
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
      stopWaiting(fork)
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
      sequences[index].isInFlight = true
      start(fork, reused: position, report: nil, &draft)
      started.append(sequences[index].id)
    }
    return started
  }
}
