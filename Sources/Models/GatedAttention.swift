import Kernels
import ModelFiles

/// Softmax attention with normalised, partly rotated queries and keys, whose output is gated by a sigmoid.
struct GatedAttention: Sendable {
  let sizes: AttentionConfiguration
  /// Rows of each head: its query, then its gate.
  let queryProjection: Matrix
  let keyProjection: Matrix
  let valueProjection: Matrix
  let outputProjection: Matrix
  let queryNorm: Vector
  let keyNorm: Vector
  let normEpsilon: Float
  let pairCount: Int

  private var core: PagedAttention { PagedAttention(sizes: sizes) }

  init(_ configuration: ModelConfiguration, _ prefix: String, _ loader: inout WeightLoader) throws(ModelError) {
    sizes = configuration.attention
    let hidden = configuration.hiddenSize
    let dimension = sizes.headDimension
    queryProjection = try loader.matrix(
      "\(prefix).q_proj.weight", rows: 2 * sizes.headCount * dimension, columns: hidden)
    keyProjection = try loader.matrix(
      "\(prefix).k_proj.weight", rows: sizes.keyValueHeadCount * dimension, columns: hidden)
    valueProjection = try loader.matrix(
      "\(prefix).v_proj.weight", rows: sizes.keyValueHeadCount * dimension, columns: hidden)
    outputProjection = try loader.matrix(
      "\(prefix).o_proj.weight", rows: hidden, columns: sizes.headCount * dimension)
    queryNorm = try loader.vector("\(prefix).q_norm.weight", shape: [dimension]) { 1 + $0 }
    keyNorm = try loader.vector("\(prefix).k_norm.weight", shape: [dimension]) { 1 + $0 }
    normEpsilon = Float(configuration.normEpsilon)
    pairCount = configuration.rope.pairCount
  }

  static func workspaceBytes(_ sizes: AttentionConfiguration, tokens: Int) -> Int {
    let dimension = sizes.headDimension
    return Workspace.bytes(
      (Float.self, tokens * 2 * sizes.headCount * dimension),
      (Float.self, tokens * sizes.keyValueHeadCount * dimension),
      (Float.self, tokens * sizes.keyValueHeadCount * dimension),
      (Float.self, tokens * sizes.headCount * dimension))
      + PagedAttention.workspaceBytes(sizes, tokens: tokens)
  }

  static func scratchFloats(_ sizes: AttentionConfiguration) -> Int { PagedAttention.scratchFloats(sizes) }

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

    executor.forEachRow(rows, width: queryProjection.rows) { row in
      let (cosines, sines) = (cosines + row * pairCount, sines + row * pairCount)
      for head in 0..<sizes.headCount {
        let query = queries + row * queryProjection.rows + head * 2 * dimension
        prepare(query, queryNorm, cosines, sines, output: query)
      }
      let key = keys + row * keyProjection.rows
      for head in 0..<sizes.keyValueHeadCount {
        prepare(key + head * dimension, keyNorm, cosines, sines, output: key + head * dimension)
      }
      core.store(row: row, of: batch, keys: key, values: values + row * valueProjection.rows, pages)
    }
    core.forward(batch, queries: queries, queryStride: 2 * dimension, output: mixed, pages: pages, executor)
    executor.forEachRow(rows, width: outputProjection.columns) { row in
      for head in row * sizes.headCount..<(row + 1) * sizes.headCount {
        Elementwise.multiply(
          bySigmoidOf: queries + (2 * head + 1) * dimension, mixed + head * dimension, count: dimension)
      }
    }
    executor.enqueue(outputProjection, input: mixed, tokens: rows, output: output)
    executor.runProducts()
  }

  private func prepare(
    _ x: UnsafePointer<Float>, _ norm: Vector, _ cosines: UnsafePointer<Float>, _ sines: UnsafePointer<Float>,
    output: UnsafeMutablePointer<Float>
  ) {
    Normalization.rootMeanSquare(
      x, weights: norm.values, epsilon: normEpsilon, count: sizes.headDimension, output: output)
    Elementwise.rotate(output, cosines: cosines, sines: sines, half: pairCount)
  }
}
