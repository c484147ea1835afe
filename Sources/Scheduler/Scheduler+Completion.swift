/// What a step did.
extension Scheduler {
  /// Records that the copies and chunks of `plan` are done: each chunk that samples has grown its sequence by one token,
  /// and by one more for each guess that was right, and its forks, too.
  ///
  /// Sequences that have all the tokens they asked for, and those finished or cancelled meanwhile, give their pages and
  /// slots back now.
  ///
  /// - Parameters:
  ///   - sampled: the new tokens in the plan's order: `plan.sampledCount` of them, and those that were guessed right,
  ///     each before what was sampled behind it.
  ///   - accepted: how many guesses of each chunk were right; empty if nothing was guessed.
  ///   - seconds: how long the step took.
  public mutating func complete(_ plan: StepPlan, sampled: [Int32], accepted: [Int] = [], seconds: Double) {
    precondition(plan.number == stepInFlight, "this is not the step in flight")
    precondition(
      sampled.count == plan.sampledCount + accepted.reduce(0, +),
      "a token for each chunk that samples, and for each fork")
    precondition(
      accepted.isEmpty
        || accepted.count == plan.chunks.count
          && zip(accepted, plan.chunks).allSatisfy { (0...$1.drafts).contains($0) },
      "no more guesses are right than were planned")
    stepInFlight = nil
    counters.busySeconds += seconds
    if !plan.chunks.isEmpty { learn(plan.load, seconds: seconds) }
    // By index, because a chunk that is copied out of the plan has its arrays retained.
    var charge: (account: Int32, tokens: Int) = (-1, 0)
    for place in plan.chunks.indices {
      let index = Int(plan.chunks[place].sequence)
      let count = plan.chunks[place].count
      counters.computedTokens += count
      let tokens = sequences[index].advance(by: count, decodeWeight: configuration.decodeWeight)
      if sequences[index].account != charge.account {
        if charge.tokens > 0 { queue.charge(charge.account, charge.tokens) }
        charge = (sequences[index].account, 0)
      }
      charge.tokens += tokens
      let whole = (sequences[index].knownPages + 1) * configuration.pageSize
      if sequences[index].computed >= whole { insertWholePages(of: index) }
    }
    if charge.tokens > 0 { queue.charge(charge.account, charge.tokens) }
    for pending in plan.pendingCheckpoints { attach(pending) }
    var next = 0
    for place in plan.chunks.indices {
      let index = plan.chunks[place].sequence
      if sequences[Int(index)].hasUnpassedMilestone { passMilestones(of: index) }
      guard plan.chunks[place].samples else { continue }
      if plan.chunks[place].drafts > 0 {
        let right = accepted.isEmpty ? 0 : accepted[place]
        counters.draftedTokens += plan.chunks[place].drafts
        accept(sampled[next..<next + right], of: Int(index))
        next += right
      }
      grow(Int(index), by: sampled[next])
      next += 1
      guard !sequences[Int(index)].forks.isEmpty || !plan.chunks[place].forks.isEmpty else { continue }
      for fork in plan.chunks[place].forks {
        if let index = indices[fork] {
          sequences[Int(index)].isInFlight = false
          grow(Int(index), by: sampled[next])
        }
        next += 1
      }
      // There was no memory for the others; they wait for themselves.
      releaseForks(of: index)
    }
    endRetired()
  }

  /// Gives up a step that could not be computed: nothing of it is kept, and all requests in it are cancelled.
  public mutating func abandon(_ plan: StepPlan) {
    precondition(plan.number == stepInFlight, "this is not the step in flight")
    stepInFlight = nil
    for pending in plan.pendingCheckpoints {
      cache.pendingCheckpoints -= 1
      cache.giveBackSlot(pending.slot)
    }
    for chunk in plan.chunks {
      for id in CollectionOfOne(chunk.request) + chunk.forks {
        guard let index = indices[id] else { continue }
        sequences[Int(index)].isInFlight = false
        // What its pages and slot hold now is not known.
        sequences[Int(index)].computed = 0
        if sequences[Int(index)].phase == .running {
          sequences[Int(index)].phase = .ended
          inFlightEnds += 1
          counters.cancelled += 1
        }
      }
    }
    endRetired()
  }

  private mutating func learn(_ load: StepLoad, seconds: Double) {
    if load.decodes > 0, load.prefillTokens > 0, configuration.maximumGapSeconds < .infinity {
      gapMargin.observe(seconds - cost.seconds(for: load))
    }
    cost.observe(load, seconds: seconds)
  }

  /// Makes guesses that were right known. They are computed already, even where the request ended meanwhile.
  private mutating func accept(_ tokens: ArraySlice<Int32>, of index: Int) {
    guard !tokens.isEmpty else { return }
    sequences[index].accept(tokens)
    counters.computedTokens += tokens.count
    counters.generatedTokens += tokens.count
    counters.acceptedTokens += tokens.count
    let charge = sequences[index].advance(by: tokens.count, decodeWeight: configuration.decodeWeight)
    if charge > 0 { queue.charge(sequences[index].account, charge) }
    insertWholePages(of: index)
  }

  private mutating func grow(_ index: Int, by token: Int32) {
    guard sequences[index].phase == .running else { return }
    sequences[index].grow(by: token)
    counters.generatedTokens += 1
    if sequences[index].isFull {
      sequences[index].phase = .ended
      inFlightEnds += 1
      counters.finished += 1
      backlog.observe(outputTokens: sequences[index].known - sequences[index].promptTokens)
    } else {
      updateClaim(of: index)
    }
  }

  private mutating func endRetired() {
    guard inFlightEnds > 0 else { return }
    inFlightEnds = 0
    let ended = running.filter { sequences[Int($0)].phase == .ended }
    running.removeAll { sequences[Int($0)].phase == .ended }
    for index in ended {
      release(index)
      end(index)
    }
  }
}
