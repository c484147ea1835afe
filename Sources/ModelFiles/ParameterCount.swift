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
      let common = mixer + 2 * model.hiddenSize
      switch feedForward {
      case .dense:
        let dense = 3 * model.hiddenSize * model.intermediateSize
        total += common + dense
        active += common + dense
      case .sparse:
        let expert = 3 * model.hiddenSize * model.experts.intermediateSize
        let shared = model.experts.sharedIntermediateSize
        let always = model.hiddenSize * (model.experts.count + (shared > 0 ? 3 * shared + 1 : 0))
        total += common + always + model.experts.count * expert
        active += common + always + model.experts.countPerToken * expert
      }
    }
    self.total = total
    self.active = active
  }

  /// Queries and perhaps gates, keys, values, output, and the norms and biases some have.
  private static func fullAttention(_ model: ModelConfiguration) -> Int {
    let size = model.attention
    let heads = (size.hasGate ? 3 : 2) * size.headCount + 2 * size.keyValueHeadCount
    let norms = size.normalizesHeads ? 2 : 0
    let biases = size.hasBias ? size.headCount + 2 * size.keyValueHeadCount : 0
    return (model.hiddenSize * heads + norms + biases) * size.headDimension
  }

  /// Projections of q, k, v, z, b and a, output, convolution, A_log and dt_bias, and the gated norm.
  private static func linearAttention(_ model: ModelConfiguration) -> Int {
    let size = model.linearAttention
    let projections = 2 * size.keyDimension + 3 * size.valueDimension + 2 * size.valueHeadCount
    return model.hiddenSize * projections + size.convolutionDimension * size.convolutionKernelSize
      + 2 * size.valueHeadCount + size.valueHeadDimension
  }
}
