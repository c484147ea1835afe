import Engine
import Sampling
import Scheduler

/// One step on the engine, and the guesses for the next one.
extension StepLoop {
  /// What a step did.
  struct Outcome {
    /// In the plan's order, for everyone who waits for a token.
    var advances: [ReplyAdvance] = []
    /// Guesses of each of the plan's chunks that were right; empty where nothing was guessed.
    var accepted: [Int] = []
    /// Seconds that new guesses took.
    var guessing = 0.0
  }

  /// Runs the engine, and chooses tokens for everyone who waits for one.
  func compute(_ plan: StepPlan) throws(EngineError) -> Outcome {
    var active: [ActiveReply] = []
    var inputs: [SequenceInput] = []
    var outcome = Outcome()
    // Of each chunk, where its own advance stands.
    var places: [Int] = []
    for chunk in plan.chunks {
      let reply = planned(chunk.request)
      let known = Array(reply.tokens[chunk.position..<chunk.position + chunk.count])
      let tokens = chunk.drafts == 0 ? known : known + reply.drafts.guesses.prefix(chunk.drafts)
      active.append(reply)
      inputs.append(
        SequenceInput(
          tokens: tokens, position: chunk.position, slot: chunk.slot, pages: chunk.pages,
          logits: reply.needsAllLogits(from: chunk.position)
            ? .all : !chunk.samples ? .none : chunk.drafts == 0 ? .last : .suffix(chunk.drafts + 1)))
      places.append(outcome.advances.count)
      guard chunk.samples else { continue }
      outcome.advances.append(ReplyAdvance(reply, tokens: tokens, known: chunk.count))
      for fork in chunk.forks {
        outcome.advances.append(ReplyAdvance(planned(fork), tokens: tokens, known: chunk.count))
      }
    }
    try copy(plan.copies)
    guard !inputs.isEmpty else { return outcome }
    try engine.step(inputs) { input, offset, row in
      let chunk = plan.chunks[input]
      if inputs[input].logits == .all {
        active[input].group.score(after: chunk.position + offset, row, &sampler)
      }
      guard chunk.samples, offset >= chunk.count - 1 else { return }
      for place in places[input]...places[input] + chunk.forks.count {
        outcome.advances[place].take(row, after: offset, &sampler)
      }
    }
    try settle(plan, inputs, places, &outcome)
    try copy(plan.checkpoints)
    return outcome
  }

  private func planned(_ id: RequestID) -> ActiveReply {
    guard let reply = replies[id] else { preconditionFailure("a planned reply is known") }
    return reply
  }

  private func copy(_ copies: [CacheCopy]) throws(EngineError) {
    for copy in copies {
      switch copy {
      case .page(let source, let target): try engine.copyPage(from: source, to: target)
      case .slot(let source, let target): try engine.copySlot(from: source, to: target)
      case .slotBefore(let count, let source, let target):
        try engine.copySlot(from: source, to: target, before: count)
      }
    }
  }

  // MARK: - Guesses

  /// Takes wrong guesses back, and guesses what comes next.
  private func settle(
    _ plan: StepPlan, _ inputs: [SequenceInput], _ places: [Int], _ outcome: inout Outcome
  ) throws(EngineError) {
    let hasDrafts = plan.chunks.contains { $0.drafts > 0 }
    if hasDrafts {
      outcome.accepted = plan.chunks.indices.map {
        plan.chunks[$0].drafts > 0 ? outcome.advances[places[$0]].accepted : 0
      }
      for (chunk, place) in zip(plan.chunks, places) where chunk.drafts > 0 {
        let advance = outcome.advances[place]
        try engine.retract(advance.rejected, slot: chunk.slot)
        guard !advance.reply.drafts.areForced else { continue }
        drafts.record(accepted: advance.accepted, of: chunk.drafts, replies: outcome.advances.count)
      }
    }
    let wanted = outcome.advances.isEmpty ? 0 : drafts.count(for: outcome.advances.count)
    let counts = outcome.advances.indices.map { outcome.advances[$0].settle(wanted: wanted) }
    guard engine.canDraft else { return }

    let start = now
    var requests: [DraftRequest] = []
    var replies: [ActiveReply] = []
    for (index, chunk) in plan.chunks.enumerated() {
      let advance = chunk.samples ? outcome.advances[places[index]] : nil
      let goesOn = advance?.goesOn ?? false
      // The head follows prompts whoever reads them, as others may go on from them.
      if goesOn, plan.isStream(chunk), let advance, !advance.reply.drafts.followsHead { continue }
      let kept = inputs[index].tokens.dropLast(advance?.rejected ?? 0)
      let end = chunk.position + kept.count
      let room = chunk.pages.count * EngineConfiguration.pageSize - end
      let count = goesOn ? min(counts[places[index]], room) : 0
      requests.append(
        DraftRequest(
          slot: chunk.slot, tokens: Array(kept), next: count > 0 ? advance?.tokens.last : nil, count: count,
          pages: chunk.pages))
      replies.append(planned(chunk.request))
    }
    try engine.draft(requests) { request, row in replies[request].guess(row, &sampler) }
    outcome.guessing = now - start
  }
}

extension StepPlan {
  /// Whether a chunk goes on with a reply, and not with a prompt.
  fileprivate func isStream(_ chunk: SequenceChunk) -> Bool { chunk.count + chunk.drafts == 1 || chunk.drafts > 0 }
}
