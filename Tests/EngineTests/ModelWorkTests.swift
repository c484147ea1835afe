import Foundation
import ModelFiles
import Testing

@testable import Engine

/// Bytes and multiply-adds beside numbers worked out by hand.
@Suite struct ModelWorkTests {
  /// A linear and a full-attention layer.
  private static let configuration = """
    {"model_type": "qwen3_next", "architectures": ["Qwen3NextForCausalLM"], "vocab_size": 10, "hidden_size": 8,
     "num_hidden_layers": 2, "layer_types": ["linear_attention", "full_attention"], "num_attention_heads": 2,
     "num_key_value_heads": 1, "head_dim": 4, "linear_num_key_heads": 1, "linear_num_value_heads": 2,
     "linear_key_head_dim": 4, "linear_value_head_dim": 4, "linear_conv_kernel_dim": 4, "num_experts": 4,
     "num_experts_per_tok": 2, "moe_intermediate_size": 4, "shared_expert_intermediate_size": 4,
     "partial_rotary_factor": 0.5}
    """

  private static let embedding = WeightTensor(
    name: "token_embd.weight", shape: [10, 8], byteCount: 85, arithmetic: .int8, layerCount: 2)
  private static let head = WeightTensor(
    name: "output.weight", shape: [10, 8], byteCount: 66, arithmetic: .int8, layerCount: 2)
  private static let layers = [
    WeightTensor(
      name: "blk.0.ffn_gate_exps.weight", shape: [4, 4, 8], byteCount: 72, arithmetic: .int8, layerCount: 2),
    WeightTensor(name: "blk.0.ffn_gate_inp.weight", shape: [4, 8], byteCount: 128, arithmetic: .f32, layerCount: 2),
    WeightTensor(name: "blk.0.attn_qkv.weight", shape: [16, 8], byteCount: 256, arithmetic: .f32, layerCount: 2),
    WeightTensor(name: "blk.0.attn_norm.weight", shape: [8], byteCount: 32, arithmetic: .f32, layerCount: 2),
    WeightTensor(name: "blk.2.nextn.eh_proj.weight", shape: [8, 16], byteCount: 512, arithmetic: .f32, layerCount: 2),
  ]

  private func work(_ tensors: [WeightTensor]) throws -> ModelWork {
    ModelWork(
      try ModelConfiguration(parsing: Self.configuration.utf8), tensors: tensors,
      caches: ModelWork.CacheBytes(perPosition: 64, perSlot: 1216))
  }

  @Test func bytesOfDecoding() throws {
    let work = try work([Self.embedding, Self.head] + Self.layers)
    // 66 + 128 + 256 + 32 always; of the experts' 72 the share that the tokens touch; a row of 8.5 a token.
    let one = work.decodeBytes(sequences: 1, positions: 10.5)
    #expect(one.weights == 526.5)  // 482 + 36 + 8.5
    #expect(one.keyValues == 672)
    // Of a slot's 2·4·4 + 3·16 + 16·(4 + 8 + 2) = 304 floats, 80 and 7.5 of the 16 open rows.
    #expect(one.states == 740)
    let two = work.decodeBytes(sequences: 2, positions: 10.5)
    #expect(two.weights == 553)  // 482 + 54 + 17
    #expect(two.keyValues == 1344)
    #expect(two.states == 1480)
    #expect(two.total == 3377)
  }

  @Test func multiplyAddsOfPrefill() throws {
    let work = try work([Self.embedding, Self.head] + Self.layers)
    let sums = work.prefillMultiplyAdds(tokens: 4, depth: 2)
    // Half of the experts' 128, and the head's 80 once in four tokens.
    #expect(sums[.int8] == 84)
    // Weights; two heads of four see 4.5 positions on average, twice; the delta rule.
    let weights: Double = 32 + 128
    let attention: Double = 2 * 8 * 4.5
    let deltaRule: Double = 3 * 32 + 16 * 12
    #expect(sums[.f32] == weights + attention + deltaRule)
    #expect(sums[.bf16] == nil)
  }

