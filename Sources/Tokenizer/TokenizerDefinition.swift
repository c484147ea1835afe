import JSON

/// What a tokenizer is, checked and ready for use.
struct TokenizerDefinition {
  let vocabulary: Vocabulary
  let merges: MergeTable
  /// Whether a word that is a token is taken whole even if merges do not lead there.
  let ignoresMerges: Bool
  let addedTokens: [AddedToken]
  /// Whether text is brought to NFC first.
  let normalizes: Bool
  let splitRule: SplitRule
  /// Whether a token stands for bytes that the vocabulary lacks, which is not implemented.
  let hasUnknownToken: Bool
}

/// Reading of tokenizer.json.
///
/// `truncation`, `padding` and members that the format does not have are ignored, as transformers and `tokenizers` do.
extension TokenizerDefinition {
  init(parsing file: [UInt8]) throws(TokenizerError) {
    guard file.count <= TokenizerLimits.fileSize else {
      throw .tooLarge(path: "the file's size", found: file.count, limit: TokenizerLimits.fileSize)
    }
    let json: JSON
    do {
      json = try JSON(
        parsing: file, limits: JSONLimits(maximumDepth: 64, maximumByteCount: TokenizerLimits.fileSize))
    } catch {
      throw .malformedJSON(error)
    }
    let root = JSONNode(path: "", value: json)
    normalizes = try Self.isNFC(root.optionalMember("normalizer"))
    splitRule = try Self.splitRule(root.member("pre_tokenizer"))
    try Self.requireByteLevel(root.member("decoder"))
    try Self.checkPostProcessor(root.optionalMember("post_processor"))

    let model = try root.member("model")
    try Self.checkSettings(of: model)
    hasUnknownToken = try model.optionalMember("unk_token") != nil
    ignoresMerges = try model.optionalMember("ignore_merges")?.bool() ?? false
    let entries = try Self.entries(model.member("vocab"))
    addedTokens = try Self.addedTokens(root.optionalMember("added_tokens"))
    do {
      vocabulary = try Vocabulary(
        model: entries, added: addedTokens.map { Vocabulary.Entry(id: $0.id, text: $0.content) })
    } catch {
      throw .invalid(
        path: "the id of \(JSONNode.shown(.string(error.entry.text)))", expected: "one of its own",
        found: "\(error.entry.id)")
    }
    merges = try Self.merges(model.member("merges"), vocabulary: vocabulary)
  }

  // MARK: - Stages around the model

  /// Whether the normalizer is NFC (rather than nothing).
  private static func isNFC(_ normalizer: JSONNode?) throws(TokenizerError) -> Bool {
    guard let normalizer else { return false }
    let type = try normalizer.member("type")
    switch try type.string() {
    case "NFC": return true
    case "Sequence":
      var isNFC = false
      for element in try normalizer.member("normalizers").elements() where try Self.isNFC(element) { isNFC = true }
      return isNFC
    default: throw type.unsupported(supported: "NFC, Sequence, null")
    }
  }

  /// The rule of `Sequence[Split(Regex, Isolated), ByteLevel]`, of `Sequence[Digits, ByteLevel]`, or of a `ByteLevel`
  /// that stands alone.
  private static func splitRule(_ preTokenizer: JSONNode) throws(TokenizerError) -> SplitRule {
    let supported = "Sequence of Split or Digits and ByteLevel; ByteLevel"
    if preTokenizer.value.isNull { throw preTokenizer.unsupported(supported: supported) }
    let type = try preTokenizer.member("type")
    if try type.string() == "ByteLevel" {
      try checkByteLevel(preTokenizer, usesRegex: true)
      return .gpt2
    }
    guard try type.string() == "Sequence" else { throw type.unsupported(supported: supported) }
    let parts = try preTokenizer.member("pretokenizers")
    let stages = try parts.elements()
    guard stages.count == 2 else { throw parts.unsupported(supported: supported) }

    let firstType = try stages[0].member("type")
    switch try firstType.string() {
    case "Split":
      try checkByteLevel(stages[1], usesRegex: false)
      return try splitRule(ofSplit: stages[0])
    case "Digits":
      try stages[0].require("individual_digits", true, whenMissing: false)
      try checkByteLevel(stages[1], usesRegex: true)
      return .digitsThenGPT2
    default: throw firstType.unsupported(supported: "Split, Digits")
    }
  }

  private static func splitRule(ofSplit split: JSONNode) throws(TokenizerError) -> SplitRule {
    let behavior = try split.member("behavior")
    guard try behavior.string() == "Isolated" else { throw behavior.unsupported(supported: "Isolated") }
    try split.require("invert", false)
    let pattern = try split.member("pattern")
    guard let regex = try pattern.optionalMember("Regex") else { throw pattern.unsupported(supported: "Regex") }
    guard let rule = SplitRule(regex: try regex.string()) else {
      throw regex.unsupported(supported: "the expressions of \(SplitRule.regexNames)")
    }
    return rule
  }

