/// How many weights a model of some configuration has.
public struct ParameterCount: Sendable, Hashable {
  /// All weights, without those of a multi-token-prediction head.
  public let total: Int
  /// The weights one token is multiplied with: of the routed experts only those it uses, and not the embedding, of
  /// which it reads a row.
  public let active: Int

  /// Counts from the sizes alone, without looking at any file.
  public init(of model: ModelConfiguration) {
    let embedding = model.vocabularySize * model.hiddenSize
    var total = embedding + model.hiddenSize
    var active = embedding + model.hiddenSize
    if !model.tiesWordEmbeddings { total += embedding }
    for (layer, feedForward) in zip(model.layerKinds, model.feedForwardKinds) {
      let mixer = layer == .fullAttention ? Self.fullAttention(model) : Self.linearAttention(model)
      let shared = mixer + 2 * model.hiddenSize
      switch feedForward {
      case .dense:
        let dense = 3 * model.hiddenSize * model.intermediateSize
        total += shared + dense
        active += shared + dense
      case .sparse:
        let expert = 3 * model.hiddenSize * model.experts.intermediateSize
        let always = model.hiddenSize * (model.experts.count + 3 * model.experts.sharedIntermediateSize + 1)
        total += shared + always + model.experts.count * expert
        active += shared + always + model.experts.countPerToken * expert
      }
    }
    self.total = total
    self.active = active
  }

  /// Queries and gates, keys, values, output, and the norms of q and k.
  private static func fullAttention(_ model: ModelConfiguration) -> Int {
    let size = model.attention
    let heads = 3 * size.headCount + 2 * size.keyValueHeadCount
    return model.hiddenSize * heads * size.headDimension + 2 * size.headDimension
  }

  /// Projections of q, k, v, z, b and a, output, convolution, A_log and dt_bias, and the gated norm.
  private static func linearAttention(_ model: ModelConfiguration) -> Int {
    let size = model.linearAttention
    let projections = 2 * size.keyDimension + 3 * size.valueDimension + 2 * size.valueHeadCount
    return model.hiddenSize * projections + size.convolutionDimension * size.convolutionKernelSize
      + 2 * size.valueHeadCount + size.valueHeadDimension
  }
}
