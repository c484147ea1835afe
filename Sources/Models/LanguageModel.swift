public import Kernels
public import ModelFiles
import Tensor

/// Loads a model: checks every tensor the architecture needs and refuses those it does not know.
///
/// - Parameters:
///   - kernels: what will compute with it; copies of weights are laid out as they take them fastest. Nil: as any take them.
///   - drafting: whether a multi-token-prediction head, if the files have one, is loaded, too.
public func loadModel(
  _ package: ModelPackage, weights placement: WeightPlacement = .mapped, for kernels: Kernels? = nil,
  drafting: Bool = false
) throws(ModelError) -> LanguageModel {
  var configuration = package.configuration
  configuration.hasDraftHead = drafting && package.offersDraftHead
  return try LanguageModel(configuration, package.weights, placement, kernels?.blockLayout ?? .rows)
}

/// A decoder-only transformer: an embedding, layers composed as the configuration says, a norm and an output
/// projection, and perhaps a head that guesses further tokens.
///
/// A model is weights and how to compute with them; what belongs to sequences comes in from outside.
public final class LanguageModel: Sendable {
  /// What the model's files say of it.
  public let configuration: ModelConfiguration
  private let embedding: Matrix
  private let layers: [DecoderLayer]
  private let norm: Vector
  private let head: Matrix
  private let draftHead: MultiTokenHead?
  private let rotary: RotaryEmbedding
  private let owners: WeightOwners
  /// The files that matrices are read from while the model runs; none where they were copied.
  private let mappedFiles: [MappedFile]

  init(
    _ configuration: ModelConfiguration, _ weights: TensorStore, _ placement: WeightPlacement,
    _ blockLayout: BlockLayout
  ) throws(ModelError) {
    self.configuration = configuration
    let (vocabulary, hidden) = (configuration.vocabularySize, configuration.hiddenSize)
    var loader = WeightLoader(configuration, weights)
    if case .hugePages = placement { try loader.prepareCopies(blockLayout) }
    embedding = try loader.matrix(.embedding, rows: vocabulary, columns: hidden)
    var layers: [DecoderLayer] = []
    for index in 0..<configuration.layerCount { layers.append(try DecoderLayer(configuration, index, &loader)) }
    self.layers = layers
    norm = try loader.norm(.finalNorm, count: hidden)
    // A tied model may carry a copy of its embedding.
    let ownsHead = !configuration.tiesWordEmbeddings || loader.contains(.head)
    head = ownsHead ? try loader.matrix(.head, rows: vocabulary, columns: hidden) : embedding
    draftHead = configuration.hasDraftHead ? try MultiTokenHead(configuration, &loader) : nil
    rotary = RotaryEmbedding(configuration.rope, divisors: try loader.rotaryDivisors(configuration.rope.pairCount))
    try loader.checkAllTaken()
    if case .hugePages(let threads) = placement { loader.fillCopies(threads: threads) }
    owners = loader.owners
    mappedFiles = placement == .mapped ? weights.files : []
  }

  /// The path of a file that was changed while weights are read from it, if there is one: what was computed since may be
  /// anything.
  package var changedFile: String? { mappedFiles.first(where: \.hasChanged)?.path }

  /// Processes a batch: its keys, values and states go to `caches`, the normalised output to `output`, `hiddenSize`
  /// floats a row.
  package func forward(
    _ batch: Batch, _ caches: SequenceCaches, output: UnsafeMutablePointer<Float>, _ executor: Executor
  ) {
    let workspace = executor.workspace
    let mark = workspace.mark
    defer { workspace.release(to: mark) }
    let rows = batch.rowCount
    let size = configuration.hiddenSize
    let residual = Residual(configuration, rows: rows, workspace)
    let angles = RotaryAngles(rotary, rows: rows, workspace)
    executor.forEachRow(rows, width: size) { row in
      embedding.copyRow(Int(batch.tokens[row]), to: output + row * size)
      angles.fill(row: row, position: Int(batch.positions[row]), rotary)
    }
    for layer in layers { layer.forward(batch, caches, hidden: output, angles, residual, executor) }
    executor.normalize(norm, epsilon: Float(configuration.normEpsilon), output, rows: rows, output: output)
  }

  /// The logits of `rows` rows of normalised output, `vocabularySize` floats a row.
  package func logits(
    of output: UnsafePointer<Float>, rows: Int, to logits: UnsafeMutablePointer<Float>, _ executor: Executor
  ) {
    executor.enqueue(head, input: output, tokens: rows, output: logits)
    executor.runProducts()
  }

  /// Lets the multi-token-prediction head, which there must be, follow a batch.
  ///
  /// - Parameters:
  ///   - previous: the normalised output before each row, the model's or the head's own.
  ///   - output: the head's normalised output, whose `logits` are those of the token after the row's.
  package func draft(
    _ batch: Batch, _ caches: SequenceCaches, previous: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    _ executor: Executor
  ) {
    guard let draftHead else { preconditionFailure("the configuration says whether there is a head") }
    let workspace = executor.workspace
    let mark = workspace.mark
    defer { workspace.release(to: mark) }
    let residual = Residual(configuration, rows: batch.rowCount, workspace)
    let angles = RotaryAngles(rotary, rows: batch.rowCount, workspace)
    for row in 0..<batch.rowCount {
      angles.fill(row: row, position: max(0, Int(batch.positions[row]) - 1), rotary)
    }
    draftHead.forward(
      batch, embedding: embedding, previous: previous, caches, output: output, angles, residual, executor)
  }
}
