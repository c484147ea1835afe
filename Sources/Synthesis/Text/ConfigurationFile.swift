internal import JSON
internal import ModelFiles
internal import Tensor

extension ModelShape {
  /// The contents of `config.json`.
  func configuration(type: ElementType, vocabulary: SyntheticVocabulary) -> JSON {
    var members: JSONObject = [
      "architectures": [.string(architecture.className)], "model_type": .string(architecture.modelType),
      "dtype": .string(type == .f32 ? "float32" : type == .f16 ? "float16" : "bfloat16"),
      "vocab_size": .integer(vocabularySize), "hidden_size": .integer(hiddenSize),
      "num_hidden_layers": .integer(layerCount), "intermediate_size": .integer(intermediateSize),
      "num_attention_heads": .integer(headCount), "num_key_value_heads": .integer(keyValueHeadCount),
      "head_dim": .integer(headSize), "hidden_act": "silu", "rms_norm_eps": 1e-6, "attention_bias": false,
      "max_position_embeddings": .integer(contextLength), "tie_word_embeddings": false,
      "rope_parameters": ["rope_type": "default", "rope_theta": .double(Double(rotaryBase))],
      "eos_token_id": .integer(vocabulary.endOfTurnID), "bos_token_id": nil,
    ]
    if hasExperts {
      members["num_experts"] = .integer(expertCount)
      members["num_experts_per_tok"] = .integer(expertsPerToken)
      members["moe_intermediate_size"] = .integer(expertSize)
      members["norm_topk_prob"] = true
      members["decoder_sparse_step"] = 1
    }
    if hasLinearAttention {
      members["rope_parameters"] = [
        "rope_type": "default", "rope_theta": .double(Double(rotaryBase)), "partial_rotary_factor": 0.25,
      ]
      members["full_attention_interval"] = .integer(fullAttentionInterval)
      members["shared_expert_intermediate_size"] = .integer(sharedExpertSize)
      members["linear_num_key_heads"] = .integer(linearKeyHeadCount)
      members["linear_num_value_heads"] = .integer(linearValueHeadCount)
      members["linear_key_head_dim"] = .integer(linearHeadSize)
      members["linear_value_head_dim"] = .integer(linearHeadSize)
      members["linear_conv_kernel_dim"] = .integer(convolutionKernelSize)
    }
    return .object(members)
  }
}
