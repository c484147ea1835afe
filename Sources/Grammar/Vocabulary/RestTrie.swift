/// The parts of tokens that begin with punctuation, a blank or a control character and with neither of the token's first
/// bytes, as one trie. Many tokens have the same rest, as `":` or a line end, so that what can follow the end of a string
/// is found out for all of them at once.
struct RestTrie: Sendable {
  /// The arrangement is that of `TokenTrie`, where a token stands for an occurrence of a rest.
  private(set) var nodes: [TokenTrie.Node] = []
  /// By occurrence, the token.
  private(set) var tokens: [Int32] = []
  /// By occurrence, the number of the node of the vocabulary's trie that it follows, in `sites`.
  private(set) var siteNumbers: [Int32] = []
  /// The nodes of the vocabulary's trie that rests follow, ascending.
  private(set) var sites: [Int32] = []
  /// Bytes of the longest rest.
  private(set) var depth = 0

  /// Whether rests begin with the byte.
  static func begins(with byte: UInt8) -> Bool { firstBytes.contains(byte) }

  /// The bytes that rests begin with.
  static let firstBytes = ByteSet(
    (0...0x7F as ClosedRange<UInt8>).filter { byte in
      !(0x30...0x39).contains(byte) && !(0x41...0x5A).contains(byte) && !(0x61...0x7A).contains(byte)
    })

  init(_ trie: TokenTrie, _ texts: [[UInt8]?]) {
    var rests: [(text: ArraySlice<UInt8>, token: Int32, site: Int32)] = []
    for node in trie.nodes.indices where trie.nodes[node].hasRests {
      let site = Int32(sites.count)
      sites.append(Int32(node))
      let depth = Int(trie.nodes[node].depth)
      let (first, end) = (trie.nodes[node + 1].firstToken, trie.nodes[Int(trie.nodes[node].end)].firstToken)
      for token in trie.tokens[Int(first)..<Int(end)] {
        guard let text = texts[Int(token)], Self.begins(with: text[depth]) else { continue }
        rests.append((text[depth...], token, site))
      }
    }
    rests.sort { $0.text.precedes($1.text) }
    nodes = TokenTrie.nodes(of: rests.map(\.text))
    tokens = rests.map(\.token)
    siteNumbers = rests.map(\.site)
    depth = rests.reduce(0) { max($0, $1.text.count) }
  }

  /// The number of a node with rests.
  func site(of node: Int32) -> Int {
    var (low, high) = (0, sites.count)
    while low < high {
      let middle = (low + high) / 2
      if sites[middle] < node { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
