/// How much of a sequence's tokens is cached.
struct PrefixMatch: Sendable {
  /// Tokens that need not be computed.
  var tokens = 0
  /// The whole pages with the first of them.
  var pages: [Int32] = []
  /// The page whose first tokens are the rest of them.
  var tail: Int32?
  /// The state after them.
  var checkpoint: Int32?
  /// Tokens whose pages are there, with or without a state; at least `tokens`.
  var cachedTokens = 0
  /// The deepest node whose page is whole and cached, or the root; nil where there is none.
  var deepest: Int32?
}

/// Looking up.
extension CacheStore {
  /// The longest cached beginning of `tokens[..<limit]` that a sequence can start behind. Changes nothing.
  func match(_ tokens: [Int32], limit: Int, in namespace: CacheNamespace) -> PrefixMatch {
    var match = PrefixMatch()
    guard let root = roots[namespace] else { return match }
    var path: [Int32] = []
    var node = root
    var partial: (page: Int32, common: Int)?
    while path.count * pageSize < limit {
      let start = path.count * pageSize
      partial = closestChild(of: node, to: tokens[start..<min(start + pageSize, limit)])
      guard let child = partial, child.common == pageSize else { break }
      path.append(child.page)
      node = child.page
      partial = nil
    }
    match.deepest = node
    match.cachedTokens = path.count * pageSize + (partial?.common ?? 0)
    guard needsCheckpoints else {
      match.tokens = match.cachedTokens
      match.pages = path
      match.tail = partial?.page
      return match
    }
    for level in stride(from: path.count, through: 0, by: -1) {
      let parent = level == 0 ? root : path[level - 1]
      guard let slot = lastCheckpoint(under: parent, tokens[(level * pageSize)..<limit]),
        let checkpoint = checkpoints[Int(slot)]
      else { continue }
      match.tokens = checkpoint.position
      match.checkpoint = slot
      match.pages = Array(path.prefix(checkpoint.position / pageSize))
      match.tail = checkpoint.position % pageSize == 0 ? nil : checkpoint.page
      return match
    }
    return match
  }

  /// The last checkpoint within a node's children that the tokens, which follow the node, lead to.
  private func lastCheckpoint(under parent: Int32, _ tokens: ArraySlice<Int32>) -> Int32? {
    var found: Int32?
    forEachCheckpoint(under: parent, tokens) { slot, _ in found = slot }
    return found
  }

  /// Calls `body` with every checkpoint within a node's children that the tokens, which follow the node, lead to, in
  /// order.
  func forEachCheckpoint(under parent: Int32, _ tokens: ArraySlice<Int32>, _ body: (Int32, Checkpoint) -> Void) {
    guard var hash = nodes[Int(parent)].hash else { return }
    var hashed = 0
    for (offset, _) in nodes[Int(parent)].childOffsets {
      guard offset <= tokens.count else { break }
      let start = tokens.startIndex
      hash = hash.extended(by: tokens[(start + hashed)..<(start + offset)])
      hashed = offset
      guard let slot = checkpointAt[hash], let checkpoint = checkpoints[Int(slot)], checkpoint.offset == offset,
        nodes[Int(checkpoint.page)].parent == parent,
        commonCount(checkpoint.page, tokens[start..<(start + offset)]) == offset
      else { continue }
      body(slot, checkpoint)
    }
  }
}
