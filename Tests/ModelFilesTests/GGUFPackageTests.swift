import ModelFiles
import Testing

@Suite struct GGUFPackageTests {
  private let metadata: [(key: String, value: GGUFValue)] = [
    ("general.architecture", .string("qwen2")), ("qwen2.block_count", .uint32(1)),
    ("qwen2.context_length", .uint32(64)), ("qwen2.embedding_length", .uint32(8)),
    ("qwen2.feed_forward_length", .uint32(16)), ("qwen2.attention.head_count", .uint32(2)),
    ("qwen2.attention.layer_norm_rms_epsilon", .float32(1e-6)), ("qwen2.vocab_size", .uint32(4)),
  ]

  private let tokenizer: [(key: String, value: GGUFValue)] = [
    ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string("qwen2")),
    ("tokenizer.ggml.tokens", .array(.string(["a", "b", "ab", "<|im_end|>"]))),
    ("tokenizer.ggml.token_type", .array(.int32([1, 1, 1, 3]))),
    ("tokenizer.ggml.merges", .array(.string(["a b"]))), ("tokenizer.ggml.eos_token_id", .uint32(2)),
    ("tokenizer.ggml.bos_token_id", .uint32(1)), ("tokenizer.ggml.padding_token_id", .int32(-1)),
    ("tokenizer.chat_template", .string("{{ messages }}")),
  ]

  private func message(_ body: () throws -> Void) -> String? {
    (#expect(throws: ModelFileError.self) { try body() })?.description
  }

  @Test func opensAFileWithItsTokenizer() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("m.gguf", GGUF(metadata + tokenizer).bytes)
    let model = try ModelPackage(path: path)
    #expect(model.path == path)
    #expect(model.configuration.architecture == .qwen2)
    #expect(model.weights.layout == .llamaCpp)
    #expect(model.chatTemplate == "{{ messages }}")
    #expect(model.specialTokens.bos == "b" && model.specialTokens.eos == "ab" && model.specialTokens.pad == nil)
    // The end of a turn ends a reply too, by its text.
    #expect(model.generation.eosTokenIDs == [2, 3])
    #expect(model.beginToken == nil)
    #expect(model.hasTokenizer)
    guard case .gguf(let found) = try model.tokenizerSource() else {
      Issue.record("not from the file")
      return
    }
    #expect(found.model == "gpt2" && found.preTokenizer == "qwen2" && found.tokens == ["a", "b", "ab", "<|im_end|>"])
    #expect(found.types == [1, 1, 1, 3] && found.merges == ["a b"])

    let begun = GGUF(metadata + tokenizer + [("tokenizer.ggml.add_bos_token", .bool(true))])
    #expect(try ModelPackage(path: folder.write("m.gguf", begun.bytes)).beginToken == 1)
  }

  @Test func tokenizersAreOptionalButNotBroken() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write("m.gguf", GGUF(metadata).bytes)
    let model = try ModelPackage(path: path)
    #expect(!model.hasTokenizer && model.chatTemplate == nil)
    #expect(
      message { _ = try model.tokenizerSource() }
        == "\(path): expected a tokenizer under tokenizer.ggml.model, found none")
    func refused(_ key: String, _ value: GGUFValue?) -> String? {
      var changed = tokenizer.filter { $0.key != key }
      if let value { changed.append((key, value)) }
      return message { _ = try ModelPackage(path: folder.write("m.gguf", GGUF(metadata + changed).bytes)) }
    }
    #expect(
      refused("tokenizer.ggml.tokens", nil)
        == "m.gguf: tokenizer.ggml.tokens: expected an array of strings, found nothing")
    #expect(
      refused("tokenizer.ggml.token_type", .array(.int32([1])))
        == "m.gguf: tokenizer.ggml.token_type: expected 4 types, one a token, found an array of 1 elements")
    #expect(
      refused("tokenizer.ggml.eos_token_id", .uint32(4))
        == "m.gguf: tokenizer.ggml.eos_token_id: expected the id of one of 4 tokens, found 4")
    #expect(
      refused("tokenizer.ggml.eos_token_id", .uint32(1 << 31))
        == "m.gguf: tokenizer.ggml.eos_token_id: expected a whole number from 0 to 2147483647, found 2147483648")
  }

  @Test func aFolderMeansItsOnlyFile() throws {
    let folder = try TemporaryFolder()
    try folder.write("m-00002-of-00002.gguf", "not looked at")
    try folder.write("readme.md", "")
    #expect(message { _ = try ModelPackage(path: folder.path) } == "\(folder.path)/config.json: no such file")
    try folder.write("a.gguf", GGUF(metadata).bytes)
    #expect(try ModelPackage(path: folder.path).configuration.architecture == .qwen2)
    #expect(try ModelPackage(path: folder.path).path == "\(folder.path)/a.gguf")
    try folder.write("b.gguf", GGUF(metadata).bytes)
    #expect(
      message { _ = try ModelPackage(path: folder.path) }
        == "\(folder.path): expected one GGUF model, found a.gguf, b.gguf; name the file")
  }

  @Test func blocksBehindTheLayersAreIgnored() throws {
    var file = GGUF(metadata + [("qwen2.nextn_predict_layers", .uint32(0))])
    file.add("blk.0.attn_norm.weight", [8])
    file.add("blk.1.attn_norm.weight", [8])
    let folder = try TemporaryFolder()
    try folder.write("m.gguf", file.bytes)
    let store = try TensorStore(GGUFFile(path: "\(folder.path)/m.gguf"), layerCount: 1)
    #expect(throws: Never.self) { try store.checkAllUsed(expected: ["blk.0.attn_norm.weight"]) }
    #expect(
      message { try store.checkAllUsed(expected: []) }
        == "m.gguf: expected only tensors of the model, found also blk.0.attn_norm.weight")
  }
}
