import ModelFiles

/// One layer: norm, mixer, norm, feed-forward, each pair around a residual.
struct DecoderLayer: Sendable {
  /// What mixes tokens, and the how-manieth layer of its kind it is.
  enum Mixer {
    case attention(Attention, index: Int)
    case deltaNet(GatedDeltaNet, index: Int)
  }

  enum FeedForward {
    case sparse(MixtureOfExperts)
    case dense(GatedMLP)
  }

  let inputNorm: Vector
  let mixer: Mixer
  let feedForwardNorm: Vector
  let feedForward: FeedForward

  init(_ configuration: ModelConfiguration, _ layer: Int, _ loader: inout WeightLoader) throws(ModelError) {
    let hidden = configuration.hiddenSize
    let kind = configuration.layerKinds[layer]
    let index = configuration.layerKinds[..<layer].count { $0 == kind }
    inputNorm = try loader.norm(.inputNorm, layer: layer, count: hidden)
    switch kind {
    case .fullAttention: mixer = .attention(try Attention(configuration, layer: layer, &loader), index: index)
    case .linearAttention: mixer = .deltaNet(try GatedDeltaNet(configuration, layer: layer, &loader), index: index)
    }
    feedForwardNorm = try loader.norm(.feedForwardNorm, layer: layer, count: hidden)
    switch configuration.feedForwardKinds[layer] {
    case .sparse: feedForward = .sparse(try MixtureOfExperts(configuration, layer: layer, &loader))
    case .dense: feedForward = .dense(try GatedMLP(configuration, layer: layer, &loader))
    }
  }
}
