/// A byte-level BPE tokenizer read from a Hugging Face tokenizer.json or GGUF metadata, with the results of `tokenizers`.
///
/// Text passes, in this order: added tokens that are looked for in text as given; NFC; added tokens that are looked for
/// in normalised text; the split into words by the pre-tokeniser's regular expression; merging of each word's bytes.
/// Nothing is ever added, such as a token for the beginning of a text: chat templates write what a model needs.
///
/// A tokenizer is immutable and may be used by any number of threads at once. Copies share their memory.
public struct Tokenizer: Sendable {
  let vocabulary: Vocabulary
  private let model: BytePairModel
  private let splitter: WordSplitter
  private let normalizer: NFC?
  private let plainTokens: AddedTokenMatcher
  private let normalizedTokens: AddedTokenMatcher
  private let specialIDs: Set<Int32>
  private let addedIDs: Set<Int32>

  /// Reads the contents of a tokenizer.json.
  ///
  /// - Throws: ``TokenizerError`` naming the place in the file for everything that is malformed, contradictory or not
  ///   implemented here; never after ignoring something that would change results.
  public init(tokenizerJSON: [UInt8]) throws(TokenizerError) {
    try self.init(tokenizerJSON: tokenizerJSON, unicode: UnicodeTables())
  }

  /// - Parameter unicode: tables that several tokenizers may share.
  init(tokenizerJSON: [UInt8], unicode: @autoclosure () -> UnicodeTables) throws(TokenizerError) {
    try self.init(TokenizerDefinition(parsing: tokenizerJSON), unicode: unicode())
  }

  init(_ definition: TokenizerDefinition, unicode: UnicodeTables) throws(TokenizerError) {
    let classes = unicode.classes
    splitter = WordSplitter(definition.splitRule, classes: classes)
    let normalizer = definition.normalizes ? unicode.nfc : nil
    self.normalizer = normalizer
    vocabulary = definition.vocabulary
    model = BytePairModel(
      vocabulary: definition.vocabulary, merges: definition.merges, ignoresMerges: definition.ignoresMerges)
    if definition.hasUnknownToken, !model.isByteComplete {
      throw .unsupported(
        path: "model.unk_token", found: "an unknown token", supported: "null, or a vocabulary with all 256 bytes")
    }
    let added = definition.addedTokens
    plainTokens = AddedTokenMatcher(
      added.filter { !$0.isNormalized }.map { ($0, Array($0.content.utf8)) }, classes: classes)
    normalizedTokens = AddedTokenMatcher(
      added.filter(\.isNormalized).map { token in
        let text = Array(token.content.utf8)
        return (token, normalizer?.normalized(text.span) ?? text)
      }, classes: classes)
    specialIDs = Set(added.filter(\.isSpecial).map(\.id))
    addedIDs = Set(added.map(\.id))
  }

  /// The tokens of `text`.
  ///
  /// - Parameter parsingSpecialTokens: whether the text of special tokens, such as `<|im_start|>`, becomes these
  ///   tokens. With false it is split and merged as any other text, which untrusted text may need. Added tokens that are
  ///   not special, such as `<think>`, are found either way.
  public func encode(_ text: String, parsingSpecialTokens: Bool = true) -> [Int32] {
    var output: [Int32] = []
    output.reserveCapacity(text.utf8.count / 3 + 1)
    var workspace = BytePairModel.Workspace()
    let utf8 = text.utf8Span.span
    for segment in plainTokens.segments(of: utf8, parsingSpecialTokens: parsingSpecialTokens) {
      if let token = segment.token {
        output.append(token)
        continue
      }
      let piece = utf8.extracting(segment.range)
      if let normalized = normalizer?.normalized(piece) {
        encodeNormalized(normalized.span, parsingSpecialTokens, into: &output, &workspace)
      } else {
        encodeNormalized(piece, parsingSpecialTokens, into: &output, &workspace)
      }
    }
    return output
  }

  private func encodeNormalized(
    _ text: Span<UInt8>, _ parsingSpecialTokens: Bool, into output: inout [Int32],
    _ workspace: inout BytePairModel.Workspace
  ) {
    for segment in normalizedTokens.segments(of: text, parsingSpecialTokens: parsingSpecialTokens) {
      if let token = segment.token {
        output.append(token)
        continue
      }
      let piece = text.extracting(segment.range)
      var start = 0
      while start < piece.count {
        let end = splitter.end(ofPieceAt: start, in: piece)
        model.encode(piece, start..<end, into: &output, workspace: &workspace)
        start = end
      }
    }
  }

  /// The text of `ids`. Bytes that are no UTF-8 become U+FFFD, as in `tokenizers`; ids without a token add nothing.
  ///
  /// - Parameter skippingSpecialTokens: whether special tokens are left out.
  public func decode(_ ids: some Sequence<Int32>, skippingSpecialTokens: Bool = false) -> String {
    var output: [UInt8] = []
    var repair = UTF8Repair()
    for id in ids where !(skippingSpecialTokens && isSpecial(id)) {
      repair.append(vocabulary.bytes(of: id), to: &output)
    }
    repair.finish(into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// One more than the largest token id. A model's embedding may have more rows than that.
  public var vocabularySize: Int { vocabulary.size }

  /// The id of a token as its file writes it: in the byte alphabet (`Ġthe`) or, for added tokens, as it is.
  public func id(of token: String) -> Int32? { vocabulary.id(ofText: token) }

  /// The token of `id` as its file writes it, or nil where there is none.
  public func token(_ id: Int32) -> String? { vocabulary.text(of: id) }

  /// The bytes that `id` decodes to, or nil where there is no such token. They need not be UTF-8.
  public func bytes(of id: Int32) -> [UInt8]? { vocabulary.contains(id) ? Array(vocabulary.bytes(of: id)) : nil }

  /// Whether `id` is an added token marked as special.
  public func isSpecial(_ id: Int32) -> Bool { specialIDs.contains(id) }

  /// Whether the token was added beside those that text is merged into: a special token, or one such as `<think>`.
  public func isAdded(_ id: Int32) -> Bool { addedIDs.contains(id) }

  /// A streaming counterpart of ``decode(_:skippingSpecialTokens:)``.
  public func makeDetokenizer(skippingSpecialTokens: Bool = true) -> Detokenizer {
    Detokenizer(tokenizer: self, skippingSpecialTokens: skippingSpecialTokens)
  }
}
