/// The model architectures this program runs.
public enum Architecture: Sendable, Hashable, CaseIterable {
  /// Llama 2 and 3: dense, plain attention.
  case llama
  /// Qwen2 and 2.5: dense, with biases on q, k and v.
  case qwen2
  /// Qwen3: dense, with norms on the heads of q and k.
  case qwen3
  /// Qwen3-MoE: Qwen3 with routed experts.
  case qwen3MoE
  /// Qwen3-Next: gated delta nets and gated attention, with routed experts and a shared one.
  case qwen3Next

  /// The class in a `config.json`'s `architectures`.
  public var className: String {
    switch self {
    case .llama: "LlamaForCausalLM"
    case .qwen2: "Qwen2ForCausalLM"
    case .qwen3: "Qwen3ForCausalLM"
    case .qwen3MoE: "Qwen3MoeForCausalLM"
    case .qwen3Next: "Qwen3NextForCausalLM"
    }
  }

  /// A `config.json`'s `model_type`.
  public var modelType: String {
    switch self {
    case .llama: "llama"
    case .qwen2: "qwen2"
    case .qwen3: "qwen3"
    case .qwen3MoE: "qwen3_moe"
    case .qwen3Next: "qwen3_next"
    }
  }

  /// A GGUF file's `general.architecture`, with which its other keys begin.
  public var ggufName: String {
    switch self {
    case .llama: "llama"
    case .qwen2: "qwen2"
    case .qwen3: "qwen3"
    case .qwen3MoE: "qwen3moe"
    case .qwen3Next: "qwen3next"
    }
  }

  /// Whether queries come with gates for attention's result.
  public var gatesAttention: Bool { self == .qwen3Next }

  /// Whether the heads of queries and keys are normalised.
  public var normalizesHeads: Bool {
    switch self {
    case .llama, .qwen2: false
    case .qwen3, .qwen3MoE, .qwen3Next: true
    }
  }

  /// Whether the projections of queries, keys and values have biases.
  public var hasAttentionBias: Bool { self == .qwen2 }
}
