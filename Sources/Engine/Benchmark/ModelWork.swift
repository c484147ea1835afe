public import ModelFiles
public import Models

/// What a model reads and computes, from its sizes and its tensors' types: the numbers that measured speeds are held
/// against.
///
/// Routing is taken as even: of E experts a token uses k, so B tokens together touch E·(1 − (1 − k/E)^B) of them.
public struct ModelWork: Sendable, Hashable {
  /// Positions a chunk of the gated delta rule has (see `DeltaStateLayout`).
  private static let deltaChunk = 16.0

  private let configuration: ModelConfiguration
  /// Weights that every step reads, the output projection's included.
  private let constantBytes: Int
  private let expertBytes: Int
  private let headBytes: Int
  private let draftBytes: Int
  private let draftExpertBytes: Int
  private let embeddingRowBytes: Double
  /// Multiply-adds of weights for a token, without the output projection's.
  private let tokenProducts: [Arithmetic: Double]
  private let headProducts: [Arithmetic: Double]
  private let cacheBytes: CacheBytes

  /// Bytes of the caches.
  public struct CacheBytes: Sendable, Hashable {
    /// Bytes of keys and values of one position, over all layers.
    public var perPosition: Double
    /// Bytes of a state slot, over all layers.
    public var perSlot: Double

    /// What an engine allocates.
    public init(perPosition: Double, perSlot: Double) {
      self.perPosition = perPosition
      self.perSlot = perSlot
    }
  }

  /// The work of a model.
  ///
  /// - Parameters:
  ///   - tensors: all of its weight files' tensors.
  ///   - caches: what an engine allocates for it.
  ///   - compute: what BF16 weights are multiplied with.
  public init(
    _ configuration: ModelConfiguration, tensors: [TensorDescription], caches: CacheBytes,
    compute: BF16Compute = .f32
  ) {
    let weights = tensors.map { tensor in
      WeightTensor(
        name: tensor.name, shape: tensor.shape, byteCount: tensor.byteCount,
        arithmetic: Arithmetic(weightType: tensor.dataType, compute), layerCount: configuration.layerCount)
    }
    self.init(configuration, tensors: weights, caches: caches)
  }

  init(_ configuration: ModelConfiguration, tensors: [WeightTensor], caches: CacheBytes) {
    self.configuration = configuration
    cacheBytes = caches
    var constantBytes = 0
    var expertBytes = 0
    var headBytes = 0
    var draftBytes = 0
    var draftExpertBytes = 0
    var embeddingRowBytes = 0.0
    var tokenProducts: [Arithmetic: Double] = [:]
    var headProducts: [Arithmetic: Double] = [:]
    let isTied = !tensors.contains { $0.role == .head }
    let expertShare = Self.expertShare(configuration)
    for tensor in tensors {
      let products = Double(tensor.multiplyAdds)
      switch tensor.role {
      case .draft: draftBytes += tensor.byteCount
      case .draftExperts: draftExpertBytes += tensor.byteCount
      case .embedding:
        embeddingRowBytes = Double(tensor.byteCount) / Double(configuration.vocabularySize)
        guard isTied else { break }
        constantBytes += tensor.byteCount
        headBytes += tensor.byteCount
        headProducts[tensor.arithmetic, default: 0] += products
      case .head:
        constantBytes += tensor.byteCount
        headBytes += tensor.byteCount
        headProducts[tensor.arithmetic, default: 0] += products
      case .routedExperts:
        expertBytes += tensor.byteCount
        tokenProducts[tensor.arithmetic, default: 0] += products * expertShare
      case .always:
        constantBytes += tensor.byteCount
        tokenProducts[tensor.arithmetic, default: 0] += products
      }
    }
    self.constantBytes = constantBytes
    self.expertBytes = expertBytes
    self.headBytes = headBytes
    self.draftBytes = draftBytes
    self.draftExpertBytes = draftExpertBytes
    self.embeddingRowBytes = embeddingRowBytes
    self.tokenProducts = tokenProducts
    self.headProducts = headProducts
  }

  /// The share of a layer's experts that a token uses.
  private static func expertShare(_ configuration: ModelConfiguration) -> Double {
    let experts = configuration.experts
    return experts.count == 0 ? 0 : Double(experts.countPerToken) / Double(experts.count)
  }

  private var attentionLayers: Double { Double(configuration.layerKinds.count { $0 == .fullAttention }) }
  private var deltaLayers: Double { Double(configuration.layerKinds.count { $0 == .linearAttention }) }

  // MARK: - Bytes

