extension ParserState {
  /// Sets the bits of the tokens that the set allows, but for end tokens; the mask is clear before.
  ///
  /// What a set allows is the union of what its terminals allow. Most of that is in tables that do not depend on the
  /// grammar around; what leaves a terminal on the way is followed here.
  mutating func addTokens(of set: Int32, _ tables: TableCache, to words: UnsafeMutableBufferPointer<UInt64>) {
    let vocabulary = tables.vocabulary
    vocabulary.trie.nodes.withUnsafeBufferPointer { nodes in
      vocabulary.trie.tokens.withUnsafeBufferPointer { tokens in
        let walk = TokenWalk(nodes: nodes, depth: vocabulary.trie.depth) { first, end in
          for token in tokens[first..<end] { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }
        }
        for index in sets[Int(set)].scans where !isExhausted {
          let item = scanItems[index]
          if !addTokens(of: item, tables, walk, to: words) {
            follow(walk, item: item, from: 1, to: nodes.count - 1)
          }
        }
      }
    }
  }

  /// Sets the bits of what a terminal being read allows; false, with nothing done, if the table does not help.
  private mutating func addTokens(
    of item: ScanItem, _ tables: TableCache, _ walk: TokenWalk, to words: UnsafeMutableBufferPointer<UInt64>
  ) -> Bool {
    let terminal = network.terminals[Int(item.terminal)]
    let table = tables.table(terminal, item.state)
    let (exitSet, exitBytes) = exitBytes(item)
    var unitsLeft = Counting.unbounded
    var exitUnits: ClosedRange<Int32> = 0...Counting.unbounded
    if let counting = terminal.counting {
      // Tables are made without bounds. Near the upper one, tokens are no longer inner that may still be allowed by
      // an exit; and near the lower one, states that end early do not get there.
      let fewest = Counting.sum(item.count, counting.leastUnits[Int(item.state)])
      if counting.hasMostUnits, fewest < counting.atLeast { return false }
      if counting.atMost != Counting.unbounded {
        unitsLeft = counting.atMost - item.count
        let isAmbiguous = !exitBytes.intersection(terminal.bytesAfterTexts).isEmpty
        if unitsLeft < table.greatestCost, isAmbiguous { return false }
      }
      let least = max(counting.atLeast - item.count, 0)
      guard unitsLeft >= least else { return false }
      exitUnits = least...unitsLeft
    }
    let vocabulary = tables.vocabulary
    table.addInner(to: words, units: unitsLeft, vocabulary)
    guard !exitBytes.isEmpty, exitUnits.lowerBound <= table.greatestUnits else { return true }
    if table.hasRests, !exitBytes.intersection(RestTrie.firstBytes).isEmpty {
      let rests = vocabulary.rests
      rests.nodes.withUnsafeBufferPointer { nodes in
        let walk = TokenWalk(nodes: nodes, depth: rests.depth) { first, end in
          for place in first..<end where table.leaves(atSite: rests.siteNumbers[place], units: exitUnits) {
            let token = rests.tokens[place]
            words[Int(token) >> 6] |= 1 << UInt64(token & 63)
          }
        }
        follow(walk, set: exitSet, from: 1, to: nodes.count - 1)
      }
    }
    for byte in exitBytes.intersection(table.otherBytes).bytes {
      for child in table.children(byte) where exitUnits.contains(child.units) {
        follow(walk, set: exitSet, from: Int(child.node), to: Int(walk.nodes[Int(child.node)].end))
      }
    }
    return true
  }
}

extension ParserState {
  /// What follows a terminal that is being read, and every byte that it can begin with.
  private mutating func exitBytes(_ item: ScanItem) -> (set: Int32, bytes: ByteSet) {
    let set = exitSet(item.terminal, origin: item.origin)
    return (set, set == Self.dead ? ByteSet() : sets[Int(set)].bytes)
  }
}

/// A trie to walk through, and what to do with the ranges of tokens found.
private struct TokenWalk {
  var nodes: UnsafeBufferPointer<TokenTrie.Node>
  var depth: Int
  var found: (Int, Int) -> Void

  /// Whether a node has a child with one of the bytes.
  func hasChild(of node: Int, in bytes: ByteSet) -> Bool {
    var child = node + 1
    while child < Int(nodes[node].end) {
      if bytes.contains(nodes[child].byte) { return true }
      child = Int(nodes[child].end)
    }
    return false
  }
}

extension ParserState {
  /// Nodes of a trie that are to be followed from a set of items.
  private struct Stretch: Hashable, Sendable {
    var set: Int32
    var first: Int32
    var end: Int32
  }

  /// Follows the items of a set through the nodes of neighbouring subtrees, and whatever comes behind them.
  private mutating func follow(_ walk: TokenWalk, set: Int32, from first: Int, to end: Int) {
    var stretches = DistinctList<Stretch>()
    _ = stretches.insert(Stretch(set: set, first: Int32(first), end: Int32(end)))
    follow(walk, &stretches)
  }

  private mutating func follow(_ walk: TokenWalk, item: ScanItem, from first: Int, to end: Int) {
    var stretches = DistinctList<Stretch>()
    follow(walk, item, Int32(first), Int32(end), &stretches)
    follow(walk, &stretches)
  }

  private mutating func follow(_ walk: TokenWalk, _ stretches: inout DistinctList<Stretch>) {
    var next = 0
    while next < stretches.elements.count, !isExhausted {
      let stretch = stretches.elements[next]
      next += 1
      for index in sets[Int(stretch.set)].scans {
        follow(walk, scanItems[index], stretch.first, stretch.end, &stretches)
      }
    }
  }

  /// Follows a terminal through the nodes, and adds to `stretches` what is behind its ends.
  private mutating func follow(
    _ walk: TokenWalk, _ item: ScanItem, _ first: Int32, _ end: Int32, _ stretches: inout DistinctList<Stretch>
  ) {
    guard first < end else { return }
    let terminal = network.terminals[Int(item.terminal)]
    let above = Int(walk.nodes[Int(first)].depth) - 1
    var exit: (set: Int32, bytes: ByteSet)?
    var seen = 0
    withUnsafeTemporaryAllocation(of: (state: Int32, count: Int32).self, capacity: walk.depth + 1 - above) { path in
      path.initialize(repeating: (item.state, item.count))
      var index = Int(first)
      while index < Int(end) {
        let node = walk.nodes[index]
        let place = path[Int(node.depth) - 1 - above]
        seen += 1
        guard let next = terminal.step(place.state, count: place.count, node.byte) else {
          index = Int(node.end)
          continue
        }
        let firstBelow = walk.nodes[index + 1].firstToken
        if node.firstToken < firstBelow { walk.found(Int(node.firstToken), Int(firstBelow)) }
        index += 1
        guard Int(node.end) > index else { continue }
        if terminal.accepts(next.state, count: next.count) {
          let (set, bytes) = exit ?? exitBytes(item)
          exit = (set, bytes)
          if walk.hasChild(of: index - 1, in: bytes) {
            _ = stretches.insert(Stretch(set: set, first: Int32(index), end: node.end))
          }
        }
        path[Int(node.depth) - above] = next
      }
    }
    spend(seen)
  }
}