  /// - Parameter usesRegex: whether ByteLevel has to cut text by GPT-2's expression, or has to leave that alone.
  private static func checkByteLevel(_ node: JSONNode, usesRegex: Bool) throws(TokenizerError) {
    try requireByteLevel(node)
    try node.require("add_prefix_space", false, whenMissing: true)
    try node.require("use_regex", .bool(usesRegex), whenMissing: true)
  }

  private static func requireByteLevel(_ node: JSONNode) throws(TokenizerError) {
    if node.value.isNull { throw node.unsupported(supported: "ByteLevel") }
    let type = try node.member("type")
    guard try type.string() == "ByteLevel" else { throw type.unsupported(supported: "ByteLevel") }
  }

  /// A ByteLevel post-processor changes offsets only, and TemplateProcessing adds tokens only, which is not done here.
  private static func checkPostProcessor(_ postProcessor: JSONNode?) throws(TokenizerError) {
    guard let postProcessor else { return }
    let type = try postProcessor.member("type")
    switch try type.string() {
    case "ByteLevel", "TemplateProcessing": break
    case "Sequence":
      for processor in try postProcessor.member("processors").elements() { try checkPostProcessor(processor) }
    default: throw type.unsupported(supported: "ByteLevel, TemplateProcessing, Sequence")
    }
  }

  // MARK: - The model

  private static func checkSettings(of model: JSONNode) throws(TokenizerError) {
    if let type = try model.optionalMember("type"), try type.string() != "BPE" {
      throw type.unsupported(supported: "BPE")
    }
    try model.require("dropout", 0)
    try model.require("continuing_subword_prefix", "")
    try model.require("end_of_word_suffix", "")
    try model.require("byte_fallback", false)
  }

  private static func entries(_ vocab: JSONNode) throws(TokenizerError) -> [Vocabulary.Entry] {
    let object = try vocab.object()
    var entries: [Vocabulary.Entry] = []
    entries.reserveCapacity(object.count)
    for (text, value) in object {
      guard case .integer(let number) = value else {
        throw .wrongType(
          path: "\(vocab.path)[\(JSONNode.shown(.string(text)))]", expected: "an integer", found: value.kindName)
      }
      let id = try JSONNode.tokenID(number, path: "\(vocab.path)[\(JSONNode.shown(.string(text)))]")
      entries.append(Vocabulary.Entry(id: id, text: text))
    }
    return entries
  }

  private static func addedTokens(_ list: JSONNode?) throws(TokenizerError) -> [AddedToken] {
    guard let list else { return [] }
    let nodes = try list.elements()
    guard nodes.count <= TokenizerLimits.addedTokens else {
      throw .tooLarge(path: "the number of \(list.path)", found: nodes.count, limit: TokenizerLimits.addedTokens)
    }
    var tokens: [AddedToken] = []
    for node in nodes {
      let content = try node.member("content")
      let length = try content.string().utf8.count
      guard length > 0 else { continue }
      guard length <= TokenizerLimits.addedTokenLength else {
        throw .tooLarge(path: "the length of \(content.path)", found: length, limit: TokenizerLimits.addedTokenLength)
      }
      tokens.append(
        AddedToken(
          id: try node.member("id").tokenID(), content: try content.string(),
          isSingleWord: try node.member("single_word").bool(), stripsLeft: try node.member("lstrip").bool(),
          stripsRight: try node.member("rstrip").bool(), isNormalized: try node.member("normalized").bool(),
          isSpecial: try node.member("special").bool()))
    }
    return tokens
  }

  /// Merges as `"a b"` or as `["a", "b"]`, in the order of their ranks.
  private static func merges(_ list: JSONNode, vocabulary: Vocabulary) throws(TokenizerError) -> MergeTable {
    guard let elements = list.value.arrayValue else {
      throw .wrongType(path: list.path, expected: "an array", found: list.value.kindName)
    }
    var table = MergeTable(capacity: elements.count)
    var rank: UInt32 = 0
    var buffer: [UInt8] = []
    for (index, element) in elements.enumerated() {
      // Files converted from merges.txt may have kept its first line.
      if let comment = element.stringValue, comment.utf8.starts(with: "#version".utf8) { continue }
      guard let (left, right) = pair(element) else {
        throw .invalid(path: "\(list.path)[\(index)]", expected: "two tokens", found: JSONNode.shown(element))
      }
      guard let ids = vocabulary.ids(ofMerge: left, right, buffer: &buffer) else {
        throw .invalid(
          path: "\(list.path)[\(index)]", expected: "tokens of model.vocab, alone and joined",
          found: JSONNode.shown([.string(left), .string(right)]))
      }
      table.insert(left: ids.left, right: ids.right, rank: rank, merged: ids.merged)
      rank += 1
    }
    return table
  }

  static func pair(_ merge: JSON) -> (String, String)? {
    switch merge {
    case .array(let parts):
      guard parts.count == 2, let left = parts[0].stringValue, let right = parts[1].stringValue else { return nil }
      return (left, right)
    case .string(let text):
      let parts = text.utf8.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      return (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
    default: return nil
    }
  }
}
