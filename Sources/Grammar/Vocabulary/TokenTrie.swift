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
  }

  /// The nodes, and one more behind them whose `firstToken` is the number of tokens.
  private(set) var nodes: [Node] = []
  /// Token ids in order of their bytes.
  private(set) var tokens: [Int32] = []
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
    sorted.sort { Self.precedes($0.text, $1.text) }
    nodes.append(Node(end: 0, firstToken: 0, depth: 0, byte: 0))
    // The nodes on the way to the last token.
    var path: [Int] = [0]
    var previous: [UInt8] = []
    for (text, id) in sorted {
      var common = 0
      while common < min(previous.count, text.count), previous[common] == text[common] { common += 1 }
      while path.count > common + 1 { nodes[path.removeLast()].end = Int32(nodes.count) }
      for byte in text[common...] {
        path.append(nodes.count)
        nodes.append(Node(end: 0, firstToken: Int32(tokens.count), depth: UInt16(path.count - 1), byte: byte))
      }
      tokens.append(id)
      depth = max(depth, text.count)
      previous = text
    }
    while let open = path.popLast() { nodes[open].end = Int32(nodes.count) }
    nodes.append(Node(end: Int32(nodes.count), firstToken: Int32(tokens.count), depth: 0, byte: 0))
  }

  /// Shorter first where one begins the other, so that a node's own tokens come before those below it.
  private static func precedes(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        let common = min(left.count, right.count)
        for index in 0..<common where left[index] != right[index] { return left[index] < right[index] }
        return left.count < right.count
      }
    }
  }

  /// The tokens whose bytes end at a node.
  func tokens(at node: Int) -> ArraySlice<Int32> {
    tokens[Int(nodes[node].firstToken)..<Int(nodes[node + 1].firstToken)]
  }

  /// The tokens that end at a node or below it.
  func tokens(below node: Int) -> ArraySlice<Int32> {
    tokens[Int(nodes[node].firstToken)..<Int(nodes[Int(nodes[node].end)].firstToken)]
  }

  /// The nodes one byte below a node, ascending.
  func children(of node: Int) -> [Int] {
    var result: [Int] = []
    var child = node + 1
    while child < Int(nodes[node].end) {
      result.append(child)
      child = Int(nodes[child].end)
    }
    return result
  }
}
