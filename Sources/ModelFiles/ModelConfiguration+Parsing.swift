internal import JSON

extension ModelConfiguration {
  /// Reads the contents of a `config.json`. `file` names it in errors. Absent keys have the defaults of transformers
  /// 5.23.
  public init(parsing text: some Collection<UInt8>, file: String = "config.json") throws(ModelFileError) {
    let reader = try ConfigurationReader(parsing: text, file: file)
    architecture = try Self.architecture(reader)
    let standard = ConfigurationDefaults(architecture)
    try Self.refuseVariants(reader)

    vocabularySize = try reader.integer("vocab_size", in: SizeLimits.vocabulary, default: standard.vocabularySize)
    hiddenSize = try reader.integer("hidden_size", in: SizeLimits.hidden, default: standard.hiddenSize)
    intermediateSize = try reader.integer(
      "intermediate_size", in: SizeLimits.intermediate, default: standard.intermediateSize)
    attention = try AttentionConfiguration(reader, architecture, standard, hiddenSize: hiddenSize)
    linearAttention = architecture == .qwen3Next ? try LinearAttentionConfiguration(reader) : .none
    if let standard = standard.experts {
      experts = try ExpertConfiguration(reader, standard)
    } else {
      experts = .none
    }
    let layerCount = try reader.integer("num_hidden_layers", in: SizeLimits.layers, default: standard.layerCount)
    layerKinds = try Self.layerKinds(reader, architecture, layerCount: layerCount)
    feedForwardKinds = try Self.feedForwardKinds(reader, layerCount: layerCount, expertCount: experts.count)
    normEpsilon = try reader.number("rms_norm_eps", in: 0...1) ?? 1e-6
    maximumPositionEmbeddings = try reader.integer(
      "max_position_embeddings", in: SizeLimits.positions, default: standard.maximumPositionEmbeddings)
    rope = try RotaryConfiguration(
      reader, headDimension: attention.headDimension, maximumPositionEmbeddings: maximumPositionEmbeddings,
      partialFactor: standard.partialRotaryFactor)
    tiesWordEmbeddings = try reader.bool("tie_word_embeddings") ?? false
    eosTokenIDs = try reader.tokenIDs("eos_token_id")
    bosTokenID = try reader.tokenIDs("bos_token_id").first
  }

  private static func architecture(_ reader: ConfigurationReader) throws(ModelFileError) -> Architecture {
    let modelType = try reader.string("model_type")
    let stated = try reader.array("architectures")?.first?.stringValue
    let known = Architecture.allCases.first { $0.modelType == modelType && $0.className == stated ?? $0.className }
    guard let known else {
      let found = [stated, modelType.map { "(model_type \"\($0)\")" }].compactMap { $0 }.joined(separator: " ")
      throw .unsupportedArchitecture(
        file: reader.file, found: found.isEmpty ? "of no name (neither architectures nor model_type)" : found,
        supported: Architecture.allCases.map(\.className))
    }
    return known
  }

  /// Refuses what the supported architectures may also be, but is not computed here.
  private static func refuseVariants(_ reader: ConfigurationReader) throws(ModelFileError) {
    if reader.value("quantization_config") != nil {
      throw reader.invalid("quantization_config", expected: "none (F32, F16 or BF16 weights)")
    }
    if let activation = try reader.string("hidden_act"), activation != "silu" {
      throw reader.invalid("hidden_act", expected: "\"silu\"")
    }
    for key in ["attention_bias", "mlp_bias", "use_sliding_window"] where try reader.bool(key) == true {
      throw reader.invalid(key, expected: "false")
    }
  }

