import ModelFiles
import Testing

/// Metadata as llama.cpp's converter writes it, one architecture after the other.
@Suite struct GGUFConfigurationTests {
  private static let llama: [(key: String, value: GGUFValue)] = [
    ("general.architecture", .string("llama")), ("llama.block_count", .uint32(2)),
    ("llama.context_length", .uint32(8192)), ("llama.embedding_length", .uint32(576)),
    ("llama.feed_forward_length", .uint32(1536)), ("llama.attention.head_count", .uint32(9)),
    ("llama.attention.head_count_kv", .uint32(3)), ("llama.rope.freq_base", .float32(100_000)),
    ("llama.attention.layer_norm_rms_epsilon", .float32(1e-5)), ("llama.rope.dimension_count", .uint32(64)),
    ("llama.vocab_size", .uint32(49152)), ("tokenizer.ggml.bos_token_id", .uint32(1)),
    ("tokenizer.ggml.eos_token_id", .uint32(2)),
  ]

  private static let next: [(key: String, value: GGUFValue)] = [
    ("general.architecture", .string("qwen3next")), ("general.type", .string("model")),
    ("qwen3next.block_count", .uint32(8)), ("qwen3next.context_length", .uint32(262144)),
    ("qwen3next.embedding_length", .uint32(2048)), ("qwen3next.feed_forward_length", .uint32(5120)),
    ("qwen3next.attention.head_count", .uint32(16)), ("qwen3next.attention.head_count_kv", .uint32(2)),
    ("qwen3next.attention.key_length", .uint32(256)), ("qwen3next.attention.value_length", .uint32(256)),
    ("qwen3next.rope.freq_base", .float32(1e7)), ("qwen3next.rope.dimension_count", .uint32(64)),
    ("qwen3next.attention.layer_norm_rms_epsilon", .float32(1e-6)), ("qwen3next.expert_count", .uint32(512)),
    ("qwen3next.expert_used_count", .uint32(10)), ("qwen3next.expert_feed_forward_length", .uint32(512)),
    ("qwen3next.expert_shared_feed_forward_length", .uint32(384)), ("qwen3next.ssm.conv_kernel", .uint32(4)),
    ("qwen3next.ssm.state_size", .uint32(128)), ("qwen3next.ssm.group_count", .uint32(16)),
    ("qwen3next.ssm.time_step_rank", .uint32(32)), ("qwen3next.ssm.inner_size", .uint32(4096)),
    ("qwen3next.full_attention_interval", .uint32(4)), ("qwen3next.vocab_size", .uint32(151_936)),
  ]

  private func read(
    _ metadata: [(key: String, value: GGUFValue)], with changes: [(String, GGUFValue?)] = [],
    tensors: [(String, [Int])] = []
  ) throws -> ModelConfiguration {
    var metadata = metadata
    for (key, value) in changes {
      metadata.removeAll { $0.key == key }
      if let value { metadata.append((key, value)) }
    }
    var file = GGUF(metadata)
    for (name, shape) in tensors { file.add(name, shape) }
    let folder = try TemporaryFolder()
    let path = try folder.write("m.gguf", file.bytes)
    return try withExtendedLifetime(folder) { try ModelConfiguration(GGUFFile(path: path)) }
  }

  @Test func llama() throws {
    let model = try read(Self.llama)
    #expect(model.architecture == .llama)
    #expect(model.layerCount == 2 && model.layerKinds == [.fullAttention, .fullAttention])
    #expect(model.feedForwardKinds == [.dense, .dense])
    #expect(model.hiddenSize == 576 && model.intermediateSize == 1536 && model.vocabularySize == 49152)
    #expect(model.attention.headCount == 9 && model.attention.keyValueHeadCount == 3)
    #expect(model.attention.headDimension == 64)
    #expect(!model.attention.hasGate && !model.attention.normalizesHeads && !model.attention.hasBias)
    #expect(model.rope.theta == 100_000 && model.rope.dimension == 64 && model.rope.pairing == .interleaved)
    #expect(model.rope.scaling == .none)
    #expect(model.contextLength == 8192)
    #expect(Float(model.normEpsilon) == 1e-5)
    #expect(model.tiesWordEmbeddings)
    #expect(model.eosTokenIDs == [2] && model.bosTokenID == 1)
  }

