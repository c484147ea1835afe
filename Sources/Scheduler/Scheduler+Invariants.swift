extension Scheduler {
  /// Checks all books against each other: who holds which page and slot, the tree of kept tokens, the counts. Linear in
  /// all of them; for tests and idle moments.
  ///
  /// - Throws: `SchedulerError.invariantBroken`.
  public func checkInvariants() throws(SchedulerError) {
    try checkSequences()
    try checkPages()
    try checkSlots()
    try cache.checkTree()
  }

  private func checkSequences() throws(SchedulerError) {
    for (id, index) in indices {
      try check(sequences[Int(index)].id == id, "index \(index) is not that of request \(id.rawValue)")
    }
    for index in running {
      let sequence = sequences[Int(index)]
      let name = "running request \(sequence.id.rawValue)"
      let hasEnded = sequence.phase == .ended
      try check(sequence.phase != .waiting && indices[sequence.id] == index, "\(name) does not run")
      try check(sequence.slot != nil, "\(name) has no slot")
      try check(sequence.remaining >= 1 || hasEnded || sequence.isInFlight, "\(name) has nothing to compute")
      try check(sequence.known <= sequence.greatestExtent || hasEnded, "\(name) outgrew its limit")
      try check(stepInFlight != nil || !hasEnded && !sequence.isInFlight, "\(name) is in flight, and no step is")
      try check(
        sequence.namespace == nil || sequence.tokens.count == sequence.known,
        "\(name) has \(sequence.tokens.count) tokens, and \(sequence.known) are known")
      let needed = pageCount(for: sequence.computed)
      let spare = pageCount(for: 2 * configuration.maximumDrafts)
      try check(
        sequence.isInFlight
          ? sequence.pages.count >= needed : (needed...needed + spare).contains(sequence.pages.count),
        "\(name) holds \(sequence.pages.count) pages for \(sequence.computed) tokens")
      try check(
        sequence.claim == max(0, pageCount(for: sequence.known) - sequence.pages.count) || hasEnded,
        "\(name) claims \(sequence.claim) pages")
      try check(
        sequence.pages.prefix(sequence.knownPages).allSatisfy { cache.nodes[Int($0)].filled == cache.pageSize },
        "\(name) has \(sequence.knownPages) known pages, and not all are whole")
    }
    let apart = queue.items + awaiting.values.joined()
    let waiting = apart + (running + apart).flatMap { sequences[Int($0)].forks }
    for index in waiting {
      let sequence = sequences[Int(index)]
      try check(
        sequence.phase == .waiting && sequence.slot == nil && sequence.pages.isEmpty && sequence.computed == 0,
        "waiting request \(sequence.id.rawValue) holds something")
    }
    try check(waiting.count == waitingCount, "\(waiting.count) requests wait, not \(waitingCount)")
    try check(
      indices.count == running.count + waiting.count, "of \(indices.count) requests some neither run nor wait")
    try check(
      claimedPages == running.reduce(0) { $0 + sequences[Int($1)].claim }, "\(claimedPages) pages are not claimed")
    let ranks = running.map { sequences[Int($0)].rank }
    try check(zip(ranks, ranks.dropFirst()).allSatisfy { $0 < $1 }, "running requests are not in order of rank")
    try check(
      queue.items.count == queue.count && awaiting.values.reduce(0) { $0 + $1.count } == awaitingCount,
      "\(queue.count) requests are not in the queue, or \(awaitingCount) do not await prefixes")
    for (milestone, waiting) in awaiting {
      try check(
        underway[milestone] != nil && waiting.allSatisfy { sequences[Int($0)].awaited == milestone },
        "requests await a prefix nobody computes")
    }
    for index in underway.values {
      try check(running.contains(index), "a prefix is under way, and sequence \(index) does not run")
    }
    try check(
      counters.submitted == counters.finished + counters.cancelled + counters.refused + waitingCount + runningCount,
      "requests do not add up: \(counters), \(waitingCount) waiting, \(runningCount) running")
  }

  private func checkPages() throws(SchedulerError) {
    var holders = [Int32](repeating: 0, count: cache.references.count)
    for index in running {
      for page in sequences[Int(index)].pages { holders[Int(page)] += 1 }
    }
    for restoration in restorations.values {
      for page in restoration.pages { holders[Int(page)] += 1 }
    }
    for page in cache.references.indices {
      try check(
        cache.references[page] == holders[page],
        "page \(page) has \(holders[page]) holders, not \(cache.references[page])")
    }
    var owners = cache.freePages + cache.pageOrder.items
    for (page, count) in holders.enumerated() where count > 0 { owners.append(Int32(page)) }
    try check(
      owners.sorted() == Array(0..<Int32(holders.count)), "a page is lost, or is free and held: \(owners.sorted())")
  }

  private func checkSlots() throws(SchedulerError) {
    var owners = cache.freeSlots + cache.checkpointOrder.items
    for index in running {
      if let slot = sequences[Int(index)].slot { owners.append(slot) }
    }
    try check(
      Set(owners).count == owners.count && owners.count + cache.pendingCheckpoints == cache.checkpoints.count,
      "a slot is lost, or has two owners: \(owners.sorted()), \(cache.pendingCheckpoints) pending")
    try check(stepInFlight != nil || cache.pendingCheckpoints == 0, "checkpoints are pending, and no step is")
    try check(
      cache.checkpointOrder.count + cache.pendingCheckpoints <= configuration.checkpointLimit,
      "there are \(cache.checkpointOrder.count) checkpoints")
  }

  private func check(_ holds: Bool, _ what: @autoclosure () -> String) throws(SchedulerError) {
    if !holds { throw .invariantBroken(what()) }
  }
}