  /// An explicit `layer_types` wins; otherwise every `full_attention_interval`-th layer of Qwen3-Next has full
  /// attention, and every layer of the others.
  private static func layerKinds(
    _ reader: ConfigurationReader, _ architecture: Architecture, layerCount: Int
  ) throws(ModelFileError) -> [LayerKind] {
    let hasLinearLayers = architecture == .qwen3Next
    guard let types = try reader.array("layer_types") else {
      guard hasLinearLayers else { return Array(repeating: .fullAttention, count: layerCount) }
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
      case "linear_attention" where hasLinearLayers: kinds.append(.linearAttention)
      default:
        let expected = "\"full_attention\"" + (hasLinearLayers ? " or \"linear_attention\"" : "")
        throw reader.invalid("layer_types[\(index)]", expected: expected, found: type.excerpt)
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

extension AttentionConfiguration {
  init(
    _ reader: ConfigurationReader, _ architecture: Architecture, _ standard: ConfigurationDefaults, hiddenSize: Int
  ) throws(ModelFileError) {
    headCount = try reader.integer("num_attention_heads", in: SizeLimits.heads, default: standard.headCount)
    keyValueHeadCount = try reader.integer(
      "num_key_value_heads", in: SizeLimits.heads, default: standard.keyValueHeadCount ?? headCount)
    headDimension = try reader.integer(
      "head_dim", in: SizeLimits.headDimension, default: standard.headDimension ?? max(1, hiddenSize / headCount))
    hasGate = architecture.gatesAttention
    normalizesHeads = architecture.normalizesHeads
    hasBias = architecture.hasAttentionBias
    guard headCount.isMultiple(of: keyValueHeadCount) else {
      throw reader.invalid(
        "num_attention_heads", expected: "a multiple of num_key_value_heads (\(keyValueHeadCount))",
        found: "\(headCount)")
    }
    guard headCount * headDimension <= SizeLimits.headElements else {
      throw reader.invalid(
        "num_attention_heads", expected: "at most \(SizeLimits.headElements) elements in all heads of head_dim",
        found: "\(headCount) heads of \(headDimension)")
    }
  }
}

extension LinearAttentionConfiguration {
  init(_ reader: ConfigurationReader) throws(ModelFileError) {
    keyHeadCount = try reader.integer("linear_num_key_heads", in: SizeLimits.heads, default: 16)
    valueHeadCount = try reader.integer("linear_num_value_heads", in: SizeLimits.heads, default: 32)
    keyHeadDimension = try reader.integer("linear_key_head_dim", in: SizeLimits.headDimension, default: 128)
    valueHeadDimension = try reader.integer("linear_value_head_dim", in: SizeLimits.headDimension, default: 128)
    convolutionKernelSize = try reader.integer("linear_conv_kernel_dim", in: SizeLimits.convolutionTaps, default: 4)
    guard valueHeadCount.isMultiple(of: keyHeadCount) else {
      throw reader.invalid(
        "linear_num_value_heads", expected: "a multiple of linear_num_key_heads (\(keyHeadCount))",
        found: "\(valueHeadCount)")
    }
    guard max(keyHeadCount * keyHeadDimension, valueHeadCount * valueHeadDimension) <= SizeLimits.headElements else {
      throw reader.invalid(
        "linear_num_value_heads", expected: "at most \(SizeLimits.headElements) elements in all key or value heads",
        found:
          "\(keyHeadCount) key heads of \(keyHeadDimension), \(valueHeadCount) value heads of \(valueHeadDimension)")
    }
  }
}

extension ExpertConfiguration {
  init(_ reader: ConfigurationReader, _ standard: ExpertConfiguration) throws(ModelFileError) {
    // Some files of Qwen3-MoE call it num_local_experts.
    let countKey =
      reader.value("num_experts") == nil && reader.value("num_local_experts") != nil
      ? "num_local_experts" : "num_experts"
    count = try reader.integer(countKey, in: SizeLimits.experts, default: standard.count)
    countPerToken = try reader.integer("num_experts_per_tok", in: SizeLimits.experts, default: standard.countPerToken)
    intermediateSize = try reader.integer(
      "moe_intermediate_size", in: SizeLimits.expertIntermediate, default: standard.intermediateSize)
    sharedIntermediateSize =
      standard.sharedIntermediateSize == 0
      ? 0
      : try reader.integer(
        "shared_expert_intermediate_size", in: SizeLimits.intermediate, default: standard.sharedIntermediateSize)
    normalizesTopK = try reader.bool("norm_topk_prob") ?? standard.normalizesTopK
    guard count == 0 || 1...count ~= countPerToken else {
      throw reader.invalid(
        "num_experts_per_tok", expected: "a number from 1 to \(countKey) (\(count))", found: "\(countPerToken)")
    }
  }
}
