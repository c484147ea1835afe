import JSON
import ModelFiles
import Testing

@testable import Models

/// Models whose files do not hold what the architecture needs.
@Suite struct LoadingTests {
  private static let configuration: JSONObject = [
    "vocab_size": 6, "hidden_size": 4, "intermediate_size": 3, "num_hidden_layers": 2,
    "layer_types": ["linear_attention", "full_attention"], "num_experts": 0, "head_dim": 8, "num_attention_heads": 2,
    "num_key_value_heads": 1, "linear_num_key_heads": 1, "linear_num_value_heads": 2, "linear_key_head_dim": 3,
    "linear_value_head_dim": 2, "linear_conv_kernel_dim": 4, "tie_word_embeddings": true,
  ]

  private static let shapes: [String: [Int]] = [
    "model.embed_tokens.weight": [6, 4], "model.norm.weight": [4],
    "model.layers.0.input_layernorm.weight": [4], "model.layers.0.post_attention_layernorm.weight": [4],
    "model.layers.0.linear_attn.in_proj_qkvz.weight": [14, 4], "model.layers.0.linear_attn.in_proj_ba.weight": [4, 4],
    "model.layers.0.linear_attn.out_proj.weight": [4, 4], "model.layers.0.linear_attn.conv1d.weight": [10, 1, 4],
    "model.layers.0.linear_attn.dt_bias": [2], "model.layers.0.linear_attn.A_log": [2],
    "model.layers.0.linear_attn.norm.weight": [2], "model.layers.0.mlp.gate_proj.weight": [3, 4],
    "model.layers.0.mlp.up_proj.weight": [3, 4], "model.layers.0.mlp.down_proj.weight": [4, 3],
    "model.layers.1.input_layernorm.weight": [4], "model.layers.1.post_attention_layernorm.weight": [4],
    "model.layers.1.self_attn.q_proj.weight": [32, 4], "model.layers.1.self_attn.k_proj.weight": [8, 4],
    "model.layers.1.self_attn.v_proj.weight": [8, 4], "model.layers.1.self_attn.o_proj.weight": [4, 16],
    "model.layers.1.self_attn.q_norm.weight": [8], "model.layers.1.self_attn.k_norm.weight": [8],
    "model.layers.1.mlp.gate_proj.weight": [3, 4], "model.layers.1.mlp.up_proj.weight": [3, 4],
    "model.layers.1.mlp.down_proj.weight": [4, 3],
  ]

  private func load(
    _ shapes: [String: [Int]], configuration: JSONObject = configuration
  ) throws(ModelError) -> LanguageModel {
    let tensors = shapes.mapValues {
      BlockFixture.Tensor(shape: $0, values: Array(repeating: 0, count: $0.reduce(1, *)))
    }
    do {
      return try loadModel(TemporaryModel(configuration: configuration, tensors: tensors).folder)
    } catch let error as ModelError {
      throw error
    } catch {
      fatalError("the folder itself is sound: \(error)")
    }
  }

  @Test func completeModelsLoad() throws {
    #expect(try load(Self.shapes).configuration.layerCount == 2)
    // A draft head is left alone; a tied model may store its output projection.
    var shapes = Self.shapes
    shapes["mtp.fc.weight"] = [4, 8]
    shapes["lm_head.weight"] = [6, 4]
    _ = try load(shapes)
  }

  @Test func everyTensorIsNeeded() throws {
    for name in Self.shapes.keys {
      var shapes = Self.shapes
      shapes[name] = nil
      let error = #expect(throws: ModelError.self) { try self.load(shapes) }
      guard case .file(.missingTensor(let tensor, let expected, let files)) = error else {
        Issue.record("\(String(describing: error)) for \(name)")
        continue
      }
      #expect(tensor == name && files == ["model.safetensors"])
      #expect(expected.contains("\(Self.shapes[name] ?? [])"))
    }
  }

  @Test func everyShapeIsChecked() throws {
    for (name, shape) in Self.shapes {
      var shapes = Self.shapes
      shapes[name] = [shape[0] + 1] + shape.dropFirst()
      let error = #expect(throws: ModelError.self) { try self.load(shapes) }
      guard case .file(.invalidTensor(let file, let tensor, let expected, let found)) = error else {
        Issue.record("\(String(describing: error)) for \(name)")
        continue
      }
      #expect(file == "model.safetensors" && tensor == name)
      #expect(expected.contains("\(shape)") && found.contains("\(shape[0] + 1)"))
    }
  }

  @Test func untiedModelsNeedAnOutputProjection() throws {
    var configuration = Self.configuration
    configuration["tie_word_embeddings"] = false
    let error = #expect(throws: ModelError.self) { try self.load(Self.shapes, configuration: configuration) }
    #expect(error?.description.contains("lm_head.weight") == true)
  }

  @Test func unknownTensorsAreRefused() throws {
    var shapes = Self.shapes
    shapes["model.layers.1.self_attn.q_proj.bias"] = [32]
    let error = #expect(throws: ModelError.self) { try self.load(shapes) }
    #expect(
      error
        == .file(
          .unexpectedTensors(file: "model.safetensors", tensors: ["model.layers.1.self_attn.q_proj.bias"])))
  }
}
