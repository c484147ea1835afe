import JSON

extension Tokenizer {
  /// Takes a byte-level BPE tokenizer from the values under `tokenizer.ggml` of a GGUF file.
  ///
  /// GGUF files leave out how text is normalised; here it is NFC where the expression is Qwen's, whose tokenizers have it.
  ///
  /// - Parameters:
  ///   - model: the kind of tokenizer; only "gpt2" is implemented.
  ///   - preTokenizer: the name of the expression that cuts text into words.
  ///   - tokens: tokens by id.
  ///   - types: llama.cpp's number of each token's type; none where all tokens are ordinary.
  ///   - merges: merges by rank, each two tokens with a space between.
  /// - Throws: ``TokenizerError`` naming the key for everything that is contradictory or not implemented here.
  public init(
    ggufModel model: String, preTokenizer: String?, tokens: [String], types: [Int], merges: [String]
  ) throws(TokenizerError) {
    try self.init(
      TokenizerDefinition(
        ggufModel: model, preTokenizer: preTokenizer, tokens: tokens, types: types, merges: merges),
      unicode: UnicodeTables())
  }
}

extension TokenizerDefinition {
  /// llama.cpp's numbers of token types.
  private enum TokenType {
    static let unknown = 2
    static let control = 3
    static let userDefined = 4
    /// Fills a gap in the ids; no text has such a token.
    static let unused = 5
  }

  init(
    ggufModel model: String, preTokenizer: String?, tokens: [String], types: [Int], merges: [String]
  ) throws(TokenizerError) {
    guard model == "gpt2" else {
      throw .unsupported(path: "tokenizer.ggml.model", found: "\"\(model)\"", supported: "\"gpt2\" (byte-level BPE)")
    }
    guard let rule = preTokenizer.flatMap(SplitRule.init(ggufName:)) else {
      throw .unsupported(
        path: "tokenizer.ggml.pre", found: preTokenizer.map { "\"\($0)\"" } ?? "no name",
        supported: SplitRule.ggufNames)
    }
    guard tokens.count <= TokenizerLimits.vocabularySize else {
      throw .tooLarge(
        path: "the number of tokenizer.ggml.tokens", found: tokens.count, limit: TokenizerLimits.vocabularySize)
    }
    guard types.isEmpty || types.count == tokens.count else {
      throw .invalid(
        path: "tokenizer.ggml.token_type", expected: "\(tokens.count) types, one a token", found: "\(types.count)")
    }
    splitRule = rule
    normalizes = rule == .qwen2 || rule == .qwen35
    ignoresMerges = rule == .llama3
    hasUnknownToken = false

    var words: [Vocabulary.Entry] = []
    words.reserveCapacity(tokens.count)
    var added: [AddedToken] = []
    for (index, text) in tokens.enumerated() {
      let id = Int32(index)
      switch types.isEmpty ? 1 : types[index] {
      case TokenType.unused: continue
      case TokenType.control, TokenType.unknown: added.append(try Self.added(id, text, isSpecial: true))
      case TokenType.userDefined: added.append(try Self.added(id, text, isSpecial: false))
      default: words.append(Vocabulary.Entry(id: id, text: text))
      }
    }
    guard added.count <= TokenizerLimits.addedTokens else {
      throw .tooLarge(
        path: "the number of special tokens in tokenizer.ggml.token_type", found: added.count,
        limit: TokenizerLimits.addedTokens)
    }
    addedTokens = added
    vocabulary = try Self.vocabulary(words, added)
    self.merges = try Self.merges(merges, vocabulary)
  }

  private static func added(_ id: Int32, _ text: String, isSpecial: Bool) throws(TokenizerError) -> AddedToken {
    guard text.utf8.count <= TokenizerLimits.addedTokenLength else {
      throw .tooLarge(
        path: "the length of tokenizer.ggml.tokens[\(id)]", found: text.utf8.count,
        limit: TokenizerLimits.addedTokenLength)
    }
    return AddedToken(
      id: id, content: text, isSingleWord: false, stripsLeft: false, stripsRight: false, isNormalized: false,
      isSpecial: isSpecial)
  }

  private static func vocabulary(
    _ words: [Vocabulary.Entry], _ added: [AddedToken]
  ) throws(TokenizerError) -> Vocabulary {
    let vocabulary: Vocabulary
    do {
      vocabulary = try Vocabulary(
        model: words, added: added.map { Vocabulary.Entry(id: $0.id, text: $0.content) })
    } catch {
      throw duplicate(error.entry)
    }
    for entry in words where vocabulary.id(ofText: entry.text) != entry.id { throw duplicate(entry) }
    return vocabulary
  }

  private static func duplicate(_ entry: Vocabulary.Entry) -> TokenizerError {
    .invalid(
      path: "tokenizer.ggml.tokens[\(entry.id)]", expected: "a text that no other token has",
      found: JSONNode.shown(.string(entry.text)))
  }

  private static func merges(_ list: [String], _ vocabulary: Vocabulary) throws(TokenizerError) -> MergeTable {
    var table = MergeTable(capacity: list.count)
    var buffer: [UInt8] = []
    for (index, merge) in list.enumerated() {
      let path = "tokenizer.ggml.merges[\(index)]"
      guard let rank = UInt32(exactly: index), let (left, right) = pair(.string(merge)) else {
        throw .invalid(path: path, expected: "two tokens", found: JSONNode.shown(.string(merge)))
      }
      guard let ids = vocabulary.ids(ofMerge: left, right, buffer: &buffer) else {
        throw .invalid(
          path: path, expected: "tokens of tokenizer.ggml.tokens, alone and joined",
          found: JSONNode.shown(.string(merge)))
      }
      table.insert(left: ids.left, right: ids.right, rank: rank, merged: ids.merged)
    }
    return table
  }
}