  @Test func bytesOfDrafting() throws {
    let work = try work([Self.embedding, Self.head] + Self.layers)
    func bytes(verified: Int, kept: Int, made: Int) -> ModelWork.DecodeBytes {
      work.draftedBytes(ModelWork.DraftStep(verified: verified, kept: kept, made: made), positions: 10)
    }
    #expect(bytes(verified: 0, kept: 1, made: 0) == work.decodeBytes(sequences: 1, positions: 10))
    let one = bytes(verified: 1, kept: 2, made: 1)
    // Two rows; then the head's 512 and the output projection's 66, with two rows of the embedding.
    #expect(one.weights == work.decodeBytes(sequences: 2, positions: 1).weights + 512 + 66 + 17)
    #expect(one.keyValues == 640)
    let two = bytes(verified: 2, kept: 3, made: 2)
    #expect(two.weights == work.decodeBytes(sequences: 3, positions: 1).weights + 2 * (512 + 66) + 25.5 + 8.5)
    // Both wrong: the head follows one row, and a step near a chunk's end guesses once.
    let wrong = bytes(verified: 2, kept: 1, made: 1)
    #expect(wrong.weights == work.decodeBytes(sequences: 3, positions: 1).weights + 512 + 66 + 8.5)
  }

  @Test func aTiedEmbeddingIsTheHead() throws {
    let work = try work([Self.embedding] + Self.layers)
    #expect(work.decodeBytes(sequences: 1, positions: 1).weights == 545.5)  // 85 + 416 + 36 + 8.5
    #expect(work.prefillMultiplyAdds(tokens: 1, depth: 0)[.int8] == 144)
  }

  @Test(arguments: [
    ("model.embed_tokens.weight", WeightTensor.Role.embedding), ("lm_head.weight", .head),
    ("model.layers.0.mlp.experts.3.up_proj.weight", .routedExperts), ("blk.7.ffn_down_exps.weight", .routedExperts),
    ("model.layers.0.mlp.shared_expert.up_proj.weight", .always), ("blk.7.ffn_down_shexp.weight", .always),
    ("blk.0.attn_output.weight", .always), ("mtp.layers.0.mlp.experts.3.up_proj.weight", .draftExperts),
    ("blk.8.ffn_down_exps.weight", .draftExperts), ("blk.8.nextn.eh_proj.weight", .draft),
  ])
  func roles(name: String, role: WeightTensor.Role) {
    #expect(WeightTensor(name: name, shape: [1], byteCount: 4, arithmetic: .f32, layerCount: 8).role == role)
  }

  /// On real files: every parameter a token is multiplied with, and no other, is in the multiply-adds.
  @Test(arguments: ReferenceModel.names)
  func agreesWithTheParameterCount(name: String) throws {
    let folder = try ModelPackage(path: ReferenceModel.folder.appendingPathComponent(name).path)
    let model = folder.configuration
    let tensors = folder.weights.descriptions
    let work = ModelWork(model, tensors: tensors, caches: ModelWork.CacheBytes(perPosition: 0, perSlot: 0))
    let caches = cacheProducts(model)
    let vectors = tensors.filter { $0.shape.count == 1 && !$0.name.hasPrefix("mtp.") }
      .reduce(0) { $0 + $1.shape[0] }
    let products = work.prefillMultiplyAdds(tokens: 1, depth: 0).values.reduce(0, +) - caches
    #expect(Int((products + Double(vectors)).rounded()) == ParameterCount(of: model).active, "\(name)")
  }

  private func cacheProducts(_ model: ModelConfiguration) -> Double {
    ModelWork(model, tensors: [] as [WeightTensor], caches: ModelWork.CacheBytes(perPosition: 0, perSlot: 0))
      .prefillMultiplyAdds(tokens: 1, depth: 0).values.reduce(0, +)
  }
}
