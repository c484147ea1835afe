/// The tokens that grammars choose from, prepared once for a tokenizer.
public final class TokenVocabulary: Sendable {
  /// Tokens in a row of logits, and bits in a mask.
  public let size: Int
  /// The tokens that end a text: a mask allows them exactly where the text is a whole document.
  public let endTokens: [Int32]
  /// 64-bit words in a mask.
  public var maskWords: Int { (size + 63) / 64 }

  let trie: TokenTrie
  let rests: RestTrie
  let texts: [[UInt8]?]
  /// All tokens of `trie`, as a mask.
  let contents: [UInt64]
  /// By number of characters, up to `Letters.mostCharacters`, the tokens that begin no more, as a mask.
  let contentsUpTo: [[UInt64]]
  /// From more than this many tokens on, a table has them as a mask and not one by one; and from more than this many
  /// nodes on, a walk looks for letters to skip. See `StateTable`.
  let broadFrom: Int

  /// - Parameters:
  ///   - texts: The bytes of each token, by id; nil for special tokens and ids without a token, which no content
  ///     allows.
  ///   - endTokens: Ids within `texts`; others are left out.
  ///   - markers: Special tokens that a grammar can ask for by their positions in this list; see
  ///     `GrammarExpression.marker`. At most 256.
  public convenience init(texts: [[UInt8]?], endTokens: [Int32], markers: [Int32] = []) {
    self.init(texts: texts, endTokens: endTokens, markers: markers, broadFrom: 256)
  }

  init(texts: [[UInt8]?], endTokens: [Int32], markers: [Int32] = [], broadFrom: Int) {
    self.broadFrom = broadFrom
    size = texts.count
    let ends = Set(endTokens.filter { texts.indices.contains(Int($0)) })
    self.endTokens = ends.sorted()
    var texts = texts
    if !markers.isEmpty {
      // Nothing else may spell a marker.
      for token in texts.indices where texts[token]?.contains(Self.markerByte) == true { texts[token] = nil }
    }
    for (position, token) in markers.prefix(256).enumerated() where texts.indices.contains(Int(token)) {
      texts[Int(token)] = Self.text(ofMarker: position)
    }
    // An end token is no content, whatever its text.
    for token in ends { texts[Int(token)] = nil }
    self.texts = texts
    trie = TokenTrie(texts)
    rests = RestTrie(trie, texts)
    (contents, contentsUpTo) = Self.masks(trie, words: (size + 63) / 64)
  }

  private static func masks(_ trie: TokenTrie, words: Int) -> (all: [UInt64], upTo: [[UInt64]]) {
    let most = Letters.mostCharacters
    var masks = Array(repeating: Array(repeating: UInt64(0), count: words), count: most + 1)
    var all = masks[0]
    for node in trie.nodes.indices.dropLast() {
      for token in trie.tokens(at: node) {
        let word = Int(token) >> 6
        let bit: UInt64 = 1 << UInt64(token & 63)
        all[word] |= bit
        if trie.nodes[node].characters <= most { masks[Int(trie.nodes[node].characters)][word] |= bit }
      }
    }
    for count in 1...most {
      for word in 0..<words { masks[count][word] |= masks[count - 1][word] }
    }
    return (all, masks)
  }

  /// The bytes of a token; nil for special tokens.
  public func text(of token: Int32) -> [UInt8]? {
    texts.indices.contains(Int(token)) ? texts[Int(token)] : nil
  }

  /// The byte that stands in front of a marker's number. No UTF-8 text has it.
  static let markerByte: UInt8 = 0xFF

  /// What grammars read in the place of a marker's text.
  static func text(ofMarker position: Int) -> [UInt8] { [markerByte, UInt8(truncatingIfNeeded: position)] }
}
