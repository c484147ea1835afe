/// The policy: who is served in a step, who is let in, and who gives way.
extension Scheduler {
  /// Chooses what the next step computes, and gives the sequences the pages for it.
  ///
  /// The plan is in flight until `complete` is called with it; until then there is no other.
  public mutating func plan() -> StepPlan {
    precondition(stepInFlight == nil, "the step before is not complete")
    var chunks: [SequenceChunk] = []
    var preempted: [RequestID] = []
    var admitted: [RequestID] = []
    var prefillBudget = configuration.stepTokenBudget - running.count { $0.remaining == 1 }

    // Oldest first, so that who is preempted has not been planned yet. Whoever is admitted joins the end of the row.
    var index = 0
    while true {
      if index == running.count {
        guard preempted.isEmpty, prefillBudget > 0, let id = admitNext() else { break }
        admitted.append(id)
      }
      let isDecode = running[index].remaining == 1 && !admitted.contains(running[index].id)
      let count = isDecode ? 1 : min(running[index].remaining, prefillBudget)
      if count > 0 {
        preempted += makeRoom(for: running[index].computed + count, of: index)
        // It may have been the youngest itself.
        guard index < running.count else { break }
        chunks.append(takeChunk(of: index, count: count))
        if !isDecode { prefillBudget -= count }
      }
      index += 1
    }

    counters.steps += chunks.isEmpty ? 0 : 1
    stepInFlight = counters.plans
    counters.plans += 1
    return StepPlan(chunks: chunks, preempted: preempted, admitted: admitted, number: counters.plans - 1)
  }

  /// Records that the chunks of `plan` are computed: each chunk that samples has grown its sequence by one token.
  ///
  /// Sequences that have all the tokens they asked for, and those finished or cancelled meanwhile, give their pages and
  /// slots back now. If the step failed, cancel its requests first.
  public mutating func complete(_ plan: StepPlan) {
    precondition(plan.number == stepInFlight, "this is not the step in flight")
    stepInFlight = nil
    // Both are in order of arrival, and every chunk's sequence is still there: see `remove`.
    var index = 0
    for chunk in plan.chunks {
      while running[index].id != chunk.request { index += 1 }
      running[index].computed += chunk.count
      running[index].isInFlight = false
      counters.computedTokens += chunk.count
      if chunk.samples, !running[index].isRetired {
        running[index].known += 1
        counters.generatedTokens += 1
        if running[index].isFull {
          running[index].isRetired = true
          counters.finished += 1
        }
      }
    }
    for sequence in running where sequence.isRetired { release(sequence) }
    running.removeAll { $0.isRetired }
  }

  // MARK: - Parts of a step

  /// Lets the request at the front of the queue run, if a slot is free, and pages for its known tokens and the headroom.
  private mutating func admitNext() -> RequestID? {
    guard let next = queue.first, running.count < configuration.runningLimit, slots.freeCount > 0 else { return nil }
    // Running prompts that are not computed yet have a claim on the pages they still need.
    let claimed = running.reduce(0) { $0 + max(0, pageCount(for: $1.known) - $1.pages.count) }
    let wanted = pageCount(for: next.known) + configuration.admissionHeadroomPages
    guard min(wanted, pageCount(for: next.greatestExtent)) <= pages.freeCount - claimed else { return nil }
    running.append(queue.removeFirst())
    running[running.count - 1].slot = slots.take()
    return next.id
  }

  /// Preempts the youngest sequences, last the one at `index` itself, until that can hold `tokens` tokens.
  private mutating func makeRoom(for tokens: Int, of index: Int) -> [RequestID] {
    var preempted: [RequestID] = []
    while index < running.count, pageCount(for: tokens) - running[index].pages.count > pages.freeCount {
      var youngest = running.removeLast()
      release(youngest)
      counters.preemptions += 1
      counters.discardedTokens += youngest.computed
      preempted.append(youngest.id)
      (youngest.computed, youngest.slot, youngest.pages) = (0, nil, [])
      queue.insert(youngest, at: 0)
    }
    return preempted
  }

  private mutating func takeChunk(of index: Int, count: Int) -> SequenceChunk {
    let position = running[index].computed
    while running[index].pages.count < pageCount(for: position + count), let page = pages.take() {
      running[index].pages.append(page)
    }
    running[index].isInFlight = true
    let sequence = running[index]
    return SequenceChunk(
      request: sequence.id, slot: Int(sequence.slot ?? 0), pages: sequence.pages, position: position, count: count,
      samples: count == sequence.remaining)
  }
}
