/// Earley's recogniser over bytes, with sets of items that are interned: equal sets have one number, however they came
/// about, and a set never changes. So a position in a text is a number, going back is remembering a number, and what
/// has been found out about a set (its successors, its mask) holds wherever it comes up again, as in a deterministic
/// automaton that is built while it is used.
///
/// A set holds *kernel* items, which follow from the set before, and *predicted* ones, which the kernel implies. An
/// item's origin is the set where its rule or terminal began; a completed rule or terminal advances the items of its
/// origin that wait for it. Empty texts need no completion: the network's edges skip what may be empty (J. Aycock and
/// R. N. Horspool, Practical Earley Parsing, 2002). Dead ends do not occur, as neither the network nor the terminals
/// have any: every set is on the way to some whole document.
struct ParserState: Sendable {
  let network: GrammarNetwork
  private(set) var sets: [ItemSet] = []
  private(set) var scanItems: [ScanItem] = []
  private(set) var ruleItems: [RuleItem] = []
  /// Whether a step was refused because it would have taken too much; the grammar then allows more than it should say.
  private(set) var isExhausted = false
  /// Work that may still be done before steps are refused, in items.
  var allowance = ParserState.workPerCall

  /// Sets by the hash of their kernels.
  private var known: [Int: [Int32]] = [:]
  private var transitions = NumberTable()
  private var exitSets: [Completion: Int32] = [:]
  private var pending = Draft()
  private var nodeMarks: [Int32]
  private var terminalMarks: [Int32]

  /// A set: ranges in `scanItems` and `ruleItems`, kernel items first.
  struct ItemSet: Sendable {
    var scans: Range<Int>
    var scanKernel: Int
    var rules: Range<Int>
    var ruleKernel: Int
    /// Whether the text so far is a whole document.
    var accepts: Bool
    /// Every byte that leads on is in this set.
    var bytes: ByteSet
  }

  /// The items of a set under construction.
  private struct Draft: Sendable {
    var scans = DistinctList<ScanItem>()
    var rules = DistinctList<RuleItem>()
    var completions = DistinctList<Completion>()
    var accepts = false

    mutating func clear() {
      scans.removeAll()
      rules.removeAll()
      completions.removeAll()
      accepts = false
    }
  }

  static let dead: Int32 = -1
  /// The set before the first byte.
  static let first: Int32 = 0
  /// Items that one call may look at: some tenths of a second.
  static let workPerCall = 4_000_000

  init(_ network: GrammarNetwork) {
    self.network = network
    nodeMarks = Array(repeating: -1, count: network.nodes.count)
    terminalMarks = Array(repeating: -1, count: network.terminals.count)
    let start = network.starts[Int(network.root)]
    pending.accepts = network.isComplete(start, count: 0)
    _ = pending.rules.insert(RuleItem(node: start, origin: Self.first, count: 0))
    _ = intern()
  }

  /// About how much memory it takes, beside the network.
  var bytes: Int {
    sets.count * 160 + scanItems.count * 16 + ruleItems.count * 12 + transitions.bytes + exitSets.count * 32
  }

  // MARK: - Steps

  /// The set after a byte, or `dead`.
  mutating func step(_ set: Int32, _ byte: UInt8) -> Int32 {
    let key = UInt64(UInt32(bitPattern: set)) << 8 | UInt64(byte)
    if let next = transitions[key] { return next }
    let next = computeStep(set, byte)
    if !isExhausted { transitions.insert(key, next) }
    return next
  }

  private mutating func computeStep(_ set: Int32, _ byte: UInt8) -> Int32 {
    let record = sets[Int(set)]
    guard record.bytes.contains(byte) else { return Self.dead }
    pending.clear()
    spend(record.scans.count)
    for index in record.scans {
      let item = scanItems[index]
      let terminal = network.terminals[Int(item.terminal)]
      guard let (state, count) = terminal.step(item.state, count: item.count, byte) else { continue }
      if terminal.continues(state, count: count) {
        _ = pending.scans.insert(
          ScanItem(terminal: item.terminal, state: state, origin: item.origin, count: count))
      }
      if terminal.accepts(state, count: count) {
        _ = pending.completions.insert(Completion(symbol: .terminal(item.terminal), origin: item.origin))
      }
    }
    complete()
    if isExhausted { return Self.dead }
    return intern()
  }

  /// The items that wait for a terminal where it began, as a set of their own: what follows the terminal's exits.
  mutating func exitSet(_ terminal: Int32, origin: Int32) -> Int32 {
    let completion = Completion(symbol: .terminal(terminal), origin: origin)
    if let set = exitSets[completion] { return set }
    pending.clear()
    _ = pending.completions.insert(completion)
    complete()
    if isExhausted { return Self.dead }
    let set = intern()
    exitSets[completion] = set
    return set
  }

  /// The set with the given kernel.
  mutating func set(of scans: [ScanItem], _ rules: [RuleItem] = [], accepts: Bool = false) -> Int32 {
    pending.clear()
    for item in scans { _ = pending.scans.insert(item) }
    for item in rules { _ = pending.rules.insert(item) }
    pending.accepts = accepts
    return intern()
  }