  @Test func tensorsDecideWhatMetadataLeavesOpen() throws {
    let model = try read(
      Self.llama,
      tensors: [("token_embd.weight", [600, 576]), ("output.weight", [600, 576]), ("blk.0.attn_q.bias", [576])])
    #expect(model.vocabularySize == 600)
    #expect(!model.tiesWordEmbeddings)
    #expect(model.attention.hasBias)
  }

  @Test func headsMayBeStatedByLayer() throws {
    let key = "llama.attention.head_count_kv"
    #expect(try read(Self.llama, with: [(key, .array(.int32([3, 3])))]).attention.keyValueHeadCount == 3)
    #expect(try read(Self.llama, with: [(key, nil)]).attention.keyValueHeadCount == 9)
  }

  @Test func qwen3Next() throws {
    let model = try read(Self.next)
    #expect(model.architecture == .qwen3Next)
    #expect(model.layerKinds.enumerated().allSatisfy { ($1 == .fullAttention) == ($0 % 4 == 3) })
    #expect(model.feedForwardKinds == Array(repeating: .sparse, count: 8))
    #expect(model.attention.headDimension == 256 && model.attention.hasGate && model.attention.normalizesHeads)
    #expect(model.rope.dimension == 64 && model.rope.partialFactor == 0.25 && model.rope.pairing == .halves)
    #expect(model.linearAttention.keyHeadCount == 16 && model.linearAttention.valueHeadCount == 32)
    #expect(model.linearAttention.keyHeadDimension == 128 && model.linearAttention.valueHeadDimension == 128)
    #expect(model.linearAttention.convolutionKernelSize == 4)
    #expect(model.experts.count == 512 && model.experts.countPerToken == 10 && model.experts.normalizesTopK)
    #expect(model.experts.intermediateSize == 512 && model.experts.sharedIntermediateSize == 384)
  }

  @Test func layersOfTheHeadAndListsOfLayers() throws {
    let flags = [true, false, true, true, true, true, true, false]
    let model = try read(
      Self.next,
      with: [
        ("qwen3next.nextn_predict_layers", .uint32(1)), ("qwen3next.attention.recurrent_layers", .array(.bool(flags))),
      ])
    #expect(model.layerCount == 7)
    #expect(model.layerKinds == flags.dropLast().map { $0 ? .linearAttention : .fullAttention })
  }

  @Test func theOthers() throws {
    func renamed(_ metadata: [(key: String, value: GGUFValue)], _ name: String) -> [(key: String, value: GGUFValue)] {
      metadata.map { key, value in
        let parts = key.split(separator: ".", maxSplits: 1).map(String.init)
        if key == "general.architecture" { return (key, .string(name)) }
        return parts[0] == "llama" || parts[0] == "qwen3next" ? ("\(name).\(parts[1])", value) : (key, value)
      }
    }
    let qwen2 = try read(renamed(Self.llama, "qwen2"))
    #expect(qwen2.architecture == .qwen2 && qwen2.attention.hasBias && !qwen2.attention.normalizesHeads)
    #expect(qwen2.rope.pairing == .halves)
    let qwen3 = try read(
      renamed(Self.llama, "qwen3"),
      with: [
        ("qwen3.attention.key_length", .uint32(128)), ("qwen3.attention.value_length", .uint32(128)),
        ("qwen3.rope.dimension_count", nil),
      ])
    #expect(qwen3.architecture == .qwen3 && qwen3.attention.normalizesHeads && !qwen3.attention.hasBias)
    #expect(qwen3.attention.headDimension == 128 && qwen3.rope.dimension == 128)
    let sparse = try read(renamed(Self.next, "qwen3moe"))
    #expect(sparse.architecture == .qwen3MoE && sparse.experts.sharedIntermediateSize == 0)
    #expect(sparse.experts.count == 512 && sparse.feedForwardKinds.allSatisfy { $0 == .sparse })
    #expect(!sparse.attention.hasGate && sparse.layerKinds.allSatisfy { $0 == .fullAttention })
  }