extension CacheStore {
  /// Checks the tree: links lead both ways, children are sorted and follow whole pages, kept pages are in the order of
  /// use behind those that follow them, and checkpoints are where their nodes say.
  func checkTree() throws(SchedulerError) {
    var rank: [Int32: Int] = [:]
    for (place, page) in pageOrder.items.enumerated() { rank[page] = place }
    var reached = 0
    var pending = Array(roots.values)
    while let node = pending.popLast() {
      let children = nodes[Int(node)].children
      try checkChildren(of: node)
      for child in children where references[Int(child)] == 0 {
        guard let own = rank[child] else { throw .invariantBroken("page \(child) is neither held nor kept") }
        try check(
          node >= references.count || rank[node] == nil || own < rank[node, default: 0],
          "page \(child) would go after page \(node), which it follows")
      }
      try check(
        !needsCheckpoints || node >= references.count || references[Int(node)] > 0 || !children.isEmpty
          || !nodes[Int(node)].checkpoints.isEmpty, "page \(node) is kept, and nothing can start behind it")
      reached += children.count
      pending += children
    }
    try check(
      reached == references.indices.count { nodes[$0].isInTree }, "pages of the tree are not reached from a root")
    for (slot, checkpoint) in checkpoints.enumerated() {
      try check((checkpoint != nil) == checkpointOrder.contains(Int32(slot)), "checkpoint \(slot) is out of order")
      guard let checkpoint else { continue }
      try check(
        checkpointAt[checkpoint.hash] == Int32(slot)
          && nodes[Int(checkpoint.page)].checkpoints.contains(Int32(slot))
          && (1...nodes[Int(checkpoint.page)].filled).contains(checkpoint.offset),
        "checkpoint \(slot) is not on page \(checkpoint.page)")
    }
    try check(checkpointAt.count == checkpointOrder.count, "\(checkpointAt.count) checkpoints can be found")
  }

  private func checkChildren(of node: Int32) throws(SchedulerError) {
    var offsets: [Int: Int] = [:]
    var before: [Int32] = []
    for child in nodes[Int(node)].children {
      try check(nodes[Int(child)].parent == node, "page \(child) does not follow node \(node)")
      let tokens = Array(nodeTokens[(Int(child) * pageSize)..<(Int(child) * pageSize + nodes[Int(child)].filled)])
      try check(before.lexicographicallyPrecedes(tokens), "page \(child) is not in its place")
      try check(
        nodes[Int(child)].children.isEmpty || tokens.count == pageSize, "page \(child) is followed, and is not whole")
      before = tokens
      for slot in nodes[Int(child)].checkpoints { offsets[checkpoints[Int(slot)]?.offset ?? 0, default: 0] += 1 }
    }
    let listed = Dictionary(uniqueKeysWithValues: nodes[Int(node)].childOffsets.map { ($0.offset, $0.count) })
    try check(listed == offsets, "node \(node) lists checkpoints at \(listed), and they are at \(offsets)")
  }

  private func check(_ holds: Bool, _ what: @autoclosure () -> String) throws(SchedulerError) {
    if !holds { throw .invariantBroken(what()) }
  }
}
