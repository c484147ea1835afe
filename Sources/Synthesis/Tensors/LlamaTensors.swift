internal import ModelFiles
internal import Tensor

/// The tensors of a GGUF file, as llama.cpp names and shapes them: experts stacked, norms already 1 + w, the decay as
/// −exp(A_log), linear attention's queries, keys and values apart from its gate. All but matrices are F32, the router
/// too.
struct LlamaTensors {
  private let shape: ModelShape
  private let mix: WeightMix
  private var layer = 0
  private(set) var tensors: [PlannedTensor] = []

  init(_ shape: ModelShape, _ mix: WeightMix) {
    self.shape = shape
    self.mix = mix
    let (rows, hidden) = (shape.vocabularySize, shape.hiddenSize)
    let embeddingType = mix.type(.other, layer: 0, layerCount: shape.layerCount, columns: hidden)
    tensors.append(
      PlannedTensor("token_embd.weight", [rows, hidden], embeddingType, .around(deviation: Gain.embedding)))
    for index in 0..<shape.layerCount { addLayer(index, hasFullAttention: shape.hasFullAttention(layer: index)) }
    if shape.hasDraftHead {
      addLayer(shape.layerCount, hasFullAttention: true)
      matrix("nextn.eh_proj.weight", [hidden, 2 * hidden])
      for name in ["enorm", "hnorm", "shared_head_norm"] { vector("nextn.\(name).weight", hidden, .norm) }
    }
    tensors.append(PlannedTensor("output_norm.weight", [hidden], .f32, .norm))
    let outputType = mix.type(.output, layer: 0, layerCount: shape.layerCount, columns: hidden)
    tensors.append(
      PlannedTensor("output.weight", [rows, hidden], outputType, scaled(Gain.output, columns: hidden)))
  }

  private mutating func addLayer(_ index: Int, hasFullAttention: Bool) {
    layer = index
    vector("attn_norm.weight", shape.hiddenSize, .norm)
    if hasFullAttention { addAttention() } else { addLinearAttention() }
    if shape.hasExperts { addExperts() } else { addDense() }
  }

  private mutating func addAttention() {
    let (hidden, size) = (shape.hiddenSize, shape.headSize)
    let (queries, keys) = (shape.headCount * size, shape.keyValueHeadCount * size)
    // Each head's query is followed by its gate.
    matrix("attn_q.weight", [shape.architecture.gatesAttention ? 2 * queries : queries, hidden])
    matrix("attn_k.weight", [keys, hidden])
    matrix("attn_v.weight", [keys, hidden], .value)
    matrix("attn_output.weight", [hidden, queries])
    if shape.architecture.hasAttentionBias {
      vector("attn_q.bias", queries, .around(deviation: 0.1))
      vector("attn_k.bias", keys, .around(deviation: 0.1))
      vector("attn_v.bias", keys, .around(deviation: 0.1))
    }
    if shape.architecture.normalizesHeads {
      vector("attn_q_norm.weight", size, .norm)
      vector("attn_k_norm.weight", size, .norm)
    }
  }

  private mutating func addLinearAttention() {
    let (hidden, values) = (shape.hiddenSize, shape.linearValueDimension)
    matrix("attn_qkv.weight", [shape.convolutionDimension, hidden], .value)
    matrix("attn_gate.weight", [values, hidden])
    add("ssm_conv1d.weight", [shape.convolutionDimension, shape.convolutionKernelSize], .f32, .around(deviation: 0.5))
    vector("ssm_dt.bias", shape.linearValueHeadCount, .between(-2.5, 0.5))
    vector("ssm_a", shape.linearValueHeadCount, .between(-1, -0.02))
    matrix("ssm_ba.weight", [2 * shape.linearValueHeadCount, hidden], gain: Gain.decision)
    vector("ssm_norm.weight", shape.linearHeadSize, .norm)
    matrix("ssm_out.weight", [hidden, values])
  }

  private mutating func addDense() {
    let (hidden, size) = (shape.hiddenSize, shape.intermediateSize)
    vector("ffn_norm.weight", hidden, .norm)
    matrix("ffn_gate.weight", [size, hidden])
    matrix("ffn_up.weight", [size, hidden])
    matrix("ffn_down.weight", [hidden, size], .down)
  }

  private mutating func addExperts() {
    let (hidden, count, size) = (shape.hiddenSize, shape.expertCount, shape.expertSize)
    let hasSharedExpert = shape.architecture == .qwen3Next
    vector(hasSharedExpert ? "post_attention_norm.weight" : "ffn_norm.weight", hidden, .norm)
    add("ffn_gate_inp.weight", [count, hidden], .f32, scaled(Gain.decision, columns: hidden))
    matrix("ffn_gate_exps.weight", [count, size, hidden])
    matrix("ffn_up_exps.weight", [count, size, hidden])
    matrix("ffn_down_exps.weight", [count, hidden, size], .down)
    guard hasSharedExpert else { return }
    let sharedSize = shape.sharedExpertSize
    vector("ffn_gate_inp_shexp.weight", hidden, scaled(Gain.decision, columns: hidden))
    matrix("ffn_gate_shexp.weight", [sharedSize, hidden])
    matrix("ffn_up_shexp.weight", [sharedSize, hidden])
    matrix("ffn_down_shexp.weight", [hidden, sharedSize], .down)
  }

  // MARK: - Of the current layer

  private mutating func matrix(
    _ name: String, _ dimensions: [Int], _ role: WeightMix.Role = .other, gain: Float = Gain.standard
  ) {
    let columns = dimensions[dimensions.count - 1]
    let type = mix.type(role, layer: layer, layerCount: shape.layerCount, columns: columns)
    add(name, dimensions, type, scaled(gain, columns: columns))
  }

  private mutating func vector(_ name: String, _ count: Int, _ values: ValueRange) {
    add(name, [count], .f32, values)
  }

  private mutating func add(_ name: String, _ dimensions: [Int], _ type: ElementType, _ values: ValueRange) {
    tensors.append(PlannedTensor("blk.\(layer).\(name)", dimensions, type, values))
  }
}