  @Test func rotaryScaling() throws {
    func rope(_ changes: [(String, GGUFValue?)]) throws -> RotaryConfiguration {
      try read(Self.llama, with: changes.map { ("llama.rope.\($0.0)", $0.1) }).rope
    }
    #expect(try rope([("scaling.factor", .float32(4))]).scaling == .linear(factor: 4))
    #expect(try rope([("scale_linear", .float32(2))]).scaling == .linear(factor: 2))
    #expect(try rope([("scaling.type", .string("none")), ("scaling.factor", .float32(4))]).scaling == .none)
    let yarn = try rope([
      ("scaling.type", .string("yarn")), ("scaling.factor", .float32(4)),
      ("scaling.original_context_length", .uint32(2048)),
    ])
    // As the same settings mean in a config.json.
    let folder = try ModelConfiguration(
      parsing: Array(
        """
        {"model_type":"llama","max_position_embeddings":8192,
        "rope_scaling":{"rope_type":"yarn","factor":4,"original_max_position_embeddings":2048}}
        """.utf8))
    #expect(yarn.yarn == folder.rope.yarn)
    let stated = try rope([
      ("scaling.type", .string("yarn")), ("scaling.factor", .float32(4)), ("scaling.yarn_attn_factor", .float32(0.5)),
      ("scaling.yarn_beta_fast", .float32(16)),
    ])
    #expect(stated.yarn?.attentionFactor == 0.5 && stated.yarn?.betaFast == 16)
    #expect(stated.yarn?.originalContextLength == 8192)
  }

  // MARK: - Refusals

  static let refused: [(String, GGUFValue?, String)] = [
    (
      "general.architecture", .string("gemma"),
      "m.gguf: unsupported architecture gemma; supported: llama, qwen2, qwen3, qwen3moe, qwen3next"
    ),
    (
      "general.architecture", nil,
      "m.gguf: unsupported architecture of no name (no general.architecture); "
        + "supported: llama, qwen2, qwen3, qwen3moe, qwen3next"
    ),
    ("general.type", .string("adapter"), "m.gguf: general.type: expected \"model\", found \"adapter\""),
    (
      "llama.embedding_length", nil,
      "m.gguf: llama.embedding_length: expected a whole number from 1 to 131072, found nothing"
    ),
    (
      "llama.block_count", .string("2"),
      "m.gguf: llama.block_count: expected a whole number from 1 to 1024, found \"2\""
    ),
    (
      "llama.attention.head_count", .uint32(8),
      "m.gguf: llama.attention.head_count: expected a multiple of head_count_kv (3), found 8"
    ),
    (
      "llama.attention.head_count", .array(.int32([9, 6])),
      "m.gguf: llama.attention.head_count[1]: expected 9, as in the other layers, found 6"
    ),
    (
      "llama.attention.head_count", .array(.int32([9])),
      "m.gguf: llama.attention.head_count: expected a whole number, or one for every layer, "
        + "found an array of 1 elements"
    ),
    (
      "llama.attention.value_length", .uint32(32),
      "m.gguf: llama.attention.value_length: expected 64, as attention.key_length, found 32"
    ),
    (
      "llama.attention.sliding_window", .uint32(4096),
      "m.gguf: llama.attention.sliding_window: expected at least the context of 8192, found 4096"
    ),
    ("llama.attention.causal", .bool(false), "m.gguf: llama.attention.causal: expected true, found false"),
    (
      "llama.expert_count", .uint32(8),
      "m.gguf: llama.expert_count: expected 0: mixtures of experts under the name llama are not supported, found 8"
    ),
    ("llama.logit_scale", .float32(8), "m.gguf: llama.logit_scale: expected 0, 1 or nothing, found 8.0"),
    (
      "llama.rope.scaling.type", .string("longrope"),
      "m.gguf: llama.rope.scaling.type: expected \"none\", \"linear\" or \"yarn\", found \"longrope\""
    ),
    (
      "llama.rope.dimension_count", .uint32(66),
      "m.gguf: llama.rope.dimension_count: expected a whole number from 1 to 64, found 66"
    ),
    (
      "llama.attention.layer_norm_rms_epsilon", nil,
      "m.gguf: llama.attention.layer_norm_rms_epsilon: expected a number from 0.0 to 1.0, found nothing"
    ),
  ]

  @Test(arguments: refused) func whatIsNotSupportedIsNamed(_ key: String, _ value: GGUFValue?, _ message: String) {
    let error = #expect(throws: ModelFileError.self) { try read(Self.llama, with: [(key, value)]) }
    #expect(error?.description == message)
  }
}
