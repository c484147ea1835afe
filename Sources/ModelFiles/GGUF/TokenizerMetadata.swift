/// What a GGUF file says of its tokenizer: the values under `tokenizer.ggml`.
public struct TokenizerMetadata: Sendable {
  /// The kind of tokenizer, such as "gpt2" for byte-level BPE.
  public let model: String
  /// The name of the regular expression that cuts text into words.
  public let preTokenizer: String?
  /// Tokens by id.
  public let tokens: [String]
  /// What kind of token each is, in llama.cpp's numbers; empty where the file does not say.
  public let types: [Int]
  /// Merges in the order of their ranks, each two tokens with a space between.
  public let merges: [String]
  /// Whether text begins with ``EndTokens/begin``.
  public let addsBegin: Bool

  /// Tokens with a role, by id.
  struct EndTokens {
    let begin: Int32?
    /// Those that end a text, a turn or a message, without duplicates; the first is the main one.
    let end: [Int32]

    init(_ metadata: GGUFMetadata) throws(ModelFileError) {
      begin = try metadata.tokenID("tokenizer.ggml.bos_token_id")
      var end: [Int32] = []
      for key in ["eos_token_id", "eot_token_id", "eom_token_id"] {
        if let id = try metadata.tokenID("tokenizer.ggml.\(key)"), !end.contains(id) { end.append(id) }
      }
      self.end = end
    }
  }

  /// Reads the tokenizer of a file; nil where it has none.
  init?(_ metadata: GGUFMetadata) throws(ModelFileError) {
    guard let model = try metadata.string("tokenizer.ggml.model"), model != "none" else { return nil }
    self.model = model
    preTokenizer = try metadata.string("tokenizer.ggml.pre")
    guard let tokens = try metadata.strings("tokenizer.ggml.tokens") else {
      throw metadata.invalid("tokenizer.ggml.tokens", expected: "an array of strings")
    }
    self.tokens = tokens
    types = try metadata.integers("tokenizer.ggml.token_type") ?? []
    guard types.isEmpty || types.count == tokens.count else {
      throw metadata.invalid("tokenizer.ggml.token_type", expected: "\(tokens.count) types, one a token")
    }
    merges = try metadata.strings("tokenizer.ggml.merges") ?? []
    addsBegin = try metadata.bool("tokenizer.ggml.add_bos_token") ?? false
  }

  /// The texts of tokens with a role. An id without a token is an error that names its key.
  func specialTokens(_ metadata: GGUFMetadata) throws(ModelFileError) -> SpecialTokens {
    func text(_ name: String) throws(ModelFileError) -> String? {
      let key = "tokenizer.ggml.\(name)"
      guard let id = try metadata.tokenID(key) else { return nil }
      guard tokens.indices.contains(Int(id)) else {
        throw metadata.invalid(key, expected: "the id of one of \(tokens.count) tokens")
      }
      return tokens[Int(id)]
    }
    var special = SpecialTokens()
    special.bos = try text("bos_token_id")
    special.eos = try text("eos_token_id")
    special.pad = try text("padding_token_id")
    special.unknown = try text("unknown_token_id")
    return special
  }

  /// Control tokens that end a turn by their very text, in files that name only one of them.
  var conventionalEndTokens: [Int32] {
    let texts: Set = ["<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"]
    let control = 3
    return types.enumerated().compactMap { id, type in
      type == control && texts.contains(tokens[id]) ? Int32(exactly: id) : nil
    }
  }
}
