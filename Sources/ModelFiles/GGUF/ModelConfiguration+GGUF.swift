extension ModelConfiguration {
  /// Reads the metadata of a GGUF model.
  public init(_ model: GGUFFile) throws(ModelFileError) {
    try self.init(metadata: model.metadata, tensors: model.entries)
  }

  /// Reads metadata as llama.cpp's converter writes it. Absent keys mean what they mean to llama.cpp.
  ///
  /// - Parameter tensors: the descriptions of the tensors beside it, which say what the metadata leaves open: rows of
  ///   the embedding, whether there are biases and whether the output projection is the embedding.
  public init(metadata: GGUFMetadata, tensors: [TensorEntry]) throws(ModelFileError) {
    let keys = try ArchitectureKeys(metadata)
    try keys.refuseVariants()
    architecture = keys.architecture
    hiddenSize = try keys.requiredInteger("embedding_length", in: SizeLimits.hidden)
    maximumPositionEmbeddings = try keys.requiredInteger("context_length", in: SizeLimits.positions)
    if let window = try keys.integer("attention.sliding_window", in: 0...Int.max),
      1..<maximumPositionEmbeddings ~= window
    {
      throw keys.invalid("attention.sliding_window", expected: "at least the context of \(maximumPositionEmbeddings)")
    }
    guard let epsilon = try keys.number("attention.layer_norm_rms_epsilon", in: 0...1) else {
      throw keys.invalid("attention.layer_norm_rms_epsilon", expected: "a number from 0.0 to 1.0")
    }
    normEpsilon = epsilon

    // Blocks of a multi-token-prediction head follow the layers and are counted with them.
    let blockCount = try keys.requiredInteger("block_count", in: SizeLimits.layers)
    let headCount = try keys.integer("nextn_predict_layers", in: 0...blockCount - 1) ?? 0
    let kinds = try Self.layerKinds(keys, layerCount: blockCount - headCount)
    layerKinds = kinds
    let layers = Array(kinds.indices)
    experts = architecture.hasExperts ? try ExpertConfiguration(keys, layers: layers) : .none
    let width = try keys.layerInteger("feed_forward_length", in: SizeLimits.intermediate, layers: layers)
    // No layer is dense where there are experts.
    guard let width = architecture.hasExperts ? width ?? experts.intermediateSize : width else {
      throw keys.invalid("feed_forward_length", expected: "a whole number")
    }
    intermediateSize = width
    feedForwardKinds = layers.map { [architecture] _ in architecture.hasExperts ? .sparse : .dense }
    linearAttention = architecture == .qwen3Next ? try LinearAttentionConfiguration(keys) : .none
    attention = try AttentionConfiguration(
      keys, tensors, hiddenSize: hiddenSize, layers: layers.filter { kinds[$0] == .fullAttention })
    rope = try RotaryConfiguration(
      keys, headDimension: attention.headDimension, maximumPositionEmbeddings: maximumPositionEmbeddings)
    vocabularySize = try Self.vocabularySize(keys, tensors)
    tiesWordEmbeddings = tensors.entry("output.weight") == nil
    let tokenizer = try TokenizerMetadata.EndTokens(metadata)
    eosTokenIDs = tokenizer.end
    bosTokenID = tokenizer.begin
  }

  /// An explicit list wins; otherwise every `full_attention_interval`-th layer of Qwen3-Next has full attention, and
  /// every layer of the others.
  private static func layerKinds(
    _ keys: ArchitectureKeys, layerCount: Int
  ) throws(ModelFileError) -> [LayerKind] {
    guard keys.architecture == .qwen3Next else { return Array(repeating: .fullAttention, count: layerCount) }
    let listKey = "attention.recurrent_layers"
    if let list = try keys.metadata.integers(keys.key(listKey)) {
      guard list.count >= layerCount else { throw keys.invalid(listKey, expected: "\(layerCount) flags") }
      return list.prefix(layerCount).map { $0 == 0 ? .fullAttention : .linearAttention }
    }
    let interval = try keys.integer("full_attention_interval", in: 1...1 << 20) ?? 4
    return (1...layerCount).map { $0.isMultiple(of: interval) ? .fullAttention : .linearAttention }
  }

  /// The embedding's rows: the metadata may count the tokenizer's tokens only.
  private static func vocabularySize(
    _ keys: ArchitectureKeys, _ tensors: [TensorEntry]
  ) throws(ModelFileError) -> Int {
    let name = "token_embd.weight"
    guard let embedding = tensors.entry(name), let rows = embedding.shape.first else {
      return try keys.requiredInteger("vocab_size", in: SizeLimits.vocabulary)
    }
    guard SizeLimits.vocabulary.contains(rows) else {
      throw .invalidTensor(
        file: keys.metadata.file, tensor: name, expected: "at most \(SizeLimits.vocabulary.upperBound) rows",
        found: "\(rows)")
    }
    return rows
  }
}

