/// What mixes tokens in a decoder layer.
public enum LayerKind: Sendable, Hashable {
  /// Softmax attention over all positions, with a KV cache.
  case fullAttention
  /// Gated DeltaNet, with a state of constant size.
  case linearAttention
}

/// What follows the mixing of tokens in a decoder layer.
public enum FeedForwardKind: Sendable, Hashable {
  /// Routed experts, and perhaps a shared one.
  case sparse
  /// One gated MLP.
  case dense
}

/// The full-attention layers' sizes.
public struct AttentionConfiguration: Sendable, Hashable {
  /// Query heads (`num_attention_heads`).
  public let headCount: Int
  /// Key and value heads (`num_key_value_heads`); divides `headCount`.
  public let keyValueHeadCount: Int
  /// Elements of a head (`head_dim`).
  public let headDimension: Int
  /// Whether each head of the query projection is followed by a gate for the head's result.
  public let hasGate: Bool
  /// Whether the heads of queries and keys are normalised.
  public let normalizesHeads: Bool
  /// Whether the projections of queries, keys and values have biases.
  public let hasBias: Bool
}

/// The Gated DeltaNet layers' sizes.
public struct LinearAttentionConfiguration: Sendable, Hashable {
  /// Query and key heads (`linear_num_key_heads`); divides `valueHeadCount`.
  public let keyHeadCount: Int
  /// Value heads (`linear_num_value_heads`).
  public let valueHeadCount: Int
  /// Elements of a query or key head (`linear_key_head_dim`).
  public let keyHeadDimension: Int
  /// Elements of a value head (`linear_value_head_dim`).
  public let valueHeadDimension: Int
  /// Taps of the causal convolution (`linear_conv_kernel_dim`), the current token's among them.
  public let convolutionKernelSize: Int

  /// Elements of all key heads together.
  public var keyDimension: Int { keyHeadCount * keyHeadDimension }
  /// Elements of all value heads together.
  public var valueDimension: Int { valueHeadCount * valueHeadDimension }
  /// Channels of the convolution: queries, keys and values.
  public var convolutionDimension: Int { 2 * keyDimension + valueDimension }

  /// The sizes of a model without such layers.
  static let none = LinearAttentionConfiguration(
    keyHeadCount: 0, valueHeadCount: 0, keyHeadDimension: 0, valueHeadDimension: 0, convolutionKernelSize: 0)
}

/// The mixture of experts' sizes.
public struct ExpertConfiguration: Sendable, Hashable {
  /// Routed experts a layer (`num_experts`).
  public let count: Int
  /// Routed experts a token uses (`num_experts_per_tok`), at most `count`.
  public let countPerToken: Int
  /// Inner size of a routed expert (`moe_intermediate_size`).
  public let intermediateSize: Int
  /// Inner size of the shared expert (`shared_expert_intermediate_size`); 0 where there is none.
  public let sharedIntermediateSize: Int
  /// Whether the chosen experts' probabilities are scaled to sum to one (`norm_topk_prob`).
  public let normalizesTopK: Bool

  /// The sizes of a model without experts.
  static let none = ExpertConfiguration(
    count: 0, countPerToken: 0, intermediateSize: 0, sharedIntermediateSize: 0, normalizesTopK: false)
}

/// What a model's files say of its architecture and sizes, typed and validated.
///
/// Sizes are bounded so that no product of them that describes a tensor, a page or a slot overflows.
public struct ModelConfiguration: Sendable, Hashable {
  /// How the model computes.
  public let architecture: Architecture
  /// Rows of the embedding and of the output projection (`vocab_size`), which may exceed the tokenizer's.
  public let vocabularySize: Int
  /// Elements of a token's activation between layers (`hidden_size`).
  public let hiddenSize: Int
  /// Inner size of dense feed-forward layers (`intermediate_size`).
  public let intermediateSize: Int
  /// What mixes tokens, by layer.
  public let layerKinds: [LayerKind]
  /// What follows it, by layer.
  public let feedForwardKinds: [FeedForwardKind]
  /// The full-attention layers' sizes.
  public let attention: AttentionConfiguration
  /// The linear-attention layers' sizes; zeros where there are no such layers.
  public let linearAttention: LinearAttentionConfiguration
  /// The experts' sizes; all layers are dense where their count is 0.
  public let experts: ExpertConfiguration
  /// Rotary position embedding of the full-attention layers.
  public let rope: RotaryConfiguration
  /// Added to the mean square in every RMS norm (`rms_norm_eps`), except the fixed 1e-6 of the delta rule's q and k.
  public let normEpsilon: Double
  /// `max_position_embeddings`, as stated.
  public let maximumPositionEmbeddings: Int
  /// Whether the output projection is the embedding (`tie_word_embeddings`).
  public let tiesWordEmbeddings: Bool
  /// Tokens that end a reply (`eos_token_id`), possibly none.
  public let eosTokenIDs: [Int32]
  /// The token that begins a text (`bos_token_id`), if any.
  public let bosTokenID: Int32?

  /// Whether a multi-token-prediction head is to be computed with; `ModelPackage` says whether the files have one.
  public var hasDraftHead = false

  /// Number of decoder layers (`num_hidden_layers`).
  public var layerCount: Int { layerKinds.count }

  /// Layers with full attention.
  public var attentionLayerCount: Int { layerKinds.count { $0 == .fullAttention } }

  /// The most tokens a sequence may have. YaRN extends it by its factor where `max_position_embeddings` was left
  /// at the original length.
  public var contextLength: Int {
    guard let yarn = rope.yarn else { return maximumPositionEmbeddings }
    return max(maximumPositionEmbeddings, Int(Double(yarn.originalContextLength) * yarn.factor))
  }
}
