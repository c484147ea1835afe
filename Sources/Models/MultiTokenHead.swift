import Kernels
import ModelFiles

/// The multi-token-prediction head of Qwen3-Next (DeepSeek-AI, DeepSeek-V3 Technical Report, arXiv 2412.19437, section
/// 2.2): one layer more, which predicts the token after the next from a token's output and the token that followed it.
///
/// A row joins the norms of the embedding of the token at position p and of the model's output at p − 1, halves it by
/// `fc`, and passes a decoder layer, in which it stands at p − 1 for the rotary embedding. What the row leaves in the
/// cache is kept at p: like all that is kept there it depends on the tokens up to p alone, so that pages can be shared.
/// Position 0 has no output before it and is hidden from the others.
struct MultiTokenHead: Sendable {
  private let hiddenSize: Int
  private let normEpsilon: Float
  private let embeddingNorm: Vector
  private let hiddenNorm: Vector
  private let input: Matrix
  private let layer: DecoderLayer
  private let norm: Vector

  init(_ configuration: ModelConfiguration, _ loader: inout WeightLoader) throws(ModelError) {
    let (block, hidden) = (configuration.layerCount, configuration.hiddenSize)
    hiddenSize = hidden
    normEpsilon = Float(configuration.normEpsilon)
    embeddingNorm = try loader.norm(.draftEmbeddingNorm, layer: block, count: hidden)
    hiddenNorm = try loader.norm(.draftHiddenNorm, layer: block, count: hidden)
    input = try loader.matrix(.draftInput, layer: block, rows: hidden, columns: 2 * hidden)
    layer = try DecoderLayer(draftHeadOf: configuration, &loader)
    norm = try loader.norm(.draftNorm, layer: block, count: hidden)
  }

  /// Bytes of `forward` beside the layer's own.
  static func workspaceBytes(_ configuration: ModelConfiguration, tokens: Int) -> Int {
    Workspace.bytes((Float.self, tokens * 2 * configuration.hiddenSize))
  }

  /// Processes the rows of a batch.
  ///
  /// - Parameters:
  ///   - embedding: the model's.
  ///   - previous: the output at the position before each row, `hiddenSize` floats a row: the model's after its last
  ///     norm, or this head's own where it goes on from its own guess.
  ///   - output: the result after this head's norm, `hiddenSize` floats a row; may be `previous`.
  func forward(
    _ batch: Batch, embedding: Matrix, previous: UnsafePointer<Float>, _ caches: SequenceCaches,
    output: UnsafeMutablePointer<Float>, _ angles: RotaryAngles, _ residual: Residual, _ executor: Executor
  ) {
    let workspace = executor.workspace
    let mark = workspace.mark
    defer { workspace.release(to: mark) }
    let rows = batch.rowCount
    let joined = workspace.floats(rows * 2 * hiddenSize)
    executor.forEachRow(rows, width: 2 * hiddenSize) { row in
      let target = joined + row * 2 * hiddenSize
      embedding.copyRow(Int(batch.tokens[row]), to: target)
      Normalization.rootMeanSquare(
        target, weights: embeddingNorm.values, epsilon: normEpsilon, count: hiddenSize, output: target)
      Normalization.rootMeanSquare(
        previous + row * hiddenSize, weights: hiddenNorm.values, epsilon: normEpsilon, count: hiddenSize,
        output: target + hiddenSize)
    }
    executor.enqueue(input, input: joined, tokens: rows, output: output)
    executor.runProducts()
    layer.forward(batch, caches, hidden: output, angles, residual, executor)
    executor.normalize(norm, epsilon: normEpsilon, output, rows: rows, output: output)
  }
}
