extension ParserState {
  /// Sets the bits of the tokens that the set allows, but for end tokens; the mask is clear before.
  ///
  /// What a set allows is the union of what its terminals allow. Terminals with many tokens take them from tables that
  /// do not depend on the grammar around, and only what leaves the terminal is looked up here; the others are walked
  /// through the vocabulary together.
  mutating func addTokens(
    of set: Int32, _ vocabulary: TokenVocabulary, to words: UnsafeMutableBufferPointer<UInt64>
  ) {
    var narrow: [ScanItem] = []
    for index in sets[Int(set)].scans {
      let item = scanItems[index]
      if !addBroad(item, vocabulary, to: words) { narrow.append(item) }
    }
    guard !narrow.isEmpty else { return }
    let rest = narrow.count == sets[Int(set)].scans.count ? set : self.set(of: narrow)
    vocabulary.trie.nodes.withUnsafeBufferPointer { nodes in
      vocabulary.trie.tokens.withUnsafeBufferPointer { tokens in
        walk(nodes, from: rest, depth: vocabulary.trie.depth) { first, end in
          for token in tokens[first..<end] { words[Int(token) >> 6] |= 1 << UInt64(token & 63) }
        }
      }
    }
  }

  /// Sets the bits of what a terminal being read allows; false, with nothing done, if no table helps.
  private mutating func addBroad(
    _ item: ScanItem, _ vocabulary: TokenVocabulary, to words: UnsafeMutableBufferPointer<UInt64>
  ) -> Bool {
    let terminal = network.terminals[Int(item.terminal)]
    let table = terminal.table(of: item.state, in: vocabulary)
    guard table.isBroad else { return false }
    let exitSet = exitSet(item.terminal, origin: item.origin)
    let exitBytes = exitSet == Self.dead ? ByteSet() : sets[Int(exitSet)].bytes.intersection(table.exitBytes)
    var unitsLeft = Counting.unbounded
    var exitUnits: ClosedRange<Int32> = 0...Counting.unbounded
    if let counting = terminal.counting {
      // Tables are made without bounds. Near the upper one, tokens are no longer inner that may still be allowed by
      // an exit; and near the lower one, states that end early do not get there.
      if counting.hasMostUnits, item.count < counting.atLeast { return false }
      if counting.atMost != Counting.unbounded {
        unitsLeft = counting.atMost - item.count
        let isAmbiguous = exitSet != Self.dead && !sets[Int(exitSet)].bytes.intersection(table.ambiguousBytes).isEmpty
        if unitsLeft < table.greatestCost, isAmbiguous { return false }
      }
      let least = max(counting.atLeast - item.count, 0)
      guard unitsLeft >= least else { return false }
      exitUnits = least...unitsLeft
    }
    table.addInner(to: words, units: unitsLeft)
    guard !exitBytes.isEmpty, exitUnits.lowerBound <= table.greatestUnits else { return true }
    for byte in exitBytes.bytes {
      let next = step(exitSet, byte)
      guard next != Self.dead else { continue }
      let rests = table.rests(byte, vocabulary.trie)
      rests.nodes.withUnsafeBufferPointer { nodes in
        walk(nodes, from: next, depth: vocabulary.trie.depth) { first, end in
          for place in first..<end where exitUnits.contains(rests.units[place]) {
            let token = rests.tokens[place]
            words[Int(token) >> 6] |= 1 << UInt64(token & 63)
          }
        }
      }
    }
    return true
  }

  /// Walks a trie, whose root `set` stands for, and reports the ranges of tokens that end at the nodes reached.
  private mutating func walk(
    _ nodes: UnsafeBufferPointer<TokenTrie.Node>, from set: Int32, depth: Int, found: (Int, Int) -> Void
  ) {
    guard nodes.count > 1 else { return }
    if nodes[0].firstToken < nodes[1].firstToken { found(0, Int(nodes[1].firstToken)) }
    withUnsafeTemporaryAllocation(of: (set: Int32, bytes: ByteSet).self, capacity: depth + 1) { path in
      path.initialize(repeating: (set, sets[Int(set)].bytes))
      var index = 1
      while index < nodes.count - 1, !isExhausted {
        let node = nodes[index]
        let above = path[Int(node.depth) - 1]
        let next = above.bytes.contains(node.byte) ? step(above.set, node.byte) : Self.dead
        guard next != Self.dead else {
          index = Int(node.end)
          continue
        }
        let end = nodes[index + 1].firstToken
        if node.firstToken < end { found(Int(node.firstToken), Int(end)) }
        if Int(node.end) > index + 1 { path[Int(node.depth)] = (next, sets[Int(next)].bytes) }
        index += 1
      }
    }
  }
}
