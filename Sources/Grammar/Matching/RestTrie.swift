/// Parts of tokens that begin with one byte, behind different exits of a terminal, as one trie; in the arrangement of
/// `TokenTrie`, but that its root stands for the first byte and may have tokens.
struct RestTrie: Sendable {
  private(set) var nodes: [TokenTrie.Node] = []
  private(set) var tokens: [Int32] = []
  /// The units that each token has read at its exit, beside `tokens`.
  private(set) var units: [Int32] = []

  /// - Parameters:
  ///   - exits: Nodes of `trie` for the same byte.
  ///   - inner: A mask of tokens to leave out.
  init(_ exits: [StateTable.Exit], _ trie: TokenTrie, without inner: [UInt64]) {
    if let first = exits.first { add(exits, byte: trie.nodes[Int(first.node)].byte, depth: 0, trie, inner) }
    nodes.append(TokenTrie.Node(end: Int32(nodes.count), firstToken: Int32(tokens.count), depth: 0, byte: 0))
  }

  /// Adds a node that stands for several of the vocabulary's, and those below it; none without tokens.
  private mutating func add(
    _ group: [StateTable.Exit], byte: UInt8, depth: UInt16, _ trie: TokenTrie, _ inner: [UInt64]
  ) {
    let place = nodes.count
    let tokensBefore = tokens.count
    nodes.append(TokenTrie.Node(end: 0, firstToken: Int32(tokensBefore), depth: depth, byte: byte))
    var below: [(byte: UInt8, exit: StateTable.Exit)] = []
    for exit in group {
      for token in trie.tokens(at: Int(exit.node)) where inner[Int(token) >> 6] >> UInt64(token & 63) & 1 == 0 {
        tokens.append(token)
        units.append(exit.units)
      }
      for child in trie.children(of: Int(exit.node)) {
        below.append((trie.nodes[child].byte, StateTable.Exit(node: Int32(child), units: exit.units)))
      }
    }
    below.sort { ($0.byte, $0.exit.node) < ($1.byte, $1.exit.node) }
    var first = 0
    while first < below.count {
      let end = below[first...].firstIndex { $0.byte != below[first].byte } ?? below.count
      add(below[first..<end].map(\.exit), byte: below[first].byte, depth: depth + 1, trie, inner)
      first = end
    }
    if tokens.count == tokensBefore {
      nodes.removeSubrange(place...)
    } else {
      nodes[place].end = Int32(nodes.count)
    }
  }
}
