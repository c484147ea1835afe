import Synchronization

/// What one state of a terminal allows of the vocabulary, whatever surrounds the terminal.
///
/// A token is *inner* if the terminal can read all of it. Other tokens may leave the terminal on the way: their first
/// bytes end a text of the terminal (at an *exit*), and what follows decides about the rest. The rests are kept by
/// their first byte, as what follows admits few.
final class StateTable: Sendable {
  /// Whether the state has enough inner tokens for the rest of this table to be there. For others, a walk through the
  /// vocabulary is fast.
  let isBroad: Bool
  /// The inner tokens (if the number of units is not bounded), as a mask.
  let inner: [UInt64]
  /// The bytes that follow exits.
  let exitBytes: ByteSet
  /// The bytes that follow exits and that the terminal itself could also have read.
  let ambiguousBytes: ByteSet
  /// The number of units that the dearest inner token needs, up to the end of the unit it is in; 0 without counting.
  let greatestCost: Int32
  /// Units that a token can end before it leaves, at most.
  let greatestUnits: Int32

  /// Inner tokens in order of cost, and where each cost begins.
  private let tokensByCost: [Int32]
  private let costStarts: [Int]
  /// Nodes one byte behind exits, by that byte, with the number of units read at the exit.
  private let exits: [UInt8: [Exit]]
  private let derived = Mutex(Derived())

  struct Exit: Sendable {
    var node: Int32
    var units: Int32
  }

  private struct Derived {
    var rests: [UInt8: RestTrie] = [:]
    var inner: [Int32: [UInt64]] = [:]
  }

  init(_ terminal: Terminal, _ state: Int32, _ vocabulary: TokenVocabulary) {
    let trie = vocabulary.trie
    var walk = TerminalWalk(terminal, trie)
    isBroad = walk.hasMoreInnerTokens(than: vocabulary.broadFrom, from: state)
    guard isBroad else {
      (inner, exitBytes, ambiguousBytes) = ([], ByteSet(), ByteSet())
      (greatestCost, greatestUnits, tokensByCost, costStarts, exits) = (0, 0, [], [], [:])
      return
    }
    walk.run(from: state)
    var mask = Array(repeating: UInt64(0), count: vocabulary.maskWords)
    for (token, _) in walk.inner { mask[Int(token) >> 6] |= 1 << UInt64(token & 63) }
    inner = mask
    var kept = walk.exits
    if !walk.ambiguousBytes.isEmpty {
      // A rest that the terminal can read as well matters only for the tokens that are not inner.
      let innerBefore = Self.innerBefore(trie, mask)
      kept = kept.filter { exit in
        let node = trie.nodes[Int(exit.node)]
        let (first, end) = (Int(node.firstToken), Int(trie.nodes[Int(node.end)].firstToken))
        return Int(innerBefore[end] - innerBefore[first]) < end - first
      }
    }
    exits = Dictionary(grouping: kept) { trie.nodes[Int($0.node)].byte }
    exitBytes = ByteSet(exits.keys)
    ambiguousBytes = walk.ambiguousBytes
    greatestUnits = walk.exits.reduce(0) { max($0, $1.units) }
    guard terminal.counting != nil else {
      (greatestCost, tokensByCost, costStarts) = (0, [], [])
      return
    }
    let greatest = walk.inner.reduce(0) { max($0, $1.cost) }
    greatestCost = greatest
    var starts = Array(repeating: 0, count: Int(greatest) + 2)
    for (_, cost) in walk.inner { starts[Int(cost) + 1] += 1 }
    for cost in 0...Int(greatest) { starts[cost + 1] += starts[cost] }
    var places = starts
    var ordered = Array(repeating: Int32(0), count: walk.inner.count)
    for (token, cost) in walk.inner {
      ordered[places[Int(cost)]] = token
      places[Int(cost)] += 1
    }
    (tokensByCost, costStarts) = (ordered, starts)
  }

  /// By place in the trie's order: the inner tokens before it.
  private static func innerBefore(_ trie: TokenTrie, _ mask: [UInt64]) -> [Int32] {
    var counts: [Int32] = [0]
    counts.reserveCapacity(trie.tokens.count + 1)
    var count: Int32 = 0
    for token in trie.tokens {
      if mask[Int(token) >> 6] >> UInt64(token & 63) & 1 == 1 { count += 1 }
      counts.append(count)
    }
    return counts
  }

