internal import ModelFiles
internal import Tensor

/// The tensors of a Hugging Face folder, as hub files name and shape them: one tensor an expert, Qwen3-Next's norms as
/// w of 1 + w, its linear attention in the fused projections. All have one type.
struct HuggingFaceTensors {
  private let shape: ModelShape
  private let type: ElementType
  private(set) var tensors: [PlannedTensor] = []

  init(_ shape: ModelShape, _ type: ElementType) {
    self.shape = shape
    self.type = type
    let (rows, hidden) = (shape.vocabularySize, shape.hiddenSize)
    add("model.embed_tokens.weight", [rows, hidden], .around(deviation: Gain.embedding))
    for layer in 0..<shape.layerCount {
      addLayer("model.layers.\(layer)", hasFullAttention: shape.hasFullAttention(layer: layer))
    }
    add("model.norm.weight", [hidden], norm)
    matrix("lm_head", rows, hidden, gain: Gain.output)
    guard shape.hasDraftHead else { return }
    add("mtp.pre_fc_norm_embedding.weight", [hidden], norm)
    add("mtp.pre_fc_norm_hidden.weight", [hidden], norm)
    matrix("mtp.fc", hidden, 2 * hidden)
    addLayer("mtp.layers.0", hasFullAttention: true)
    add("mtp.norm.weight", [hidden], norm)
  }

  private mutating func addLayer(_ prefix: String, hasFullAttention: Bool) {
    add("\(prefix).input_layernorm.weight", [shape.hiddenSize], norm)
    if hasFullAttention { addAttention("\(prefix).self_attn") } else { addLinearAttention("\(prefix).linear_attn") }
    add("\(prefix).post_attention_layernorm.weight", [shape.hiddenSize], norm)
    if shape.hasExperts {
      addExperts("\(prefix).mlp")
    } else {
      addFeedForward("\(prefix).mlp", size: shape.intermediateSize)
    }
  }

  /// Norm weights, but for linear attention's own norm.
  private var norm: ValueRange { shape.architecture == .qwen3Next ? .between(-0.2, 0.2) : .norm }

  private mutating func addAttention(_ prefix: String) {
    let (hidden, size) = (shape.hiddenSize, shape.headSize)
    let (queries, keys) = (shape.headCount * size, shape.keyValueHeadCount * size)
    matrix("\(prefix).q_proj", shape.architecture.gatesAttention ? 2 * queries : queries, hidden)
    matrix("\(prefix).k_proj", keys, hidden)
    matrix("\(prefix).v_proj", keys, hidden)
    matrix("\(prefix).o_proj", hidden, queries)
    if shape.architecture.hasAttentionBias {
      add("\(prefix).q_proj.bias", [queries], .around(deviation: 0.1))
      add("\(prefix).k_proj.bias", [keys], .around(deviation: 0.1))
      add("\(prefix).v_proj.bias", [keys], .around(deviation: 0.1))
    }
    if shape.architecture.normalizesHeads {
      add("\(prefix).q_norm.weight", [size], norm)
      add("\(prefix).k_norm.weight", [size], norm)
    }
  }

  private mutating func addLinearAttention(_ prefix: String) {
    let (hidden, keys, values) = (shape.hiddenSize, shape.linearKeyDimension, shape.linearValueDimension)
    let heads = shape.linearValueHeadCount
    matrix("\(prefix).in_proj_qkvz", 2 * keys + 2 * values, hidden)
    matrix("\(prefix).in_proj_ba", 2 * heads, hidden, gain: Gain.decision)
    add(
      "\(prefix).conv1d.weight", [shape.convolutionDimension, 1, shape.convolutionKernelSize],
      .around(deviation: 0.5))
    // A of 0.02 to 1.
    add("\(prefix).A_log", [heads], .between(-3.9, 0))
    add("\(prefix).dt_bias", [heads], .between(-2.5, 0.5))
    add("\(prefix).norm.weight", [shape.linearHeadSize], .norm)
    matrix("\(prefix).out_proj", hidden, values)
  }

  private mutating func addExperts(_ prefix: String) {
    matrix("\(prefix).gate", shape.expertCount, shape.hiddenSize, gain: Gain.decision)
    for expert in 0..<shape.expertCount {
      addFeedForward("\(prefix).experts.\(expert)", size: shape.expertSize)
    }
    guard shape.architecture == .qwen3Next else { return }
    addFeedForward("\(prefix).shared_expert", size: shape.sharedExpertSize)
    matrix("\(prefix).shared_expert_gate", 1, shape.hiddenSize, gain: Gain.decision)
  }

  private mutating func addFeedForward(_ prefix: String, size: Int) {
    matrix("\(prefix).gate_proj", size, shape.hiddenSize)
    matrix("\(prefix).up_proj", size, shape.hiddenSize)
    matrix("\(prefix).down_proj", shape.hiddenSize, size)
  }

  private mutating func matrix(_ name: String, _ rows: Int, _ columns: Int, gain: Float = Gain.standard) {
    add("\(name).weight", [rows, columns], scaled(gain, columns: columns))
  }

  private mutating func add(_ name: String, _ dimensions: [Int], _ values: ValueRange) {
    tensors.append(PlannedTensor(name, dimensions, type, values))
  }
}
