import Kernels
public import ModelFiles

/// Loads a model: checks every tensor the architecture needs and refuses those it does not know.
public func loadModel(
  _ package: ModelPackage, weights placement: WeightPlacement = .mapped
) throws(ModelError) -> LanguageModel {
  try LanguageModel(package.configuration, package.weights, placement)
}

/// A decoder-only transformer: an embedding, layers composed as the configuration says, a norm and an output
/// projection.
///
/// A model is weights and how to compute with them; what belongs to sequences comes in from outside.
public final class LanguageModel: Sendable {
  /// What the model's files say of it.
  public let configuration: ModelConfiguration
  private let embedding: Matrix
  private let layers: [DecoderLayer]
  private let norm: Vector
  private let head: Matrix
  private let rotary: RotaryEmbedding
  private let owners: WeightOwners

  init(
    _ configuration: ModelConfiguration, _ weights: TensorStore, _ placement: WeightPlacement
  ) throws(ModelError) {
    self.configuration = configuration
    let (vocabulary, hidden) = (configuration.vocabularySize, configuration.hiddenSize)
    var loader = WeightLoader(configuration, weights)
    if case .hugePages = placement { try loader.prepareCopies() }
    embedding = try loader.matrix(.embedding, rows: vocabulary, columns: hidden)
    var layers: [DecoderLayer] = []
    for index in 0..<configuration.layerCount { layers.append(try DecoderLayer(configuration, index, &loader)) }
    self.layers = layers
    norm = try loader.norm(.finalNorm, count: hidden)
    // A tied model may carry a copy of its embedding.
    let ownsHead = !configuration.tiesWordEmbeddings || loader.contains(.head)
    head = ownsHead ? try loader.matrix(.head, rows: vocabulary, columns: hidden) : embedding
    rotary = RotaryEmbedding(configuration.rope, divisors: try loader.rotaryDivisors(configuration.rope.pairCount))
    try loader.checkAllTaken()
    if case .hugePages(let threads) = placement { loader.fillCopies(threads: threads) }
    owners = loader.owners
  }

  /// Processes a batch: its keys, values and states go to `caches`, the last layer's output to `hidden`,
  /// `hiddenSize` floats a row.
  package func forward(
    _ batch: Batch, _ caches: SequenceCaches, hidden: UnsafeMutablePointer<Float>, _ executor: Executor
  ) {
    let workspace = executor.workspace
    let mark = workspace.mark
    defer { workspace.release(to: mark) }
    let rows = batch.rowCount
    let size = configuration.hiddenSize
    let normed = workspace.floats(rows * size)
    let result = workspace.floats(rows * size)
    let cosines = workspace.floats(rows * rotary.pairCount)
    let sines = workspace.floats(rows * rotary.pairCount)
    executor.forEachRow(rows, width: size) { row in
      embedding.copyRow(Int(batch.tokens[row]), to: hidden + row * size)
      rotary.fill(
        position: Int(batch.positions[row]), cosines: cosines + row * rotary.pairCount,
        sines: sines + row * rotary.pairCount)
    }
    for layer in layers {
      normalize(layer.inputNorm, hidden, rows, output: normed, executor)
      switch layer.mixer {
      case .attention(let attention, let index):
        attention.forward(
          batch, input: normed, output: result, cosines: cosines, sines: sines, pages: caches.pages(index), executor)
      case .deltaNet(let deltaNet, let index):
        deltaNet.forward(batch, input: normed, output: result, states: caches.states(index), executor)
      }
      add(result, to: hidden, rows, executor)
      normalize(layer.feedForwardNorm, hidden, rows, output: normed, executor)
      switch layer.feedForward {
      case .sparse(let experts): experts.forward(rows: rows, input: normed, output: result, executor)
      case .dense(let mlp): mlp.forward(rows: rows, input: normed, output: result, executor)
      }
      add(result, to: hidden, rows, executor)
    }
  }

  /// The logits of `rows` rows of `hidden`, which is overwritten by its norm, `vocabularySize` floats a row.
  package func logits(
    hidden: UnsafeMutablePointer<Float>, rows: Int, output: UnsafeMutablePointer<Float>, _ executor: Executor
  ) {
    normalize(norm, hidden, rows, output: hidden, executor)
    executor.enqueue(head, input: hidden, tokens: rows, output: output)
    executor.runProducts()
  }

  private func normalize(
    _ norm: Vector, _ x: UnsafePointer<Float>, _ rows: Int, output: UnsafeMutablePointer<Float>, _ executor: Executor
  ) {
    let size = configuration.hiddenSize
    let epsilon = Float(configuration.normEpsilon)
    executor.forEachRow(rows, width: size) { row in
      Normalization.rootMeanSquare(
        x + row * size, weights: norm.values, epsilon: epsilon, count: size, output: output + row * size)
    }
  }

  private func add(
    _ x: UnsafePointer<Float>, to y: UnsafeMutablePointer<Float>, _ rows: Int, _ executor: Executor
  ) {
    let size = configuration.hiddenSize
    executor.forEachRow(rows, width: size) { row in Elementwise.add(x + row * size, to: y + row * size, count: size) }
  }
}
