public import ModelFiles

/// The sizes of a model to make.
public struct ModelShape: Sendable, Hashable {
  /// How the model computes.
  public let architecture: Architecture
  /// Decoder layers.
  public var layerCount: Int
  /// Elements of a token's activation between layers.
  public var hiddenSize: Int
  /// Tokens.
  public var vocabularySize: Int
  /// Inner size of a dense feed-forward part.
  public var intermediateSize: Int
  /// Query heads.
  public var headCount: Int
  /// Key and value heads; divides `headCount`.
  public var keyValueHeadCount: Int
  /// Elements of a head.
  public var headSize: Int
  /// Routed experts a layer; 0 in dense models.
  public var expertCount: Int
  /// Routed experts a token uses.
  public var expertsPerToken: Int
  /// Inner size of a routed expert.
  public var expertSize: Int
  /// Inner size of the shared expert; 0 where there is none.
  public var sharedExpertSize: Int
  /// Query and key heads of linear attention; 0 where there is none.
  public var linearKeyHeadCount: Int
  /// Value heads of linear attention; a multiple of its key heads.
  public var linearValueHeadCount: Int
  /// Elements of a head of linear attention.
  public var linearHeadSize: Int
  /// Every so many layers, one has full attention; 1 where all have.
  public var fullAttentionInterval: Int
  /// Tokens a sequence may have.
  public var contextLength: Int
  /// Whether Qwen3-Next gets a multi-token-prediction head.
  public var hasDraftHead = false

  /// Taps of linear attention's convolution.
  let convolutionKernelSize = 4
  /// Added to the mean square in norms.
  let normEpsilon: Float = 1e-6

  /// The proportions of a published model of the architecture: Qwen3-Next-80B-A3B and Qwen3-30B-A3B with 8 layers and
  /// 64 experts, Qwen3-0.6B, Qwen2-0.5B, Llama-3.2-1B.
  public init(_ architecture: Architecture) {
    self.architecture = architecture
    (layerCount, hiddenSize, vocabularySize, intermediateSize) = (8, 2048, 151_936, 6144)
    (headCount, keyValueHeadCount, headSize) = (16, 2, 256)
    (expertCount, expertsPerToken, expertSize, sharedExpertSize) = (0, 0, 0, 0)
    (linearKeyHeadCount, linearValueHeadCount, linearHeadSize, fullAttentionInterval) = (0, 0, 0, 1)
    contextLength = 32768
    switch architecture {
    case .qwen3Next:
      intermediateSize = 5632
      (expertCount, expertsPerToken, expertSize, sharedExpertSize) = (64, 10, 512, 512)
      (linearKeyHeadCount, linearValueHeadCount, linearHeadSize, fullAttentionInterval) = (16, 32, 128, 4)
      contextLength = 262_144
    case .qwen3MoE:
      (headCount, keyValueHeadCount, headSize) = (32, 4, 128)
      (expertCount, expertsPerToken, expertSize) = (64, 8, 768)
      contextLength = 40960
    case .qwen3:
      (layerCount, hiddenSize, intermediateSize) = (28, 1024, 3072)
      (headCount, keyValueHeadCount, headSize) = (16, 8, 128)
      contextLength = 40960
    case .qwen2:
      (layerCount, hiddenSize, intermediateSize) = (24, 896, 4864)
      (headCount, keyValueHeadCount, headSize) = (14, 2, 64)
    case .llama:
      (layerCount, hiddenSize, vocabularySize, intermediateSize) = (16, 2048, 128_256, 8192)
      (headCount, keyValueHeadCount, headSize) = (32, 8, 64)
      contextLength = 131_072
    }
  }

  /// Base of the rotary embedding's frequencies.
  var rotaryBase: Float {
    switch architecture {
    case .qwen3Next: 10_000_000
    case .qwen3MoE, .qwen3, .qwen2: 1_000_000
    case .llama: 500_000
    }
  }

  /// Elements of a head that are rotated.
  var rotaryDimension: Int { architecture == .qwen3Next ? headSize / 4 : headSize }

  var hasLinearAttention: Bool { architecture == .qwen3Next }
  var hasExperts: Bool { architecture == .qwen3Next || architecture == .qwen3MoE }

  /// Elements of all key heads of linear attention.
  var linearKeyDimension: Int { linearKeyHeadCount * linearHeadSize }
  /// Elements of all its value heads.
  var linearValueDimension: Int { linearValueHeadCount * linearHeadSize }
  /// Channels of its convolution: queries, keys and values.
  var convolutionDimension: Int { 2 * linearKeyDimension + linearValueDimension }

  func hasFullAttention(layer: Int) -> Bool { !hasLinearAttention || (layer + 1) % fullAttentionInterval == 0 }
}
