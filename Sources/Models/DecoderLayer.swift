import Kernels
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
    let kind = configuration.layerKinds[layer]
    let index = configuration.layerKinds[..<layer].count { $0 == kind }
    let mixer: Mixer
    switch kind {
    case .fullAttention: mixer = .attention(try Attention(configuration, layer: layer, &loader), index: index)
    case .linearAttention: mixer = .deltaNet(try GatedDeltaNet(configuration, layer: layer, &loader), index: index)
    }
    try self.init(configuration, layer, mixer, configuration.feedForwardKinds[layer], &loader)
  }

  /// The layer of a multi-token-prediction head: full attention, in which nobody sees the first position, and experts.
  init(draftHeadOf configuration: ModelConfiguration, _ loader: inout WeightLoader) throws(ModelError) {
    let layer = configuration.layerCount
    let attention = try Attention(configuration, layer: layer, hidesFirst: true, &loader)
    try self.init(
      configuration, layer, .attention(attention, index: configuration.attentionLayerCount),
      configuration.experts.count > 0 ? .sparse : .dense, &loader)
  }

  private init(
    _ configuration: ModelConfiguration, _ layer: Int, _ mixer: Mixer, _ kind: FeedForwardKind,
    _ loader: inout WeightLoader
  ) throws(ModelError) {
    self.mixer = mixer
    inputNorm = try loader.norm(.inputNorm, layer: layer, count: configuration.hiddenSize)
    feedForwardNorm = try loader.norm(.feedForwardNorm, layer: layer, count: configuration.hiddenSize)
    switch kind {
    case .sparse: feedForward = .sparse(try MixtureOfExperts(configuration, layer: layer, &loader))
    case .dense: feedForward = .dense(try GatedMLP(configuration, layer: layer, &loader))
    }
  }

  /// Adds to the rows of `hidden` what the layer makes of them.
  func forward(
    _ batch: Batch, _ caches: SequenceCaches, hidden: UnsafeMutablePointer<Float>, _ angles: RotaryAngles,
    _ residual: Residual, _ executor: Executor
  ) {
    let rows = batch.rowCount
    residual.normalize(inputNorm, hidden, rows: rows, executor)
    switch mixer {
    case .attention(let attention, let index):
      attention.forward(
        batch, input: residual.normed, output: residual.result, cosines: angles.cosines, sines: angles.sines,
        pages: caches.pages(index), executor)
    case .deltaNet(let deltaNet, let index):
      deltaNet.forward(
        batch, input: residual.normed, output: residual.result, states: caches.states(index), executor)
    }
    residual.add(to: hidden, rows: rows, executor)
    residual.normalize(feedForwardNorm, hidden, rows: rows, executor)
    switch feedForward {
    case .sparse(let experts):
      experts.forward(rows: rows, input: residual.normed, output: residual.result, executor)
    case .dense(let mlp): mlp.forward(rows: rows, input: residual.normed, output: residual.result, executor)
    }
    residual.add(to: hidden, rows: rows, executor)
  }
}

/// The memory around a residual: what a block reads, and what it adds.
struct Residual {
  let normed: UnsafeMutablePointer<Float>
  let result: UnsafeMutablePointer<Float>
  private let size: Int
  private let epsilon: Float

  /// Memory for `rows` rows.
  init(_ configuration: ModelConfiguration, rows: Int, _ workspace: Workspace) {
    size = configuration.hiddenSize
    epsilon = Float(configuration.normEpsilon)
    normed = workspace.floats(rows * size)
    result = workspace.floats(rows * size)
  }

  static func workspaceBytes(_ configuration: ModelConfiguration, rows: Int) -> Int {
    let floats = rows * configuration.hiddenSize
    return Workspace.bytes((Float.self, floats), (Float.self, floats))
  }

  func normalize(_ norm: Vector, _ hidden: UnsafePointer<Float>, rows: Int, _ executor: Executor) {
    executor.normalize(norm, epsilon: epsilon, hidden, rows: rows, output: normed)
  }

  func add(to hidden: UnsafeMutablePointer<Float>, rows: Int, _ executor: Executor) {
    executor.forEachRow(rows, width: size) { row in
      Elementwise.add(result + row * size, to: hidden + row * size, count: size)
    }
  }
}

extension Executor {
  /// The root-mean-square norm of `rows` rows of `norm.count` floats.
  func normalize(
    _ norm: Vector, epsilon: Float, _ x: UnsafePointer<Float>, rows: Int, output: UnsafeMutablePointer<Float>
  ) {
    forEachRow(rows, width: norm.count) { row in
      Normalization.rootMeanSquare(
        x + row * norm.count, weights: norm.values, epsilon: epsilon, count: norm.count,
        output: output + row * norm.count)
    }
  }
}
