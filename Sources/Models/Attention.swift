import Kernels
import ModelFiles

/// Softmax attention over all positions, with rotated queries and keys. By the architecture's choice the heads of both
/// are normalised first, the projections have biases, and a sigmoid gates each head's result.
struct Attention: Sendable {
  let sizes: AttentionConfiguration
  /// Rows of each head: its query, then its gate, if there are gates.
  let queryProjection: Matrix
  let keyProjection: Matrix
  let valueProjection: Matrix
  let outputProjection: Matrix
  let biases: Biases?
  let norms: Norms?
  let normEpsilon: Float
  let pairCount: Int
  let pairing: RotaryPairing

  struct Biases {
    let query: Vector
    let key: Vector
    let value: Vector
  }

  /// Of queries and keys, head by head.
  struct Norms {
    let query: Vector
    let key: Vector
  }

  private let core: PagedAttention

  /// - Parameter hidesFirst: whether no later position sees position 0.
  init(
    _ configuration: ModelConfiguration, layer: Int, hidesFirst: Bool = false, _ loader: inout WeightLoader
  ) throws(ModelError) {
    sizes = configuration.attention
    let hidden = configuration.hiddenSize
    let dimension = sizes.headDimension
    let (queryRows, keyRows) = (Self.queryRows(sizes), sizes.keyValueHeadCount * dimension)
    queryProjection = try loader.matrix(.query, layer: layer, rows: queryRows, columns: hidden)
    keyProjection = try loader.matrix(.key, layer: layer, rows: keyRows, columns: hidden)
    valueProjection = try loader.matrix(.value, layer: layer, rows: keyRows, columns: hidden)
    outputProjection = try loader.matrix(
      .attentionOutput, layer: layer, rows: hidden, columns: sizes.headCount * dimension)
    biases =
      sizes.hasBias
      ? Biases(
        query: try loader.vector(.queryBias, layer: layer, count: queryRows),
        key: try loader.vector(.keyBias, layer: layer, count: keyRows),
        value: try loader.vector(.valueBias, layer: layer, count: keyRows)) : nil
    norms =
      sizes.normalizesHeads
      ? Norms(
        query: try loader.norm(.queryNorm, layer: layer, count: dimension),
        key: try loader.norm(.keyNorm, layer: layer, count: dimension)) : nil
    normEpsilon = Float(configuration.normEpsilon)
    pairCount = configuration.rope.pairCount
    pairing = configuration.rope.pairing
    core = PagedAttention(configuration, hidesFirst: hidesFirst)
  }

  /// Floats from one head's query to the next one's.
  private static func queryStride(_ sizes: AttentionConfiguration) -> Int {
    (sizes.hasGate ? 2 : 1) * sizes.headDimension
  }

  private static func queryRows(_ sizes: AttentionConfiguration) -> Int { sizes.headCount * queryStride(sizes) }

  static func workspaceBytes(_ configuration: ModelConfiguration, tokens: Int) -> Int {
    let sizes = configuration.attention
    let dimension = sizes.headDimension
    return Workspace.bytes(
      (Float.self, tokens * queryRows(sizes)),
      (Float.self, tokens * sizes.keyValueHeadCount * dimension),
      (Float.self, tokens * sizes.keyValueHeadCount * dimension),
      (Float.self, tokens * sizes.headCount * dimension))
      + PagedAttention(configuration).workspaceBytes(tokens: tokens)
  }

  static func scratchFloats(_ configuration: ModelConfiguration) -> Int {
    PagedAttention(configuration).scratchFloats
  }

  /// Mixes the rows of `input` into `output`, `hiddenSize` floats each, and writes their keys and values into the
  /// pages. `cosines` and `sines` hold `pairCount` floats a row.
  func forward(
    _ batch: Batch, input: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    cosines: UnsafePointer<Float>, sines: UnsafePointer<Float>, pages: KeyValuePages, _ executor: Executor
  ) {
    let mark = executor.workspace.mark
    defer { executor.workspace.release(to: mark) }
    let dimension = sizes.headDimension
    let rows = batch.rowCount
    let queries = executor.workspace.floats(rows * queryProjection.rows)
    let keys = executor.workspace.floats(rows * keyProjection.rows)
    let values = executor.workspace.floats(rows * valueProjection.rows)
    let mixed = executor.workspace.floats(rows * outputProjection.columns)
    executor.enqueue(queryProjection, input: input, tokens: rows, output: queries)
    executor.enqueue(keyProjection, input: input, tokens: rows, output: keys)
    executor.enqueue(valueProjection, input: input, tokens: rows, output: values)
    executor.runProducts()

    let queryStride = Self.queryStride(sizes)
    executor.forEachRow(rows, width: queryProjection.rows) { row, worker in
      let (cosines, sines) = (cosines + row * pairCount, sines + row * pairCount)
      let query = queries + row * queryProjection.rows
      let key = keys + row * keyProjection.rows
      let value = values + row * valueProjection.rows
      if let biases {
        Elementwise.add(biases.query.values, to: query, count: biases.query.count)
        Elementwise.add(biases.key.values, to: key, count: biases.key.count)
        Elementwise.add(biases.value.values, to: value, count: biases.value.count)
      }
      for head in 0..<sizes.headCount { prepare(query + head * queryStride, norms?.query, cosines, sines) }
      for head in 0..<sizes.keyValueHeadCount { prepare(key + head * dimension, norms?.key, cosines, sines) }
      core.store(row: row, of: batch, keys: key, values: value, pages, executor.scratch(of: worker))
    }
    core.forward(batch, queries: queries, queryStride: queryStride, output: mixed, pages: pages, executor)
    if sizes.hasGate {
      executor.forEachRow(rows, width: outputProjection.columns) { row in
        for head in row * sizes.headCount..<(row + 1) * sizes.headCount {
          Elementwise.multiply(
            bySigmoidOf: queries + head * queryStride + dimension, mixed + head * dimension, count: dimension)
        }
      }
    }
    executor.enqueue(outputProjection, input: mixed, tokens: rows, output: output)
    executor.runProducts()
  }

  /// Normalises and rotates one head.
  private func prepare(
    _ x: UnsafeMutablePointer<Float>, _ norm: Vector?, _ cosines: UnsafePointer<Float>, _ sines: UnsafePointer<Float>
  ) {
    if let norm {
      Normalization.rootMeanSquare(
        x, weights: norm.values, epsilon: normEpsilon, count: sizes.headDimension, output: x)
    }
    switch pairing {
    case .halves: Elementwise.rotate(x, cosines: cosines, sines: sines, half: pairCount)
    case .interleaved: Elementwise.rotateNeighbours(x, cosines: cosines, sines: sines, pairs: pairCount)
    }
  }
}
