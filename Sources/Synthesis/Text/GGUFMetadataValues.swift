internal import ModelFiles

/// The metadata of a GGUF file, under the keys llama.cpp reads.
enum GGUFMetadataValues {
  static func list(
    _ shape: ModelShape, _ mix: WeightMix, _ vocabulary: SyntheticVocabulary
  ) -> [(key: String, value: GGUFValue)] {
    let name = shape.architecture.ggufName
    var values: [(key: String, value: GGUFValue)] = [
      ("general.architecture", .string(name)), ("general.type", .string("model")),
      ("general.name", .string("random \(name)")), ("general.file_type", .uint32(mix.fileType)),
      // The version of ggml's block formats.
      ("general.quantization_version", .uint32(2)),
    ]
    values += sizes(shape).map { ("\(name).\($0.key)", $0.value) }
    values += tokenizer(vocabulary)
    return values
  }

  private static func sizes(_ shape: ModelShape) -> [(key: String, value: GGUFValue)] {
    func number(_ key: String, _ value: Int) -> (key: String, value: GGUFValue) {
      (key, .uint32(UInt32(truncatingIfNeeded: value)))
    }
    var values = [
      number("vocab_size", shape.vocabularySize),
      number("block_count", shape.layerCount + (shape.hasDraftHead ? 1 : 0)),
      number("context_length", shape.contextLength), number("embedding_length", shape.hiddenSize),
      number("feed_forward_length", shape.intermediateSize), number("attention.head_count", shape.headCount),
      number("attention.head_count_kv", shape.keyValueHeadCount), number("attention.key_length", shape.headSize),
      number("attention.value_length", shape.headSize), number("rope.dimension_count", shape.rotaryDimension),
      ("rope.freq_base", .float32(shape.rotaryBase)),
      ("attention.layer_norm_rms_epsilon", .float32(shape.normEpsilon)),
    ]
    if shape.hasDraftHead { values.append(number("nextn_predict_layers", 1)) }
    if shape.hasExperts {
      values += [
        number("expert_count", shape.expertCount), number("expert_used_count", shape.expertsPerToken),
        number("expert_feed_forward_length", shape.expertSize),
      ]
    }
    if shape.hasLinearAttention {
      values += [
        number("expert_shared_feed_forward_length", shape.sharedExpertSize),
        number("full_attention_interval", shape.fullAttentionInterval),
        number("ssm.conv_kernel", shape.convolutionKernelSize), number("ssm.state_size", shape.linearHeadSize),
        number("ssm.group_count", shape.linearKeyHeadCount), number("ssm.time_step_rank", shape.linearValueHeadCount),
        number("ssm.inner_size", shape.linearValueDimension),
      ]
    }
    return values
  }

  private static func tokenizer(_ vocabulary: SyntheticVocabulary) -> [(key: String, value: GGUFValue)] {
    // ggml's token types: 1 normal, 3 control, 4 user-defined.
    let types = vocabulary.tokens.indices.map { id -> Int32 in
      switch vocabulary.kind(of: id) {
      case .normal: 1
      case .special: 3
      case .added: 4
      }
    }
    let (endOfText, endOfTurn) = (UInt32(vocabulary.endOfTextID), UInt32(vocabulary.endOfTurnID))
    return [
      ("tokenizer.ggml.model", .string("gpt2")), ("tokenizer.ggml.pre", .string("qwen2")),
      ("tokenizer.ggml.tokens", .array(.string(vocabulary.tokens))),
      ("tokenizer.ggml.token_type", .array(.int32(types))),
      ("tokenizer.ggml.merges", .array(.string(vocabulary.merges))),
      ("tokenizer.ggml.bos_token_id", .uint32(endOfText)), ("tokenizer.ggml.eos_token_id", .uint32(endOfTurn)),
      ("tokenizer.ggml.padding_token_id", .uint32(endOfText)), ("tokenizer.ggml.add_bos_token", .bool(false)),
      ("tokenizer.chat_template", .string(syntheticChatTemplate)),
    ]
  }
}
