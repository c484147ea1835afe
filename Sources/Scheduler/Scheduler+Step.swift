/// The policy: who is served in a step, who is let in, and who gives way.
extension Scheduler {
  /// What a plan is made of while it is made.
  struct Draft {
    var copies: [CacheCopy] = []
    var chunks: [SequenceChunk] = []
    var checkpoints: [CacheCopy] = []
    var preempted: [RequestID] = []
    var admitted: [AdmittedRequest] = []
    var pendingCheckpoints: [PendingCheckpoint] = []
    var sampledCount = 0
    var load = StepLoad(decodes: 0)
    let now: Double
  }

  /// Tokens to compute up to which a sequence counts as a stream: the one sampled last, and those appended to it.
  private static let streamTokens = 64

  /// Chooses what the next step computes, and gives the sequences the pages for it.
  ///
  /// The plan is in flight until `complete` or `abandon` is called with it; until then there is no other.
  public mutating func plan(at now: Double) -> StepPlan {
    precondition(stepInFlight == nil, "the step before is not complete")
    var draft = Draft(now: now)
    let refused = expiries.isEmpty ? [] : refuseLate(at: now)
    preemptForPriority(&draft)
    var (streamed, prompts) = shareOutStreams()
    putInTurn(&prompts)
    admit(&prompts, budget: prefillBudget(beside: streamed, of: prompts), &draft)
    putInTurn(&prompts)
    let budget = prefillBudget(beside: streamed, of: prompts)
    for (index, share) in zip(prompts, shares(of: budget, among: prompts)) { sequences[Int(index)].share = share }

    draft.chunks.reserveCapacity(running.count)
    // In order of rank, so that who is preempted has not been planned yet.
    var place = 0
    while place < running.count {
      let index = Int(running[place])
      place += 1
      // Forks that start with this step have nothing to compute in it.
      guard sequences[index].share > 0, !sequences[index].isInFlight else { continue }
      makeRoom(for: sequences[index].computed + sequences[index].share, of: index, &draft)
      guard sequences[index].phase == .running else { break }
      takeChunk(of: index, count: sequences[index].share, &draft)
    }

    counters.steps += draft.chunks.isEmpty ? 0 : 1
    stepInFlight = counters.plans
    counters.plans += 1
    return StepPlan(
      copies: draft.copies, chunks: draft.chunks, checkpoints: draft.checkpoints, preempted: draft.preempted,
      admitted: draft.admitted, refused: refused, load: draft.load, sampledCount: draft.sampledCount,
      number: counters.plans - 1,
      pendingCheckpoints: draft.pendingCheckpoints)
  }

  // MARK: - Shares of the token budget

  /// Gives every sequence that streams its token, and half of what is left to those that had tokens appended or guessed.
  /// - Returns: the tokens of all of them, and the other sequences.
  private mutating func shareOutStreams() -> (streamed: Int, prompts: [Int32]) {
    var prompts: [Int32] = []
    var streamed = 0
    var more = 0
    for place in running.indices {
      let index = Int(running[place])
      guard sequences[index].beginShare(streamLimit: Self.streamTokens) else {
        prompts.append(running[place])
        continue
      }
      streamed += 1
      more += sequences[index].remaining - 1 + sequences[index].drafts
    }
    guard more > 0 else { return (streamed, prompts) }
    var room = (configuration.stepTokenBudget - streamed) / 2
    for place in running.indices where sequences[Int(running[place])].isStream {
      let index = Int(running[place])
      let appended = min(sequences[index].remaining - 1, room)
      let guessed =
        appended == sequences[index].remaining - 1 ? min(sequences[index].drafts, room - appended) : 0
      sequences[index].share += appended
      sequences[index].draftShare = guessed
      streamed += appended + guessed
      room -= appended + guessed
    }
    return (streamed, prompts)
  }

  /// Orders prompts as they get tokens: the first in rank, then the shortest.
  private func putInTurn(_ prompts: inout [Int32]) {
    guard let first = prompts.indices.min(by: { rank(of: prompts[$0]) < rank(of: prompts[$1]) }) else { return }
    prompts.insert(prompts.remove(at: first), at: 0)
    prompts[1...].sort { sequences[Int($0)].remaining < sequences[Int($1)].remaining }
  }

  private func rank(of index: Int32) -> Rank { sequences[Int(index)].rank }

  /// Shares tokens out among prompts in turn. The first in rank gets half of them, the shortest most of the other half: a
  /// long prompt holds short ones up by no more than that, and cannot be held up by them for more.
  /// - Returns: for each prompt, its tokens.
  private func shares(of budget: Int, among prompts: [Int32]) -> [Int] {
    var room = budget
    var shares = prompts.indices.map { place in
      let share = min(sequences[Int(prompts[place])].remaining, place == 0 ? (budget + 1) / 2 : room)
      room -= share
      return share
    }
    if let first = prompts.first { shares[0] += min(sequences[Int(first)].remaining - shares[0], room) }
    return shares
  }

