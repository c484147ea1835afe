/// The tokens of a vocabulary by their bytes: a trie in flat arrays, in depth-first order.
///
/// The nodes below node n are `n + 1 ..< nodes[n].end`, and the tokens at or below it are contiguous in `tokens`.
/// Node 0 is the root.
struct TokenTrie: Sendable {
  struct Node: Sendable {
    /// The node after the last one below this one.
    var end: Int32
    /// Where the tokens of this node and of those below it begin in `tokens`.
    var firstToken: Int32
    /// Bytes on the way from the root.
    var depth: UInt16
    /// The last of these bytes.
    var byte: UInt8
    /// Characters that these bytes begin, up to 255.
    var characters: UInt8 = 0
    /// Whether these bytes are whole characters.
    var isBoundary = true
    /// Whether a rest begins behind this node; see `RestTrie`.
    var hasRests = false
  }

  /// The nodes, and one more behind them whose `firstToken` is the number of tokens.
  private(set) var nodes: [Node] = []
  /// By node: the letters of all tokens at and below it, from the character that the node's own byte begins; nothing
  /// is said where it is within one.
  private(set) var letters: [UInt64] = []
  /// By node: the characters that the longest of the tokens at and below it begins, up to 255.
  private(set) var mostCharacters: [UInt8] = []
  /// Token ids in order of their bytes.
  private(set) var tokens: [Int32] = []
  /// Characters that the bytes of each of `tokens` begin, up to 255.
  private(set) var characters: [UInt8] = []
  /// Bytes of the longest token.
  private(set) var depth = 0

  /// Tokens longer than this are not in the trie and so never allowed by a mask; no vocabulary has any.
  static let longestToken = 4096

  /// Tokens without bytes are left out.
  init(_ texts: [[UInt8]?]) {
    var sorted: [(text: [UInt8], id: Int32)] = []
    for (id, text) in texts.enumerated() {
      if let text, !text.isEmpty, text.count <= Self.longestToken { sorted.append((text, Int32(id))) }
    }
    sorted.sort { $0.text[...].precedes($1.text[...]) }
    tokens = sorted.map(\.id)
    depth = sorted.reduce(0) { max($0, $1.text.count) }
    nodes = Self.nodes(of: sorted.map { $0.text[...] })
    findCharacters()
  }

  /// The nodes of a trie of texts in order, whose numbers stand for tokens.
  static func nodes(of sorted: [ArraySlice<UInt8>]) -> [Node] {
    var nodes = [Node(end: 0, firstToken: 0, depth: 0, byte: 0)]
    // The nodes on the way to the last text.
    var path: [Int] = [0]
    var previous: ArraySlice<UInt8> = []
    for (number, text) in sorted.enumerated() {
      let common = previous.commonPrefix(with: text)
      while path.count > common + 1 { nodes[path.removeLast()].end = Int32(nodes.count) }
      for byte in text.dropFirst(common) {
        path.append(nodes.count)
        let depth = UInt16(path.count - 1)
        nodes.append(Node(end: 0, firstToken: Int32(number), depth: depth, byte: byte))
      }
      previous = text
    }
    while let open = path.popLast() { nodes[open].end = Int32(nodes.count) }
    nodes.append(Node(end: Int32(nodes.count), firstToken: Int32(sorted.count), depth: 0, byte: 0))
    return nodes
  }

  private mutating func findCharacters() {
    var positions = Array(repeating: CharacterPosition(), count: depth + 1)
    var parents = Array(repeating: Int32(0), count: nodes.count)
    var path = Array(repeating: Int32(0), count: depth + 1)
    letters = Array(repeating: 0, count: nodes.count)
    mostCharacters = Array(repeating: 0, count: nodes.count)
    characters = Array(repeating: 0, count: tokens.count)
    for index in nodes.indices.dropFirst().dropLast() {
      let depth = Int(nodes[index].depth)
      var position = positions[depth - 1]
      letters[index] = position.read(nodes[index].byte)
      positions[depth] = position
      parents[index] = path[depth - 1]
      path[depth] = Int32(index)
      nodes[index].characters = UInt8(clamping: position.characters)
      mostCharacters[index] = nodes[index].characters
      nodes[index].isBoundary = position.isBoundary
      for place in Int(nodes[index].firstToken)..<Int(nodes[index + 1].firstToken) {
        characters[place] = nodes[index].characters
      }
      if depth > 1, RestTrie.begins(with: nodes[index].byte) { nodes[Int(parents[index])].hasRests = true }
    }
    for index in nodes.indices.dropFirst().dropLast().reversed() {
      let parent = Int(parents[index])
      letters[parent] |= letters[index]
      mostCharacters[parent] = max(mostCharacters[parent], mostCharacters[index])
    }
  }

  /// The tokens whose bytes end at a node.
  func tokens(at node: Int) -> ArraySlice<Int32> {
    tokens[Int(nodes[node].firstToken)..<Int(nodes[node + 1].firstToken)]
  }
}

extension ArraySlice<UInt8> {
  /// Bytewise, the shorter first where one begins the other, so that a node's own tokens come before those below it.
  func precedes(_ other: Self) -> Bool {
    withUnsafeBufferPointer { left in
      other.withUnsafeBufferPointer { right in
        let common = Swift.min(left.count, right.count)
        for index in 0..<common where left[index] != right[index] { return left[index] < right[index] }
        return left.count < right.count
      }
    }
  }

  /// How many bytes both begin with.
  fileprivate func commonPrefix(with other: Self) -> Int {
    withUnsafeBufferPointer { left in
      other.withUnsafeBufferPointer { right in
        var common = 0
        while common < Swift.min(left.count, right.count), left[common] == right[common] { common += 1 }
        return common
      }
    }
  }
}
