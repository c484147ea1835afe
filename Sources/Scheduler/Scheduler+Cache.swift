/// What sequences take from the caches, and leave there.
extension Scheduler {
  func pageCount(for tokens: Int) -> Int { (tokens + configuration.pageSize - 1) / configuration.pageSize }

  /// What is cached of a sequence's known tokens. One is always left to compute, for its logits.
  func match(_ index: Int) -> PrefixMatch {
    guard let namespace = sequences[index].namespace else { return PrefixMatch() }
    return cache.match(sequences[index].tokens, limit: sequences[index].known - 1, in: namespace)
  }

  /// Gives a sequence the pages that are cached of it, and a slot with the state behind them.
  ///
  /// There is a slot to be had, and a page for the tail. The copies are valid as long as they are made in order before
  /// anything is computed: their sources may be handed out again by then.
  mutating func take(_ match: PrefixMatch, for index: Int, copies: inout [CacheCopy]) {
    for page in match.pages { cache.hold(page) }
    sequences[index].pages = match.pages
    sequences[index].knownPages = match.pages.count
    if let tail = match.tail {
      let count = match.tokens % configuration.pageSize
      if cache.references[Int(tail)] == 0, cache.nodes[Int(tail)].filled == count {
        // Nobody else writes behind these tokens, so this sequence may.
        cache.hold(tail)
        sequences[index].pages.append(tail)
      } else {
        cache.touchPage(tail)
        takePage(for: index)
        if let page = sequences[index].pages.last, page != tail { copies.append(.page(from: tail, to: page)) }
      }
    }
    // Its slot may have been freed with the tail's page just now, and still has the state.
    if let checkpoint = match.checkpoint, cache.checkpoints[Int(checkpoint)] != nil {
      cache.touchCheckpoint(checkpoint)
    }
    let slot = cache.takeSlot()
    if let checkpoint = match.checkpoint, let slot, slot != checkpoint {
      copies.append(.slot(from: checkpoint, to: slot))
    }
    sequences[index].slot = slot
    sequences[index].computed = match.tokens
    sequences[index].reused = match.tokens
    updateClaim(of: index)
  }

  mutating func takePage(for index: Int) {
    guard let page = cache.takePage() else { preconditionFailure("pages were counted before") }
    sequences[index].pages.append(page)
  }

  /// Tells how many pages a sequence is still owed for what is known of it.
  mutating func updateClaim(of index: Int) {
    let held = sequences[index].pageCount
    let hasRoom = sequences[index].known <= held * configuration.pageSize
    if hasRoom, sequences[index].claim == 0 { return }
    let claim = hasRoom ? 0 : pageCount(for: sequences[index].known) - held
    claimedPages += claim - sequences[index].claim
    sequences[index].claim = claim
  }

  /// The node that a sequence's page follows.
  mutating func parent(ofPage number: Int, of index: Int, in namespace: CacheNamespace) -> Int32 {
    number == 0 ? cache.root(of: namespace, for: sequences[index].tenant) : sequences[index].pages[number - 1]
  }

  /// Makes the pages known that a sequence has filled.
  mutating func insertWholePages(of index: Int) {
    let pageSize = configuration.pageSize
    guard let namespace = sequences[index].namespace else { return }
    while (sequences[index].knownPages + 1) * pageSize <= sequences[index].computed {
      let number = sequences[index].knownPages
      let page = sequences[index].pages[number]
      let node = cache.insert(
        page, tokens: sequences[index].tokens[(number * pageSize)..<((number + 1) * pageSize)],
        under: parent(ofPage: number, of: index, in: namespace))
      if node != page { sequences[index].pages[number] = node }
      sequences[index].knownPages += 1
    }
  }

  /// Makes the tokens known that a sequence has computed, all of them.
  /// - Returns: the node with the last of them, and the hash of them all; nil if they may not be kept, or there are none.
  private mutating func insertAll(of index: Int) -> (node: Int32, hash: PrefixHash)? {
    let computed = sequences[index].computed
    guard let namespace = sequences[index].namespace, computed > 0 else { return nil }
    insertWholePages(of: index)
    let number = sequences[index].knownPages
    let tail = sequences[index].tokens[(number * configuration.pageSize)..<computed]
    guard !tail.isEmpty else {
      let node = sequences[index].pages[number - 1]
      return cache.nodes[Int(node)].hash.map { (node, $0) }
    }
    let parent = parent(ofPage: number, of: index, in: namespace)
    guard let hash = cache.nodes[Int(parent)].hash?.extended(by: tail) else { return nil }
    let node = cache.insert(sequences[index].pages[number], tokens: tail, under: parent)
    cache.touchPage(node)
    return (node, hash)
  }

  /// Makes the state that the last copies of a step froze a checkpoint. The sequence is still where the step left it.
  mutating func attach(_ pending: PendingCheckpoint) {
    cache.pendingCheckpoints -= 1
    let index = Int(pending.sequence)
    guard let last = insertAll(of: index) else { return cache.giveBackSlot(pending.slot) }
    let milestone = pending.milestone
    let page = (milestone.position - 1) / configuration.pageSize
    cache.attach(
      pending.slot, to: page < sequences[index].knownPages ? sequences[index].pages[page] : last.node,
      position: milestone.position, purpose: milestone.purpose, hash: milestone.hash)
  }

  /// Takes pages and slot back from a sequence that ends or gives way. What it computed is kept if it may be: its state,
  /// too, so that the same tokens go on from exactly here.
  mutating func release(_ index: Int32) {
    passMilestones(of: index, all: true)
    releases += 1
    let index = Int(index)
    var slot = sequences[index].slot
    let last = insertAll(of: index)
    if let last, let state = slot, configuration.needsCheckpoints, configuration.checkpointLimit > 0 {
      cache.attach(
        state, to: last.node, position: sequences[index].computed, purpose: .turn, hash: last.hash)
      slot = nil
      cache.supersede(from: last.node, latest: cache.checkpointAt[last.hash], before: sequences[index].reused)
      cache.keepCheckpointLimit()
    }
    if let slot { cache.giveBackSlot(slot) }
    if let last { cache.prune(from: last.node) }
    for page in sequences[index].pages.reversed() {
      cache.letGo(page)
      cache.prune(from: page)
    }
    sequences[index].pages = []
    sequences[index].slot = nil
    sequences[index].knownPages = 0
    sequences[index].computed = 0
    claimedPages -= sequences[index].claim
    sequences[index].claim = 0
  }
}
