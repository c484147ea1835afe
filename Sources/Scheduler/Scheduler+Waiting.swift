/// The request whose turn it was and for which there was no room.
struct BlockedRequest: Sendable {
  let index: Int32
  /// Pages it wants beyond those that are cached of it; 0 if it was for want of a slot.
  let wantedPages: Int
  /// `Scheduler.releases` then: what is cached for it changes most when sequences end.
  let releases: Int
}

/// Where requests wait: in the queue; with the leader they fork from; or for a prefix of theirs that is being computed.
extension Scheduler {
  /// Puts a waiting request into the queue.
  mutating func enqueue(_ index: Int32) {
    let sequence = sequences[Int(index)]
    sequences[Int(index)].leader = nil
    queue.insert(index, account: sequence.account, rank: sequence.rank, isResumed: sequence.isResumed)
  }

  /// Takes a request from where it waits.
  mutating func stopWaiting(_ index: Int32) {
    let sequence = sequences[Int(index)]
    if let leader = sequence.leader {
      sequences[Int(leader)].forks.removeAll { $0 == index }
      sequences[Int(index)].leader = nil
      waitingForks -= 1
    } else if let milestone = sequence.awaited {
      awaiting[milestone]?.removeAll { $0 == index }
      if awaiting[milestone]?.isEmpty == true { awaiting[milestone] = nil }
      sequences[Int(index)].awaited = nil
      awaitingCount -= 1
    } else {
      queue.remove(index, account: sequence.account)
    }
    if blocked?.index == index { blocked = nil }
    backlog.remove(sequence)
    expiries.remove(index)
  }

  // MARK: - Forks

  /// Lets requests that waited to start behind another wait for themselves.
  mutating func releaseForks(of index: Int32) {
    guard !sequences[Int(index)].forks.isEmpty else { return }
    for fork in sequences[Int(index)].forks {
      waitingForks -= 1
      enqueue(fork)
    }
    sequences[Int(index)].forks = []
  }

  /// The request that another can start behind: it has the same prompt, and has not come to the end of it.
  func leader(of request: SequenceRequest) -> Int32? {
    guard let index = request.fork.flatMap({ indices[$0] }) else { return nil }
    let first = sequences[Int(index)]
    let canLead =
      first.phase != .ended && first.leader == nil && first.known == first.promptTokens
      && first.promptTokens == request.promptTokens && first.namespace == request.prompt?.namespace
      && first.tokens == request.prompt?.tokens ?? []
    return canLead ? index : nil
  }

  // MARK: - Prefixes under way

  /// Requests that wait outside the queue for prefixes, at most: so many that going back to it takes a step no time.
  static let awaitingLimit = 32

  /// The prefix of a request that a running sequence computes now, if it is one worth waiting for.
  ///
  /// - Parameter match: what is cached of it already.
  func prefixUnderway(of index: Int32, behind match: PrefixMatch) -> PrefixHash? {
    guard !underway.isEmpty, sequences[Int(index)].awaitedCount < 2,
      !configuration.needsCheckpoints || configuration.checkpointLimit > 0
    else { return nil }
    return sequences[Int(index)].milestones.last {
      $0.position >= match.tokens + configuration.pageSize && underway[$0.hash] != nil
    }?.hash
  }

  /// Lets a request wait, outside the queue, for a prefix that is under way.
  mutating func awaitPrefix(_ milestone: PrefixHash, _ index: Int32) {
    let sequence = sequences[Int(index)]
    queue.remove(index, account: sequence.account)
    sequences[Int(index)].awaited = milestone
    sequences[Int(index)].awaitedCount += 1
    awaiting[milestone, default: []].append(index)
    awaitingCount += 1
  }

  /// Announces what prefixes a sequence that starts to run is going to leave.
  mutating func announceMilestones(of index: Int32) {
    for milestone in sequences[Int(index)].milestones where underway[milestone.hash] == nil {
      underway[milestone.hash] = index
    }
  }

  /// Lets those go on that waited for the milestones a sequence has passed; for all of its, if it stops running.
  mutating func passMilestones(of index: Int32, all: Bool = false) {
    while let milestone = sequences[Int(index)].passMilestone(all: all) {
      guard underway[milestone.hash] == index else { continue }
      underway[milestone.hash] = nil
      for waiting in awaiting.removeValue(forKey: milestone.hash) ?? [] {
        sequences[Int(waiting)].awaited = nil
        awaitingCount -= 1
        enqueue(waiting)
      }
    }
  }

  // MARK: - Time

  /// When a request is refused if it has not started by then.
  func expiry(of sequence: SequenceState) -> Double {
    let byQueueTime = sequence.waitingSince + configuration.maximumQueueSeconds
    guard let deadline = sequence.deadline else { return byQueueTime }
    let prefill = sequence.expectedPrefill
    return min(byQueueTime, deadline - prefillSeconds(prefill, behind: sequence.known - prefill))
  }

  /// Refuses the requests that can no longer be served in time.
  mutating func refuseLate(at now: Double) -> [RefusedRequest] {
    var refused: [RefusedRequest] = []
    while let (expiry, index) = expiries.first, expiry < now {
      let sequence = sequences[Int(index)]
      let isOverQueueTime = sequence.waitingSince + configuration.maximumQueueSeconds < now
      refused.append(
        RefusedRequest(
          request: sequence.id, reason: isOverQueueTime ? .queueTime : .deadline,
          queuedSeconds: now - sequence.waitingSince, retryAfter: secondsToDeparture(of: max(1, waitingCount - 1))))
      if remove(index) { counters.refused += 1 }
    }
    return refused
  }
}
