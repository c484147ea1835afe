import Foundation
import JSON
import ModelFiles
import Tensor
import Testing

@Suite struct ModelConfigurationTests {
  private func parse(_ settings: JSONObject) throws(ModelFileError) -> ModelConfiguration {
    var members: JSONObject = ["model_type": "qwen3_next"]
    for (key, value) in settings { members[key] = value }
    return try ModelConfiguration(parsing: Array(JSON.object(members).serialized().utf8))
  }

  /// The defaults of Qwen3NextConfig in transformers 5.23.0.
  @Test func absentKeysHaveTheReferencesDefaults() throws {
    let model = try parse([:])
    #expect(model.architecture == .qwen3Next)
    #expect(model.vocabularySize == 151_936)
    #expect(model.hiddenSize == 2048)
    #expect(model.intermediateSize == 5632)
    #expect(model.layerCount == 48)
    #expect(model.layerKinds.enumerated().allSatisfy { ($1 == .fullAttention) == ($0 % 4 == 3) })
    #expect(model.feedForwardKinds.allSatisfy { $0 == .sparse })
    #expect(model.attention.headCount == 16)
    #expect(model.attention.keyValueHeadCount == 2)
    #expect(model.attention.headDimension == 256)
    #expect(model.linearAttention.keyHeadCount == 16)
    #expect(model.linearAttention.valueHeadCount == 32)
    #expect(model.linearAttention.keyHeadDimension == 128)
    #expect(model.linearAttention.valueHeadDimension == 128)
    #expect(model.linearAttention.convolutionKernelSize == 4)
    #expect(model.linearAttention.convolutionDimension == 8192)
    #expect(model.experts.count == 512)
    #expect(model.experts.countPerToken == 10)
    #expect(model.experts.intermediateSize == 512)
    #expect(model.experts.sharedIntermediateSize == 512)
    #expect(model.experts.normalizesTopK)
    #expect(model.normEpsilon == 1e-6)
    #expect(model.maximumPositionEmbeddings == 32768)
    #expect(model.contextLength == 32768)
    #expect(!model.tiesWordEmbeddings)
    #expect(model.rope.theta == 10_000)
    #expect(model.rope.partialFactor == 0.25)
    #expect(model.rope.dimension == 64)
    #expect(model.rope.yarn == nil)
    #expect(model.eosTokenIDs.isEmpty)
    #expect(model.bosTokenID == nil)
  }

  @Test func nullCountsAsAbsent() throws {
    let keys = [
      "vocab_size", "hidden_size", "layer_types", "mlp_only_layers", "rope_scaling", "rope_parameters", "rope_theta",
      "eos_token_id", "bos_token_id", "hidden_act", "attention_bias", "quantization_config", "architectures",
    ]
    #expect(try parse(JSONObject(keys.map { ($0, .null) })) == parse([:]))
  }

  /// The defaults of LlamaConfig, Qwen2Config, Qwen3Config and Qwen3MoeConfig.
  @Test func eachArchitectureHasItsOwnDefaults() throws {
    let llama = try parse(["model_type": "llama", "num_attention_heads": 16])
    #expect(llama.architecture == .llama)
    #expect(llama.vocabularySize == 32000 && llama.intermediateSize == 11008 && llama.contextLength == 2048)
    #expect(llama.attention.keyValueHeadCount == 16 && llama.attention.headDimension == 256)
    #expect(!llama.attention.hasGate && !llama.attention.hasBias && !llama.attention.normalizesHeads)
    #expect(llama.layerKinds == Array(repeating: .fullAttention, count: 32))
    #expect(llama.rope.dimension == 256 && llama.rope.pairing == .halves)

    let qwen2 = try parse(["model_type": "qwen2"])
    #expect(qwen2.architecture == .qwen2 && qwen2.hiddenSize == 4096 && qwen2.intermediateSize == 22016)
    #expect(qwen2.attention.hasBias && !qwen2.attention.normalizesHeads && qwen2.attention.headDimension == 128)
    #expect(qwen2.feedForwardKinds == Array(repeating: .dense, count: 32))

    let qwen3 = try parse(["model_type": "qwen3", "architectures": ["Qwen3ForCausalLM"], "hidden_size": 1024])
    #expect(qwen3.attention.normalizesHeads && !qwen3.attention.hasBias && qwen3.attention.headDimension == 128)

    let sparse = try parse(["model_type": "qwen3_moe"])
    #expect(sparse.layerCount == 24 && sparse.hiddenSize == 2048 && sparse.attention.keyValueHeadCount == 4)
    #expect(sparse.experts.count == 128 && sparse.experts.countPerToken == 8)
    #expect(sparse.experts.sharedIntermediateSize == 0 && !sparse.experts.normalizesTopK)
    #expect(sparse.feedForwardKinds == Array(repeating: .sparse, count: 24))
    #expect(try parse(["model_type": "qwen3_moe", "num_local_experts": 16]).experts.count == 16)
  }

