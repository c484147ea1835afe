import Kernels
package import ModelFiles
import Tensor

/// The key-value pages of one full-attention layer. A page holds its keys by head, position and element, then its
/// values likewise.
package struct KeyValuePages: @unchecked Sendable {
  /// Positions a page holds.
  package static let pageSize = 64

  let base: UnsafeMutablePointer<Float>
  let pageStride: Int

  /// Pages that start `pageStride` floats apart.
  package init(base: UnsafeMutablePointer<Float>, pageStride: Int) {
    self.base = base
    self.pageStride = pageStride
  }

  /// Floats of one page of one layer.
  package static func floatsPerPage(_ attention: AttentionConfiguration) -> Int {
    2 * attention.keyValueHeadCount * pageSize * attention.headDimension
  }
}

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

  /// Tokens whose queries share one pass over the pages.
  private static let tokensPerTile = 8

  static func workspaceBytes(_ sizes: AttentionConfiguration, tokens: Int) -> Int {
    let dimension = sizes.headDimension
    return Workspace.bytes(
      (Float.self, tokens * 2 * sizes.headCount * dimension),
      (Float.self, tokens * sizes.keyValueHeadCount * dimension),
      (Float.self, tokens * sizes.keyValueHeadCount * dimension),
      (Float.self, tokens * sizes.headCount * dimension), (Tile.self, tokens * sizes.keyValueHeadCount))
  }

  static func scratchFloats(_ sizes: AttentionConfiguration) -> Int {
    let rows = tokensPerTile * (sizes.headCount / sizes.keyValueHeadCount)
    return rows * (2 * sizes.headDimension + KeyValuePages.pageSize + 3)
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

    executor.forEachRow(rows, width: queryProjection.rows) { row in
      let (cosines, sines) = (cosines + row * pairCount, sines + row * pairCount)
      for head in 0..<sizes.headCount {
        let query = queries + row * queryProjection.rows + head * 2 * dimension
        prepare(query, queryNorm, cosines, sines, output: query)
      }
      let sequence = batch.sequences[Int(batch.sequenceOfRow[row])]
      let position = Int(batch.positions[row])
      let page = Int(sequence.pages[position / KeyValuePages.pageSize])
      for head in 0..<sizes.keyValueHeadCount {
        let cached = self.cached(pages, page, head)
        let offset = position % KeyValuePages.pageSize * dimension
        prepare(
          keys + row * keyProjection.rows + head * dimension, keyNorm, cosines, sines, output: cached.keys + offset)
        (cached.values + offset).update(from: values + row * valueProjection.rows + head * dimension, count: dimension)
      }
    }

    let tiles = executor.workspace.take(Tile.self, rows * sizes.keyValueHeadCount)
    let tileCount = fillTiles(tiles, batch)
    let seen = batch.sequences.reduce(0) { $0 + $1.count * ($1.position + $1.count) }
    executor.run(tileCount, work: 2 * seen * outputProjection.columns) { index, worker in
      let tile = tiles[index]
      attend(
        tile, batch.sequences[tile.sequence], queries: queries, output: mixed, pages, executor.kernels,
        executor.scratch(of: worker))
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

  private func cached(
    _ pages: KeyValuePages, _ page: Int, _ head: Int
  ) -> (keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>) {
    let headFloats = KeyValuePages.pageSize * sizes.headDimension
    let keys = pages.base + page * pages.pageStride + head * headFloats
    return (keys, keys + sizes.keyValueHeadCount * headFloats)
  }

  /// Some consecutive tokens of one sequence, with the query heads of one key-value head.
  private struct Tile: BitwiseCopyable {
    var sequence: Int
    var head: Int
    /// The first token, counted within the sequence's rows.
    var first: Int
    var count: Int
  }

  /// The tiles of a batch, the longest sequences' last tokens included; returns how many.
  private func fillTiles(_ tiles: UnsafeMutablePointer<Tile>, _ batch: Batch) -> Int {
    var count = 0
    for (index, sequence) in batch.sequences.enumerated() {
      for first in stride(from: 0, to: sequence.count, by: Self.tokensPerTile) {
        for head in 0..<sizes.keyValueHeadCount {
          tiles[count] = Tile(
            sequence: index, head: head, first: first, count: min(Self.tokensPerTile, sequence.count - first))
          count += 1
        }
      }
    }
    return count
  }

  /// Online softmax over the pages from the first on. A token's arithmetic depends on its position alone: whole
  /// pages up to its own, then the part of its own page that it sees.
  private func attend(
    _ tile: Tile, _ sequence: SequenceRows, queries: UnsafePointer<Float>, output: UnsafeMutablePointer<Float>,
    _ pages: KeyValuePages, _ kernels: Kernels, _ scratch: UnsafeMutablePointer<Float>
  ) {
    let dimension = sizes.headDimension
    let pageSize = KeyValuePages.pageSize
    let group = sizes.headCount / sizes.keyValueHeadCount
    let rows = tile.count * group
    let query = scratch
    let sums = query + rows * dimension
    let scores = sums + rows * dimension
    let corrections = scores + rows * pageSize
    let maxima = corrections + rows
    let totals = maxima + rows
    for row in 0..<rows {
      let source = queries + queryOffset(tile, sequence, row, group)
      (query + row * dimension).update(from: source, count: dimension)
    }
    sums.update(repeating: 0, count: rows * dimension)
    maxima.update(repeating: -.infinity, count: rows)
    totals.update(repeating: 0, count: rows)

    let scale = 1 / Float(dimension).squareRoot()
    let firstPosition = sequence.position + tile.first
    let lastPosition = firstPosition + tile.count - 1
    for page in 0...lastPosition / pageSize {
      let (keys, values) = cached(pages, Int(sequence.pages[page]), tile.head)
      let start = page * pageSize
      kernels.multiply(
        keys, .f32, rows: min(pageSize, lastPosition - start + 1), inner: dimension, input: query, tokens: rows,
        inputStride: dimension, output: scores, outputStride: pageSize)
      for token in 0..<tile.count {
        // What this token sees of the page; nothing where the page begins after it.
        let seen = min(pageSize, firstPosition + token - start + 1)
        guard seen > 0 else { continue }
        for row in token * group..<(token + 1) * group {
          corrections[row] = Softmax.accumulate(
            scores + row * pageSize, count: seen, scale: scale, maximum: &maxima[row], sum: &totals[row])
        }
        let first = token * group
        kernels.accumulate(
          coefficients: scores + first * pageSize, coefficientStride: pageSize, rows: group, count: seen,
          terms: values, termStride: dimension, width: dimension, scales: corrections + first,
          output: sums + first * dimension, outputStride: dimension)
      }
    }
    for row in 0..<rows {
      let mixed = output + outputOffset(tile, sequence, row, group)
      mixed.update(from: sums + row * dimension, count: dimension)
      let gate = queries + queryOffset(tile, sequence, row, group) + dimension
      Elementwise.multiply(bySigmoidOf: gate, mixed, factor: 1 / totals[row], count: dimension)
    }
  }

  /// Where the query of a tile's row starts; its gate follows.
  private func queryOffset(_ tile: Tile, _ sequence: SequenceRows, _ row: Int, _ group: Int) -> Int {
    2 * outputOffset(tile, sequence, row, group)
  }

  private func outputOffset(_ tile: Tile, _ sequence: SequenceRows, _ row: Int, _ group: Int) -> Int {
    let token = sequence.firstRow + tile.first + row / group
    return (token * sizes.headCount + tile.head * group + row % group) * sizes.headDimension
  }
}