  /// Counts work, in items or as much.
  mutating func spend(_ work: Int) {
    allowance -= work
    if allowance < 0 { isExhausted = true }
  }

  /// Advances what waits for the pending completions, and for those that follow from them.
  private mutating func complete() {
    var next = 0
    while next < pending.completions.elements.count, !isExhausted {
      let completion = pending.completions.elements[next]
      next += 1
      let waiting = sets[Int(completion.origin)].rules
      spend(waiting.count)
      for index in waiting {
        let item = ruleItems[index]
        let node = network.nodes[Int(item.node)]
        var edge = firstEdge(of: node, reading: completion.symbol)
        while edge < Int(node.endEdge), network.edges[edge].symbol == completion.symbol {
          advance(item, over: network.edges[edge])
          edge += 1
        }
      }
    }
  }

  private func firstEdge(of node: GrammarNetwork.Node, reading symbol: GrammarNetwork.Symbol) -> Int {
    var (low, high) = (Int(node.firstEdge), Int(node.endEdge))
    while low < high {
      let middle = (low + high) / 2
      if network.edges[middle].symbol < symbol { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private mutating func advance(_ item: RuleItem, over edge: GrammarNetwork.Edge) {
    let rule = network.nodes[Int(edge.target)].rule
    var count = item.count
    if edge.increments, let bounds = network.bounds[Int(rule)] {
      guard count < bounds.atMost else { return }
      count = bounds.next(count)
    }
    let advanced = RuleItem(node: edge.target, origin: item.origin, count: count)
    guard pending.rules.insert(advanced), network.isComplete(edge.target, count: count) else { return }
    _ = pending.completions.insert(Completion(symbol: .rule(rule), origin: item.origin))
    if rule == network.root, item.origin == Self.first { pending.accepts = true }
  }
}

// MARK: - Interning

extension ParserState {
  /// The number of the set with the pending kernel; `dead` if it has no items and accepts nothing.
  private mutating func intern() -> Int32 {
    let scans = pending.scans.elements.sorted()
    let rules = pending.rules.elements.filter { canContinue($0) }.sorted()
    guard !scans.isEmpty || !rules.isEmpty || pending.accepts else { return Self.dead }
    var hasher = Hasher()
    hasher.combine(scans)
    hasher.combine(rules)
    hasher.combine(pending.accepts)
    let key = hasher.finalize()
    for number in known[key] ?? [] {
      let set = sets[Int(number)]
      if set.accepts == pending.accepts, scanItems[set.scans.lowerBound..<set.scanKernel].elementsEqual(scans),
        ruleItems[set.rules.lowerBound..<set.ruleKernel].elementsEqual(rules)
      {
        return number
      }
    }
    let number = Int32(sets.count)
    known[key, default: []].append(number)
    append(scans, rules, number)
    return number
  }

  /// Whether anything can be read after the item.
  private func canContinue(_ item: RuleItem) -> Bool {
    let node = network.nodes[Int(item.node)]
    guard node.firstEdge < node.endEdge else { return false }
    guard let bounds = network.bounds[Int(node.rule)], item.count >= bounds.atMost else { return true }
    return network.edges[Int(node.firstEdge)..<Int(node.endEdge)].contains { !$0.increments }
  }

  /// Adds a set with the given kernel and what it predicts.
  private mutating func append(_ scans: [ScanItem], _ rules: [RuleItem], _ number: Int32) {
    let (firstScan, firstRule) = (scanItems.count, ruleItems.count)
    scanItems += scans
    ruleItems += rules
    var next = firstRule
    while next < ruleItems.count {
      let item = ruleItems[next]
      next += 1
      let node = network.nodes[Int(item.node)]
      let isFull = network.bounds[Int(node.rule)].map { item.count >= $0.atMost } ?? false
      spend(Int(node.endEdge - node.firstEdge))
      for edge in network.edges[Int(node.firstEdge)..<Int(node.endEdge)] where !(isFull && edge.increments) {
        predict(edge.symbol, in: number)
      }
    }
    var bytes = ByteSet()
    for item in scanItems[firstScan...] {
      bytes = bytes.union(network.terminals[Int(item.terminal)].liveBytes[Int(item.state)])
    }
    sets.append(
      ItemSet(
        scans: firstScan..<scanItems.count, scanKernel: firstScan + scans.count, rules: firstRule..<ruleItems.count,
        ruleKernel: firstRule + rules.count, accepts: pending.accepts, bytes: bytes))
  }

  private mutating func predict(_ symbol: GrammarNetwork.Symbol, in set: Int32) {
    if let terminal = symbol.terminal {
      guard terminalMarks[Int(terminal)] != set else { return }
      terminalMarks[Int(terminal)] = set
      if network.terminals[Int(terminal)].continues(0, count: 0) {
        scanItems.append(ScanItem(terminal: terminal, state: 0, origin: set, count: 0))
      }
    } else if let rule = symbol.rule {
      let start = network.starts[Int(rule)]
      guard nodeMarks[Int(start)] != set else { return }
      nodeMarks[Int(start)] = set
      ruleItems.append(RuleItem(node: start, origin: set, count: 0))
    }
  }
}