extension [TensorEntry] {
  fileprivate func entry(_ name: String) -> TensorEntry? { first { $0.name == name } }
}

extension Architecture {
  /// Whether feed-forward layers are mixtures of experts.
  fileprivate var hasExperts: Bool { self == .qwen3MoE || self == .qwen3Next }
}

extension AttentionConfiguration {
  /// `layers` are those with full attention.
  fileprivate init(
    _ keys: ArchitectureKeys, _ tensors: [TensorEntry], hiddenSize: Int, layers: [Int]
  ) throws(ModelFileError) {
    guard let heads = try keys.layerInteger("attention.head_count", in: SizeLimits.heads, layers: layers) else {
      throw keys.invalid("attention.head_count", expected: "a whole number")
    }
    headCount = heads
    keyValueHeadCount =
      try keys.layerInteger("attention.head_count_kv", in: SizeLimits.heads, layers: layers) ?? heads
    let standard = max(1, hiddenSize / heads)
    headDimension = try keys.integer("attention.key_length", in: SizeLimits.headDimension) ?? standard
    let valueDimension = try keys.integer("attention.value_length", in: SizeLimits.headDimension) ?? standard
    guard valueDimension == headDimension else {
      throw keys.invalid(
        "attention.value_length", expected: "\(headDimension), as attention.key_length", found: "\(valueDimension)")
    }
    guard headCount.isMultiple(of: keyValueHeadCount) else {
      throw keys.invalid("attention.head_count", expected: "a multiple of head_count_kv (\(keyValueHeadCount))")
    }
    guard headCount * headDimension <= SizeLimits.headElements else {
      throw keys.invalid(
        "attention.head_count", expected: "at most \(SizeLimits.headElements) elements in all heads of key_length",
        found: "\(headCount) heads of \(headDimension)")
    }
    hasGate = keys.architecture.gatesAttention
    normalizesHeads = keys.architecture.normalizesHeads
    let hasBiasTensor = layers.first.map { tensors.entry("blk.\($0).attn_q.bias") != nil } ?? false
    hasBias = keys.architecture.hasAttentionBias || hasBiasTensor
  }
}

extension LinearAttentionConfiguration {
  /// The keys are those of state-space models: groups are key heads, the rank of the time step is the value heads.
  fileprivate init(_ keys: ArchitectureKeys) throws(ModelFileError) {
    keyHeadCount = try keys.requiredInteger("ssm.group_count", in: SizeLimits.heads)
    valueHeadCount = try keys.requiredInteger("ssm.time_step_rank", in: SizeLimits.heads)
    keyHeadDimension = try keys.requiredInteger("ssm.state_size", in: SizeLimits.headDimension)
    convolutionKernelSize = try keys.requiredInteger("ssm.conv_kernel", in: SizeLimits.convolutionTaps)
    let inner = try keys.requiredInteger("ssm.inner_size", in: 1...SizeLimits.headElements)
    guard inner.isMultiple(of: valueHeadCount) else {
      throw keys.invalid("ssm.inner_size", expected: "a multiple of ssm.time_step_rank (\(valueHeadCount))")
    }
    valueHeadDimension = inner / valueHeadCount
    guard valueHeadCount.isMultiple(of: keyHeadCount) else {
      throw keys.invalid("ssm.time_step_rank", expected: "a multiple of ssm.group_count (\(keyHeadCount))")
    }
    guard keyHeadCount * keyHeadDimension <= SizeLimits.headElements else {
      throw keys.invalid(
        "ssm.group_count", expected: "at most \(SizeLimits.headElements) elements in all heads of ssm.state_size",
        found: "\(keyHeadCount) heads of \(keyHeadDimension)")
    }
  }
}

