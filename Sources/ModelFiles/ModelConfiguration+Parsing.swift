internal import JSON

extension ModelConfiguration {
  /// The architectures this program runs, by the class name in `architectures`.
  public static let supportedArchitectures = ["Qwen3NextForCausalLM"]

  /// Reads the contents of a `config.json`. `file` names it in errors.
  public init(parsing text: some Collection<UInt8>, file: String = "config.json") throws(ModelFileError) {
    let reader = try ConfigurationReader(parsing: text, file: file)
    (architecture, modelType) = try Self.architecture(reader)
    if reader.value("quantization_config") != nil {
      throw reader.invalid("quantization_config", expected: "none (F32, F16 or BF16 weights)")
    }
    if let activation = try reader.string("hidden_act"), activation != "silu" {
      throw reader.invalid("hidden_act", expected: "\"silu\"")
    }
    if try reader.bool("attention_bias") == true {
      throw reader.invalid("attention_bias", expected: "false")
    }

    vocabularySize = try reader.integer("vocab_size", in: 1...1 << 24, default: 151_936)
    hiddenSize = try reader.integer("hidden_size", in: 1...1 << 17, default: 2048)
    intermediateSize = try reader.integer("intermediate_size", in: 1...1 << 20, default: 5632)
    attention = try AttentionConfiguration(reader)
    linearAttention = try LinearAttentionConfiguration(reader)
    experts = try ExpertConfiguration(reader)
    let layerCount = try reader.integer("num_hidden_layers", in: 1...1024, default: 48)
    layerKinds = try Self.layerKinds(reader, layerCount: layerCount)
    feedForwardKinds = try Self.feedForwardKinds(reader, layerCount: layerCount, expertCount: experts.count)
    normEpsilon = try reader.number("rms_norm_eps", in: 0...1) ?? 1e-6
    maximumPositionEmbeddings = try reader.integer("max_position_embeddings", in: 1...1 << 30, default: 32768)
    rope = try RotaryConfiguration(
      reader, headDimension: attention.headDimension, maximumPositionEmbeddings: maximumPositionEmbeddings)
    tiesWordEmbeddings = try reader.bool("tie_word_embeddings") ?? false
    eosTokenIDs = try reader.tokenIDs("eos_token_id")
    bosTokenID = try reader.tokenIDs("bos_token_id").first
  }

  private static func architecture(
    _ reader: ConfigurationReader
  ) throws(ModelFileError) -> (architecture: String, modelType: String) {
    let modelType = try reader.string("model_type")
    let stated = try reader.array("architectures")?.first?.stringValue
    let architecture = stated ?? supportedArchitectures[0]
    guard modelType == "qwen3_next", supportedArchitectures.contains(architecture) else {
      let found = [stated, modelType.map { "(model_type \"\($0)\")" }].compactMap { $0 }.joined(separator: " ")
      throw .unsupportedArchitecture(
        file: reader.file, found: found.isEmpty ? "of no name (neither architectures nor model_type)" : found,
        supported: supportedArchitectures)
    }
    return (architecture, "qwen3_next")
  }

  /// An explicit `layer_types` wins; otherwise every `full_attention_interval`-th layer has full attention.
  private static func layerKinds(
    _ reader: ConfigurationReader, layerCount: Int
  ) throws(ModelFileError) -> [LayerKind] {
    guard let types = try reader.array("layer_types") else {
      let interval = try reader.integer("full_attention_interval", in: 1...1 << 20, default: 4)
      return (1...layerCount).map { $0.isMultiple(of: interval) ? .fullAttention : .linearAttention }
    }
    guard types.count == layerCount else {
      throw reader.invalid(
        "layer_types", expected: "\(layerCount) entries (num_hidden_layers)", found: "\(types.count)")
    }
    var kinds: [LayerKind] = []
    for (index, type) in types.enumerated() {
      switch type.stringValue {
      case "full_attention": kinds.append(.fullAttention)
      case "linear_attention": kinds.append(.linearAttention)
      default:
        throw reader.invalid(
          "layer_types[\(index)]", expected: "\"full_attention\" or \"linear_attention\"", found: type.excerpt)
      }
    }
    return kinds
  }