  /// Adds to a mask the inner tokens that need no more than `units` units.
  func addInner(to words: UnsafeMutableBufferPointer<UInt64>, units: Int32) {
    guard units < greatestCost else { return Self.add(inner, to: words) }
    let mask = derived.withLock { derived in
      if let known = derived.inner[units] { return known }
      var mask = inner
      if units < 0 {
        mask = Array(repeating: 0, count: inner.count)
      } else if costStarts[Int(units) + 1] < tokensByCost.count / 2 {
        mask = Array(repeating: 0, count: inner.count)
        for token in tokensByCost[..<costStarts[Int(units) + 1]] { mask[Int(token) >> 6] |= 1 << UInt64(token & 63) }
      } else {
        for token in tokensByCost[costStarts[Int(units) + 1]...] { mask[Int(token) >> 6] &= ~(1 << UInt64(token & 63)) }
      }
      derived.inner[units] = mask
      return mask
    }
    Self.add(mask, to: words)
  }

  private static func add(_ mask: [UInt64], to words: UnsafeMutableBufferPointer<UInt64>) {
    mask.withUnsafeBufferPointer { mask in
      for index in 0..<min(mask.count, words.count) { words[index] |= mask[index] }
    }
  }

  /// The rests that begin with a byte of `exitBytes`.
  func rests(_ byte: UInt8, _ trie: TokenTrie) -> RestTrie {
    derived.withLock { derived in
      if let known = derived.rests[byte] { return known }
      let rests = RestTrie(exits[byte] ?? [], trie, without: inner)
      derived.rests[byte] = rests
      return rests
    }
  }

  /// About how much memory it takes.
  var bytes: Int {
    let fixed = inner.count * 8 + tokensByCost.count * 4 + exits.values.reduce(0) { $0 + $1.count * 8 }
    return fixed
      + derived.withLock { derived in
        derived.inner.count * inner.count * 8 + derived.rests.values.reduce(0) { $0 + $1.nodes.count * 20 }
      }
  }
}

/// A walk through the vocabulary with one terminal.
private struct TerminalWalk {
  let terminal: Terminal
  let trie: TokenTrie
  /// The inner tokens, and the number of units each needs.
  private(set) var inner: [(token: Int32, cost: Int32)] = []
  private(set) var exits: [StateTable.Exit] = []
  private(set) var ambiguousBytes = ByteSet()

  private var states: [Int32]
  private var units: [Int32]

  init(_ terminal: Terminal, _ trie: TokenTrie) {
    self.terminal = terminal
    self.trie = trie
    states = Array(repeating: 0, count: trie.depth + 1)
    units = states
  }

  mutating func hasMoreInnerTokens(than limit: Int, from state: Int32) -> Bool {
    let automaton = terminal.automaton
    states[0] = state
    var count = 0
    var node = 1
    while node < trie.nodes.count - 1 {
      let depth = Int(trie.nodes[node].depth)
      let next = automaton.successor(of: states[depth - 1], on: trie.nodes[node].byte)
      if next == ByteAutomaton.dead {
        node = Int(trie.nodes[node].end)
        continue
      }
      count += Int(trie.nodes[node + 1].firstToken - trie.nodes[node].firstToken)
      if count > limit { return true }
      states[depth] = next
      node += 1
    }
    return false
  }

  mutating func run(from state: Int32) {
    let automaton = terminal.automaton
    states[0] = state
    units[0] = 0
    trie.nodes.withUnsafeBufferPointer { nodes in
      var index = 1
      while index < nodes.count - 1 {
        let node = nodes[index]
        let depth = Int(node.depth)
        let previous = states[depth - 1]
        let transition = Int(previous) * automaton.classCount + Int(automaton.classes[Int(node.byte)])
        let next = automaton.successors[transition]
        if depth > 1, automaton.accepting[Int(previous)] {
          exits.append(StateTable.Exit(node: Int32(index), units: units[depth - 1]))
          if next != ByteAutomaton.dead { ambiguousBytes.insert(node.byte) }
        }
        if next == ByteAutomaton.dead {
          index = Int(node.end)
          continue
        }
        states[depth] = next
        var cost: Int32 = 0
        if let counting = terminal.counting {
          units[depth] = units[depth - 1] + (counting.increments[transition] ? 1 : 0)
          cost = units[depth] + counting.leastUnits[Int(next)]
        }
        for place in Int(node.firstToken)..<Int(nodes[index + 1].firstToken) {
          inner.append((trie.tokens[place], cost))
        }
        index += 1
      }
    }
  }
}