  // MARK: - Layers

  @Test func explicitLayerTypesWinOverTheInterval() throws {
    let model = try parse([
      "num_hidden_layers": 3, "full_attention_interval": 1,
      "layer_types": ["full_attention", "linear_attention", "linear_attention"],
    ])
    #expect(model.layerKinds == [.fullAttention, .linearAttention, .linearAttention])
    #expect(
      try parse(["num_hidden_layers": 5, "full_attention_interval": 2]).layerKinds
        == [.linearAttention, .fullAttention, .linearAttention, .fullAttention, .linearAttention])
  }

  @Test func denseLayersByListAndByStep() throws {
    #expect(
      try parse(["num_hidden_layers": 6, "decoder_sparse_step": 2, "mlp_only_layers": [3]]).feedForwardKinds
        == [.dense, .sparse, .dense, .dense, .dense, .sparse])
    #expect(try parse(["num_hidden_layers": 2, "num_experts": 0]).feedForwardKinds == [.dense, .dense])
  }

  // MARK: - Rotary embedding

  @Test func rotaryParametersAreFoundWhereverTheyAre() throws {
    let atTop = try parse(["rope_theta": 5e6, "partial_rotary_factor": 0.5])
    #expect(atTop.rope.theta == 5e6)
    #expect(atTop.rope.dimension == 128)
    #expect(try parse(["rope_parameters": ["rope_theta": 5e6, "partial_rotary_factor": 0.5]]).rope == atTop.rope)
    #expect(
      try parse(["rope_scaling": ["type": "default", "partial_rotary_factor": 0.5], "rope_theta": 5e6]).rope
        == atTop.rope)
    // What stands in the object wins over the top level, and rope_scaling replaces rope_parameters unless empty.
    let both = try parse([
      "rope_theta": 3.0, "rope_parameters": ["rope_theta": 5e6], "partial_rotary_factor": 0.5, "rope_scaling": [:],
    ])
    #expect(both.rope == atTop.rope)
    let replaced = try parse([
      "rope_parameters": ["rope_theta": 3.0, "partial_rotary_factor": 1.0], "rope_scaling": ["rope_type": "default"],
    ])
    #expect(replaced.rope.theta == 10_000)
    #expect(replaced.rope.partialFactor == 0.25)
  }

  @Test func oddRotaryDimensionsTurnOnePairMore() throws {
    let rope = try parse(["head_dim": 20]).rope
    #expect(rope.dimension == 5)
    #expect(rope.pairCount == 3)
  }

  @Test func yarnDefaultsAndPlaces() throws {
    let plain = try parse([
      "max_position_embeddings": 4096, "rope_parameters": ["rope_type": "yarn", "factor": 4.0],
    ])
    let yarn = try #require(plain.rope.yarn)
    #expect(yarn.originalContextLength == 4096)
    #expect(yarn.betaFast == 32)
    #expect(yarn.betaSlow == 1)
    #expect(yarn.truncates)
    #expect(plain.contextLength == 16384)

    // A length at top level wins over the one in the object; zeros count as absent.
    let stated = try parse([
      "original_max_position_embeddings": 1024, "max_position_embeddings": 4096,
      "rope_scaling": [
        "type": "yarn", "original_max_position_embeddings": 512, "factor": nil, "beta_fast": 0, "beta_slow": 0,
        "truncate": false,
      ],
    ])
    let other = try #require(stated.rope.yarn)
    #expect(other.originalContextLength == 1024)
    #expect(other.factor == 4)
    #expect(other.betaFast == 32 && other.betaSlow == 1)
    #expect(!other.truncates)
    #expect(stated.contextLength == 4096)
  }

  /// Against the factors transformers computed (Tools/fixtures/make_blocks.py).
  @Test func yarnAttentionFactorEqualsTheReferences() throws {
    let cases = try #require(try Fixtures.json("\(Fixtures.blocks)/rotary.json")["cases"]?.arrayValue)
    #expect(cases.count >= 8)
    for entry in cases {
      let parameters = try #require(entry["parameters"]?.objectValue)
      let model = try parse([
        "head_dim": parameters["head_dim"] ?? nil,
        "max_position_embeddings": parameters["max_position_embeddings"] ?? nil,
        "rope_parameters": .object(parameters),
      ])
      let expected = try #require(parameters["attentionFactor"]?.doubleValue)
      #expect(abs((model.rope.yarn?.attentionFactor ?? 1) - expected) < 1e-12, "\(entry["name"]?.stringValue ?? "")")
      #expect(model.rope.pairCount == entry["tensors"]?["inverseFrequencies"]?["shape"]?[0]?.intValue)
    }
  }

  @Test func llama3Scaling() throws {
    let parameters: JSONObject = [
      "rope_type": "llama3", "factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
      "original_max_position_embeddings": 8192,
    ]
    let rope = try parse(["model_type": "llama", "rope_scaling": .object(parameters), "rope_theta": 5e5]).rope
    guard case .llama3(let scaling) = rope.scaling else {
      Issue.record("\(rope)")
      return
    }
    #expect(scaling.factor == 32 && scaling.lowFrequencyFactor == 1 && scaling.highFrequencyFactor == 4)
    #expect(scaling.originalContextLength == 8192 && rope.theta == 5e5)
    #expect(try parse(["rope_scaling": ["type": "linear", "factor": 4]]).rope.scaling == .linear(factor: 4))
  }

  // MARK: - Token ids

  @Test func endTokensAreOneOrMany() throws {
    #expect(try parse(["eos_token_id": 7]).eosTokenIDs == [7])
    #expect(try parse(["eos_token_id": [7, 9]]).eosTokenIDs == [7, 9])
    #expect(try parse(["bos_token_id": 3]).bosTokenID == 3)
  }

  // MARK: - Refusals

  @Test func unknownArchitecturesListTheSupportedOnes() {
    let supported =
      "LlamaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, Qwen3MoeForCausalLM, Qwen3NextForCausalLM"
    func message(_ text: String) -> String? {
      (#expect(throws: ModelFileError.self) { try ModelConfiguration(parsing: Array(text.utf8)) })?.description
    }
    #expect(
      message(#"{"architectures":["GemmaForCausalLM"],"model_type":"gemma"}"#)
        == "config.json: unsupported architecture GemmaForCausalLM (model_type \"gemma\"); supported: " + supported)
    // A class that is not the type's.
    #expect(message(#"{"architectures":["LlamaForSequenceClassification"],"model_type":"llama"}"#) != nil)
    #expect(
      message("{}")
        == "config.json: unsupported architecture of no name (neither architectures nor model_type); supported: "
        + supported)
    #expect(message("[]") == "config.json: expected a JSON object, found array")
    #expect(message("{")?.hasPrefix("config.json: malformed JSON: ") == true)
  }

  struct BadValue: CustomTestStringConvertible {
    let settings: JSONObject
    let message: String
    var testDescription: String { message }
  }

  static let badValues = [
    BadValue(
      settings: ["hidden_size": -1],
      message: "config.json: hidden_size: expected a whole number from 1 to 131072, found -1"),
    BadValue(
      settings: ["hidden_size": 1e300],
      message: "config.json: hidden_size: expected a whole number from 1 to 131072, found 1e+300"),
    BadValue(
      settings: ["vocab_size": "many"],
      message: "config.json: vocab_size: expected a whole number from 1 to 16777216, found \"many\""),
    BadValue(
      settings: ["num_hidden_layers": 0],
      message: "config.json: num_hidden_layers: expected a whole number from 1 to 1024, found 0"),
    BadValue(
      settings: ["num_hidden_layers": 2.5],
      message: "config.json: num_hidden_layers: expected a whole number from 1 to 1024, found 2.5"),
    BadValue(
      settings: ["num_attention_heads": 5],
      message: "config.json: num_attention_heads: expected a multiple of num_key_value_heads (2), found 5"),
    BadValue(
      settings: ["num_attention_heads": 4096, "head_dim": 8192],
      message: "config.json: num_attention_heads: expected at most 65536 elements in all heads of head_dim, "
        + "found 4096 heads of 8192"),
    BadValue(
      settings: ["linear_num_value_heads": 24],
      message: "config.json: linear_num_value_heads: expected a multiple of linear_num_key_heads (16), found 24"),
    BadValue(
      settings: ["linear_conv_kernel_dim": 0],
      message: "config.json: linear_conv_kernel_dim: expected a whole number from 1 to 256, found 0"),
    BadValue(
      settings: ["num_experts": 4],
      message: "config.json: num_experts_per_tok: expected a number from 1 to num_experts (4), found 10"),
    BadValue(
      settings: ["norm_topk_prob": 1], message: "config.json: norm_topk_prob: expected true or false, found 1"),
    BadValue(
      settings: ["num_hidden_layers": 2, "layer_types": ["full_attention"]],
      message: "config.json: layer_types: expected 2 entries (num_hidden_layers), found 1"),
    BadValue(
      settings: ["num_hidden_layers": 1, "layer_types": ["sliding_attention"]],
      message: "config.json: layer_types[0]: expected \"full_attention\" or \"linear_attention\", "
        + "found \"sliding_attention\""),
    BadValue(
      settings: ["full_attention_interval": 0],
      message: "config.json: full_attention_interval: expected a whole number from 1 to 1048576, found 0"),
    BadValue(
      settings: ["mlp_only_layers": [0, 48]],
      message: "config.json: mlp_only_layers[1]: expected a layer from 0 to 47, found 48"),
    BadValue(
      settings: ["rms_norm_eps": -1e-6],
      message: "config.json: rms_norm_eps: expected a number from 0.0 to 1.0, found -1e-06"),
    BadValue(
      settings: ["rope_parameters": ["partial_rotary_factor": 1.5]],
      message: "config.json: rope_parameters.partial_rotary_factor: expected a number from 0.0 to 1.0, found 1.5"),
    BadValue(
      settings: ["partial_rotary_factor": 0.001],
      message: "config.json: partial_rotary_factor: expected a share of head_dim (256) that leaves whole pairs "
        + "to rotate, found 0.001"),
    BadValue(
      settings: ["rope_scaling": ["type": "longrope"]],
      message: "config.json: rope_scaling.type: expected \"default\", \"linear\", \"llama3\" or \"yarn\", "
        + "found \"longrope\""),
    BadValue(
      settings: ["rope_scaling": ["type": "linear"]],
      message: "config.json: rope_scaling.factor: expected a number, found nothing"),
    BadValue(
      settings: ["rope_scaling": ["type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 4]],
      message: "config.json: rope_scaling.high_freq_factor: expected more than low_freq_factor (4.0), found 4"),
    BadValue(
      settings: ["model_type": "qwen3", "num_hidden_layers": 1, "layer_types": ["linear_attention"]],
      message: "config.json: layer_types[0]: expected \"full_attention\", found \"linear_attention\""),
    BadValue(
      settings: ["model_type": "llama", "mlp_bias": true],
      message: "config.json: mlp_bias: expected false, found true"),
    BadValue(
      settings: ["model_type": "qwen2", "use_sliding_window": true],
      message: "config.json: use_sliding_window: expected false, found true"),
    BadValue(
      settings: ["rope_scaling": ["rope_type": "yarn", "factor": 0.5]],
      message: "config.json: rope_scaling.factor: expected a number from 1.0 to 1000000.0, found 0.5"),
    BadValue(
      settings: ["rope_scaling": ["rope_type": "yarn", "factor": 999_999]],
      message: "config.json: rope_scaling.factor: expected a context of at most 1073741824 tokens, found 999999"),
    BadValue(
      settings: ["rope_scaling": 4], message: "config.json: rope_scaling: expected an object, found 4"),
    BadValue(
      settings: ["eos_token_id": [1, -1]],
      message: "config.json: eos_token_id: expected a token id or a list of them, found [1,-1]"),
    BadValue(
      settings: ["eos_token_id": 4_294_967_296],
      message: "config.json: eos_token_id: expected a token id or a list of them, found 4294967296"),
    BadValue(settings: ["hidden_act": "gelu"], message: "config.json: hidden_act: expected \"silu\", found \"gelu\""),
    BadValue(
      settings: ["attention_bias": true], message: "config.json: attention_bias: expected false, found true"),
    BadValue(
      settings: ["quantization_config": ["quant_method": "fp8"]],
      message: "config.json: quantization_config: expected none (F32, F16 or BF16 weights), "
        + "found an object of 1 members"),
  ]

  @Test(arguments: badValues) func badValueNamesItsKey(_ bad: BadValue) {
    let error = #expect(throws: ModelFileError.self) { try parse(bad.settings) }
    #expect(error?.description == bad.message)
  }

  /// Every key at its largest: whatever passes must not overflow when memory is computed.
  @Test func theLargestSizesDoNotOverflow() throws {
    let model = try parse([
      "vocab_size": .integer(1 << 24), "hidden_size": .integer(1 << 17), "intermediate_size": .integer(1 << 20),
      "num_hidden_layers": 1024,
      "num_attention_heads": 4096, "num_key_value_heads": 4096, "head_dim": 16, "linear_num_key_heads": 4096,
      "linear_num_value_heads": 4096, "linear_key_head_dim": 16, "linear_value_head_dim": 16,
      "linear_conv_kernel_dim": 256, "num_experts": .integer(1 << 14), "num_experts_per_tok": .integer(1 << 14),
      "moe_intermediate_size": .integer(1 << 18), "shared_expert_intermediate_size": .integer(1 << 20),
      "max_position_embeddings": .integer(1 << 30),
    ])
    #expect(ParameterCount(of: model).total > 0)
    #expect(model.contextLength / 64 * model.keyValuePageByteCount(tokens: 64, type: .f32) > 0)
    #expect(model.stateSlotByteCount(type: .f32) > 0)
  }
}
