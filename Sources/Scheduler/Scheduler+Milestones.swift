/// Where in a prompt states are kept.
extension Scheduler {
  /// Chooses the positions behind `match` at which a sequence's state is to be kept: those asked for; the last one a
  /// repetition of the prompt can start behind; and spaced ones within long stretches between them.
  mutating func planMilestones(of index: Int, behind match: PrefixMatch) {
    sequences[index].milestones = []
    guard let namespace = sequences[index].namespace else { return }
    let last = sequences[index].known - 1
    var places = sequences[index].breakpoints
      .filter { $0.position > match.tokens && $0.position <= last }
      .sorted { $0.position < $1.position }
      .map { (position: $0.position, purpose: $0.purpose == .shared ? CheckpointPurpose.shared : .turn) }
    let nearest = places.last?.position ?? match.tokens
    if last - nearest >= configuration.checkpointMinimumSpacing { places.append((last, .turn)) }
    places += spacedPlaces(between: [match.tokens] + places.map(\.position), last: last)
    places.sort { $0.position < $1.position }

    let pageSize = configuration.pageSize
    var hashed = match.pages.count * pageSize
    var hash = match.pages.last.flatMap { cache.nodes[Int($0)].hash } ?? PrefixHash(namespace)
    var milestones: [Milestone] = []
    for (position, purpose) in places where position > milestones.last?.position ?? 0 {
      hash = hash.extended(by: sequences[index].tokens[hashed..<position])
      hashed = position
      milestones.append(Milestone(position: position, purpose: purpose, hash: hash))
    }
    sequences[index].milestones = milestones
  }

  /// Multiples of the spacing, far enough from other places, which are ascending.
  private func spacedPlaces(
    between places: [Int], last: Int
  ) -> [(position: Int, purpose: CheckpointPurpose)] {
    guard configuration.spacedCheckpointsPerPrompt > 0 else { return [] }
    var spacing = configuration.checkpointSpacing
    while last / spacing > configuration.spacedCheckpointsPerPrompt { spacing *= 2 }
    let first = places[0]
    var next = 0
    var spaced: [(position: Int, purpose: CheckpointPurpose)] = []
    for position in stride(from: (first / spacing + 1) * spacing, to: last, by: spacing) {
      while next < places.count, places[next] < position { next += 1 }
      let isFree =
        position - places[next - 1] >= configuration.checkpointMinimumSpacing
        && (next == places.count || places[next] - position >= configuration.checkpointMinimumSpacing)
      if isFree { spaced.append((position, .spaced)) }
    }
    return spaced
  }

  /// If the next `count` tokens of a sequence lead to or past a place where its state is to be kept, and there is a slot
  /// for it: how many tokens to compute, and what to keep. Mostly the tokens that lead to that place; all, where the state
  /// can be taken back to it from their end.
  mutating func nextCheckpoint(of index: Int, within count: Int) -> (count: Int, pending: PendingCheckpoint)? {
    let computed = sequences[index].computed
    while let milestone = sequences[index].takeMilestone(upTo: computed + count) {
      guard milestone.position > computed, configuration.needsCheckpoints else { continue }
      if let slot = cache.checkpointAt[milestone.hash] {
        cache.touchCheckpoint(slot)
      } else if let slot = cache.takeCheckpointSlot() {
        let end = computed + count
        let isLast = !sequences[index].hasMilestone(upTo: end)
        let behind = isLast && canRewind(from: end, to: milestone.position) ? end - milestone.position : 0
        let pending = PendingCheckpoint(
          sequence: Int32(index), tokensBehind: behind, slot: slot, milestone: milestone)
        return (milestone.position - computed + behind, pending)
      }
    }
    return nil
  }

  /// Whether a state at the end of a step's chunk can be taken back to a position within the chunk.
  private func canRewind(from end: Int, to position: Int) -> Bool {
    end - position <= configuration.rewindLimit
      && end <= (position / configuration.rewindBoundary + 1) * configuration.rewindBoundary
  }
}
