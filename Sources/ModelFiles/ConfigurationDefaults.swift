/// What transformers 5.23 assumes where a `config.json` is silent, by architecture.
struct ConfigurationDefaults {
  var vocabularySize = 151_936
  var hiddenSize = 4096
  var intermediateSize = 22016
  var layerCount = 32
  var headCount = 32
  /// As many as query heads where nil.
  var keyValueHeadCount: Int?
  /// The hidden size over the heads where nil.
  var headDimension: Int?
  var maximumPositionEmbeddings = 32768
  var partialRotaryFactor = 1.0
  /// Nil where the architecture has no experts.
  var experts: ExpertConfiguration?

  init(_ architecture: Architecture) {
    switch architecture {
    case .llama:
      vocabularySize = 32000
      intermediateSize = 11008
      maximumPositionEmbeddings = 2048
    case .qwen2: break
    case .qwen3: headDimension = 128
    case .qwen3MoE:
      hiddenSize = 2048
      intermediateSize = 6144
      layerCount = 24
      keyValueHeadCount = 4
      experts = ExpertConfiguration(
        count: 128, countPerToken: 8, intermediateSize: 768, sharedIntermediateSize: 0, normalizesTopK: false)
    case .qwen3Next:
      hiddenSize = 2048
      intermediateSize = 5632
      layerCount = 48
      headCount = 16
      keyValueHeadCount = 2
      headDimension = 256
      partialRotaryFactor = 0.25
      experts = ExpertConfiguration(
        count: 512, countPerToken: 10, intermediateSize: 512, sharedIntermediateSize: 512, normalizesTopK: true)
    }
  }
}