  /// The most tokens of prompts in turn that may be computed beside streams.
  private func prefillBudget(beside streamed: Int, of prompts: [Int32]) -> Int {
    prefillBudget(beside: streamed) { budget in
      zip(prompts, shares(of: budget, among: prompts)).reduce(0) { sum, share in
        sum + Self.positions(from: sequences[Int(share.0)].computed, count: share.1)
      }
    }
  }

  /// Positions that tokens attend to, together.
  private static func positions(from position: Int, count: Int) -> Int { count * position + count * (count + 1) / 2 }

  // MARK: - Giving way

  /// Preempts the sequence of the last rank for a request that found no room in the step before, if that has a higher
  /// priority and comes before it.
  private mutating func preemptForPriority(_ draft: inout Draft) {
    guard let waiting = blocked?.index, let last = running.last, queue.firstNew()?.item == waiting,
      sequences[Int(waiting)].priority > sequences[Int(last)].priority,
      sequences[Int(waiting)].rank < sequences[Int(last)].rank
    else { return }
    preemptLast(&draft)
  }

  /// Preempts sequences, of the last rank first and last the one at `index` itself, until that can hold `tokens` tokens.
  private mutating func makeRoom(for tokens: Int, of index: Int, _ draft: inout Draft) {
    guard tokens > sequences[index].pageCount * configuration.pageSize else { return }
    let needed = pageCount(for: tokens) - sequences[index].pageCount
    while sequences[index].phase == .running, needed > cache.availablePages, !running.isEmpty { preemptLast(&draft) }
  }

  private mutating func preemptLast(_ draft: inout Draft) {
    guard let last = running.popLast() else { return }
    counters.preemptions += 1
    draft.preempted.append(sequences[Int(last)].id)
    release(last)
    sequences[Int(last)].phase = .waiting
    sequences[Int(last)].isResumed = true
    sequences[Int(last)].waitingSince = draft.now
    enqueue(last)
  }

  // MARK: - Chunks

  /// Plans the next `count` tokens of a sequence and the guesses behind them, fewer if its state is to be kept before.
  private mutating func takeChunk(of index: Int, count: Int, _ draft: inout Draft) {
    var count = count
    if sequences[index].hasMilestoneAhead, let (earlier, pending) = nextCheckpoint(of: index, within: count) {
      count = earlier
      draft.pendingCheckpoints.append(pending)
      if let slot = sequences[index].slot {
        draft.checkpoints.append(
          pending.tokensBehind == 0
            ? .slot(from: slot, to: pending.slot)
            : .slotBefore(pending.tokensBehind, from: slot, to: pending.slot))
      }
    }
    let position = sequences[index].computed
    if sequences[index].pageCount * configuration.pageSize < position + count {
      let pages = pageCount(for: position + count)
      while sequences[index].pageCount < pages { takePage(for: index) }
      updateClaim(of: index)
    }
    sequences[index].isInFlight = true
    let samples = count == sequences[index].remaining
    let drafts = samples && configuration.maximumDrafts > 0 ? takeDrafts(of: index, behind: position + count) : 0
    let rows = count + drafts
    if sequences[index].isStream {
      draft.load.decodes += rows
    } else {
      draft.load.prefillTokens += rows
      draft.load.prefillPositions += Self.positions(from: position, count: rows)
    }
    var forks: [RequestID] = []
    if samples, !sequences[index].forks.isEmpty, sequences[index].known == sequences[index].promptTokens {
      forks = startForks(of: index, &draft)
    }
    if samples { draft.sampledCount += 1 + forks.count }
    draft.chunks.append(
      SequenceChunk(
        request: sequences[index].id, slot: Int(sequences[index].slot ?? 0), pages: sequences[index].pages,
        position: position, count: count, drafts: drafts, samples: samples, forks: forks, sequence: Int32(index)))
  }

  /// Plans the guesses behind a sequence's known tokens, and takes pages for them and for those that may follow in the
  /// next step: only what nobody has been promised, so nobody gives way to a guess.
  /// - Returns: how many guesses are planned.
  private mutating func takeDrafts(of index: Int, behind known: Int) -> Int {
    let wanted = sequences[index].draftShare
    sequences[index].drafts = 0
    sequences[index].draftShare = 0
    let extent = min(known + wanted + configuration.maximumDrafts, sequences[index].greatestExtent)
    var spare = cache.availablePages - claimedPages
    while sequences[index].pageCount < pageCount(for: extent), spare > 0 {
      takePage(for: index)
      spare -= 1
    }
    return min(wanted, sequences[index].pageCount * configuration.pageSize - known)
  }
}