  /// What a step of decoding reads, in bytes.
  public struct DecodeBytes: Sendable, Hashable {
    /// Weights; each is read once, whatever the number of sequences.
    public var weights: Double
    /// Keys and values of all positions the sequences see.
    public var keyValues: Double
    /// The linear-attention layers' states.
    public var states: Double

    /// All of it.
    public var total: Double { weights + keyValues + states }
  }

  /// What a step reads in which `sequences` sequences decode a token each and see `positions` positions each, their
  /// own included.
  public func decodeBytes(sequences: Int, positions: Double) -> DecodeBytes {
    DecodeBytes(
      weights: weightBytes(tokens: sequences),
      keyValues: Double(sequences) * positions * cacheBytes.perPosition,
      states: Double(sequences) * cacheBytes.perSlot * stateShare)
  }

  /// The guesses of a step in which one sequence decodes.
  public struct DraftStep: Sendable, Hashable {
    /// Guesses that are verified.
    public var verified: Int
    /// Tokens that stand, after which the head guesses: one and the guesses that were right.
    public var kept: Int
    /// Guesses made for the next step.
    public var made: Int

    /// A step.
    public init(verified: Int, kept: Int, made: Int) {
      self.verified = verified
      self.kept = kept
      self.made = made
    }
  }

  /// What a step reads in which one sequence, which sees `positions` positions, has guesses verified and new ones made by
  /// the multi-token-prediction head: the head follows the tokens that stand together and then goes on by itself, and each
  /// guess takes the output projection.
  public func draftedBytes(_ step: DraftStep, positions: Double) -> DecodeBytes {
    var bytes = decodeBytes(sequences: 1, positions: positions)
    bytes.weights = weightBytes(tokens: 1 + step.verified)
    for pass in 0..<step.made {
      let tokens = pass == 0 ? step.kept : 1
      bytes.weights +=
        Double(headBytes + draftBytes) + Double(draftExpertBytes) * touchedShare(tokens: tokens)
        + Double(tokens) * embeddingRowBytes
    }
    return bytes
  }

  private func weightBytes(tokens: Int) -> Double {
    Double(constantBytes) + Double(expertBytes) * touchedShare(tokens: tokens) + Double(tokens) * embeddingRowBytes
  }

  /// The share of a layer's experts that some tokens touch together.
  private func touchedShare(tokens: Int) -> Double {
    var untouched = 1.0
    for _ in 0..<tokens { untouched *= 1 - Self.expertShare(configuration) }
    return 1 - untouched
  }

  /// The share of a slot that a step reads: the matrices, the convolution's inputs, and on average half of the chunk
  /// of open rows.
  private var stateShare: Double {
    guard deltaLayers > 0 else { return 0 }
    let sizes = configuration.linearAttention
    let chunk = Self.deltaChunk
    let always = Double(
      sizes.valueHeadCount * sizes.keyHeadDimension * sizes.valueHeadDimension
        + (sizes.convolutionKernelSize - 1) * sizes.convolutionDimension)
    let openRow = Double(sizes.keyDimension + sizes.valueDimension + sizes.valueHeadCount)
    return (always + (chunk - 1) / 2 * openRow) / (always + chunk * openRow)
  }

  // MARK: - Multiply-adds

  /// Multiply-adds of a token of a prompt of `tokens` tokens that follows `depth` others, on average, by arithmetic.
  /// Only the prompt's last token has logits.
  public func prefillMultiplyAdds(tokens: Int, depth: Int) -> [Arithmetic: Double] {
    var sums = tokenProducts.merging(headProducts.mapValues { $0 / Double(tokens) }, uniquingKeysWith: +)
    let seen = Double(depth) + Double(tokens + 1) / 2
    let attention = configuration.attention
    // Scores, and the sum of the values.
    sums[.f32, default: 0] += attentionLayers * 2 * Double(attention.headCount * attention.headDimension) * seen
    sums[.f32, default: 0] += deltaLayers * deltaProducts
    return sums
  }

  /// Multiply-adds of the gated delta rule for a token and a layer: the state with its key and its query and, once a
  /// chunk, the chunk's rows with the state; the products of its key and query with the rows of the chunk before it,
  /// and those rows' sums.
  private var deltaProducts: Double {
    let sizes = configuration.linearAttention
    let state = Double(sizes.valueHeadCount * sizes.keyHeadDimension * sizes.valueHeadDimension)
    return 3 * state + Self.deltaChunk * Double(sizes.valueDimension + sizes.keyDimension)
  }
}