  /// Every `decoder_sparse_step`-th layer has experts, unless `mlp_only_layers` lists it.
  private static func feedForwardKinds(
    _ reader: ConfigurationReader, layerCount: Int, expertCount: Int
  ) throws(ModelFileError) -> [FeedForwardKind] {
    let step = try reader.integer("decoder_sparse_step", in: 1...1 << 20, default: 1)
    var dense: Set<Int> = []
    for (index, layer) in (try reader.array("mlp_only_layers") ?? []).enumerated() {
      guard let number = layer.intValue, 0..<layerCount ~= number else {
        throw reader.invalid(
          "mlp_only_layers[\(index)]", expected: "a layer from 0 to \(layerCount - 1)", found: layer.excerpt)
      }
      dense.insert(number)
    }
    return (0..<layerCount).map { layer in
      expertCount > 0 && !dense.contains(layer) && (layer + 1).isMultiple(of: step) ? .sparse : .dense
    }
  }
}

/// The most elements all heads of a layer may have together, so that no page or slot reaches the size of a machine.
private let maximumHeadElements = 1 << 16

extension AttentionConfiguration {
  init(_ reader: ConfigurationReader) throws(ModelFileError) {
    headCount = try reader.integer("num_attention_heads", in: 1...4096, default: 16)
    keyValueHeadCount = try reader.integer("num_key_value_heads", in: 1...4096, default: 2)
    headDimension = try reader.integer("head_dim", in: 1...8192, default: 256)
    guard headCount.isMultiple(of: keyValueHeadCount) else {
      throw reader.invalid(
        "num_attention_heads", expected: "a multiple of num_key_value_heads (\(keyValueHeadCount))",
        found: "\(headCount)")
    }
    guard headCount * headDimension <= maximumHeadElements else {
      throw reader.invalid(
        "num_attention_heads", expected: "at most \(maximumHeadElements) elements in all heads of head_dim",
        found: "\(headCount) heads of \(headDimension)")
    }
  }
}

extension LinearAttentionConfiguration {
  init(_ reader: ConfigurationReader) throws(ModelFileError) {
    keyHeadCount = try reader.integer("linear_num_key_heads", in: 1...4096, default: 16)
    valueHeadCount = try reader.integer("linear_num_value_heads", in: 1...4096, default: 32)
    keyHeadDimension = try reader.integer("linear_key_head_dim", in: 1...8192, default: 128)
    valueHeadDimension = try reader.integer("linear_value_head_dim", in: 1...8192, default: 128)
    convolutionKernelSize = try reader.integer("linear_conv_kernel_dim", in: 1...256, default: 4)
    guard valueHeadCount.isMultiple(of: keyHeadCount) else {
      throw reader.invalid(
        "linear_num_value_heads", expected: "a multiple of linear_num_key_heads (\(keyHeadCount))",
        found: "\(valueHeadCount)")
    }
    guard max(keyHeadCount * keyHeadDimension, valueHeadCount * valueHeadDimension) <= maximumHeadElements else {
      throw reader.invalid(
        "linear_num_value_heads", expected: "at most \(maximumHeadElements) elements in all key or value heads",
        found:
          "\(keyHeadCount) key heads of \(keyHeadDimension), \(valueHeadCount) value heads of \(valueHeadDimension)")
    }
  }
}

extension ExpertConfiguration {
  init(_ reader: ConfigurationReader) throws(ModelFileError) {
    count = try reader.integer("num_experts", in: 0...1 << 14, default: 512)
    countPerToken = try reader.integer("num_experts_per_tok", in: 0...1 << 14, default: 10)
    intermediateSize = try reader.integer("moe_intermediate_size", in: 1...1 << 18, default: 512)
    sharedIntermediateSize = try reader.integer("shared_expert_intermediate_size", in: 1...1 << 20, default: 512)
    normalizesTopK = try reader.bool("norm_topk_prob") ?? true
    guard count == 0 || 1...count ~= countPerToken else {
      throw reader.invalid(
        "num_experts_per_tok", expected: "a number from 1 to num_experts (\(count))", found: "\(countPerToken)")
    }
  }
}