extension ExpertConfiguration {
  /// llama.cpp always scales the chosen experts' probabilities of these architectures to sum to one.
  fileprivate init(_ keys: ArchitectureKeys, layers: [Int]) throws(ModelFileError) {
    count = try keys.requiredInteger("expert_count", in: 1...SizeLimits.experts.upperBound)
    countPerToken = try keys.requiredInteger("expert_used_count", in: 1...count)
    let widthKey = "expert_feed_forward_length"
    guard let width = try keys.layerInteger(widthKey, in: SizeLimits.expertIntermediate, layers: layers) else {
      throw keys.invalid(widthKey, expected: "a whole number")
    }
    intermediateSize = width
    if keys.architecture == .qwen3Next {
      let sharedKey =
        keys.has("expert_shared_feed_forward_length")
        ? "expert_shared_feed_forward_length" : "feed_forward_length"
      guard let width = try keys.layerInteger(sharedKey, in: SizeLimits.intermediate, layers: layers) else {
        throw keys.invalid(sharedKey, expected: "a whole number")
      }
      sharedIntermediateSize = width
    } else {
      sharedIntermediateSize = 0
    }
    normalizesTopK = true
  }
}

extension RotaryConfiguration {
  fileprivate init(
    _ keys: ArchitectureKeys, headDimension: Int, maximumPositionEmbeddings: Int
  ) throws(ModelFileError) {
    theta = try keys.number("rope.freq_base", in: SizeLimits.ropeTheta) ?? 10_000
    dimension = try keys.integer("rope.dimension_count", in: 1...headDimension) ?? headDimension
    guard 2 * ((dimension + 1) / 2) <= headDimension else {
      throw keys.invalid("rope.dimension_count", expected: "whole pairs in a head of \(headDimension)")
    }
    partialFactor = Double(dimension) / Double(headDimension)
    pairing = keys.architecture == .llama ? .interleaved : .halves

    // Older files state a linear factor without a type.
    let factorKey = keys.has("rope.scaling.factor") ? "rope.scaling.factor" : "rope.scale_linear"
    let factor = try keys.number(factorKey, in: 0...SizeLimits.ropeFactor.upperBound) ?? 0
    guard factor == 0 || SizeLimits.ropeFactor.contains(factor) else {
      throw keys.invalid(factorKey, expected: "0, or a number from 1.0 to \(SizeLimits.ropeFactor.upperBound)")
    }
    switch try keys.string("rope.scaling.type") ?? "linear" {
    case "none": scaling = .none
    case "linear": scaling = factor > 1 ? .linear(factor: factor) : .none
    case "yarn":
      scaling = .yarn(
        try YaRNConfiguration(
          keys, factor: max(1, factor), maximumPositionEmbeddings: maximumPositionEmbeddings))
    default: throw keys.invalid("rope.scaling.type", expected: "\"none\", \"linear\" or \"yarn\"")
    }
    if yarn == nil, try keys.number("rope.scaling.attn_factor", in: 0...1000) ?? 1 != 1 {
      throw keys.invalid("rope.scaling.attn_factor", expected: "1 without YaRN")
    }
  }
}

extension YaRNConfiguration {
  fileprivate init(
    _ keys: ArchitectureKeys, factor: Double, maximumPositionEmbeddings: Int
  ) throws(ModelFileError) {
    self.factor = factor
    originalContextLength =
      try keys.integer("rope.scaling.original_context_length", in: SizeLimits.positions) ?? maximumPositionEmbeddings
    guard Double(originalContextLength) * factor <= Double(SizeLimits.positions.upperBound) else {
      throw keys.invalid(
        "rope.scaling.factor", expected: "a context of at most \(SizeLimits.positions.upperBound) tokens")
    }
    betaFast = try keys.number("rope.scaling.yarn_beta_fast", in: 0.001...1_000_000) ?? 32
    betaSlow = try keys.number("rope.scaling.yarn_beta_slow", in: 0.001...1_000_000) ?? 1
    truncates = true
    guard try keys.number("rope.scaling.yarn_ext_factor", in: -1...1000) ?? 1 == 1 else {
      throw keys.invalid("rope.scaling.yarn_ext_factor", expected: "1")
    }
    let overall = try keys.number("rope.scaling.attn_factor", in: 0.001...1000) ?? 1
    if let stated = try keys.number("rope.scaling.yarn_attn_factor", in: 0.001...1000) {
      attentionFactor = stated * overall
    } else {
      let allDimensions = try keys.number("rope.scaling.yarn_log_multiplier", in: 0...1000) ?? 0
      let divisor = allDimensions == 0 ? 1 : Self.magnitude(factor, allDimensions)
      attentionFactor = Self.magnitude(factor, 1) / divisor * overall
    }
  }
}
