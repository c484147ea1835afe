import Kernels
import ModelFiles
import Tensor

/// The core of attention: keys and values go into the pages, and queries are answered from them.
struct PagedAttention: Sendable {
  let sizes: AttentionConfiguration

  /// Tokens whose queries share one pass over the pages.
  private static let tokensPerTile = 8

  private var dimension: Int { sizes.headDimension }
  /// Query heads of a key-value head.
  private var group: Int { sizes.headCount / sizes.keyValueHeadCount }

  static func workspaceBytes(_ sizes: AttentionConfiguration, tokens: Int) -> Int {
    Workspace.bytes(of: Tile.self, tokens * sizes.keyValueHeadCount)
  }

  static func scratchFloats(_ sizes: AttentionConfiguration) -> Int {
    let rows = tokensPerTile * (sizes.headCount / sizes.keyValueHeadCount)
    return rows * (2 * sizes.headDimension + KeyValuePages.pageSize + 3)
  }

  /// Writes one row's keys and values, `keyValueHeadCount · headDimension` floats each, to its sequence's page.
  func store(
    row: Int, of batch: Batch, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, _ pages: KeyValuePages
  ) {
    let position = Int(batch.positions[row])
    let table = batch.sequences[Int(batch.sequenceOfRow[row])].pages
    let offset = position % KeyValuePages.pageSize * dimension
    for head in 0..<sizes.keyValueHeadCount {
      let cached = self.cached(pages, Int(table[position / KeyValuePages.pageSize]), head)
      (cached.keys + offset).update(from: keys + head * dimension, count: dimension)
      (cached.values + offset).update(from: values + head * dimension, count: dimension)
    }
  }

  /// For every row and head: the softmax of its query's products with the keys up to its own position, over the
  /// square root of the head size, as weights of the values.
  ///
  /// - Parameters:
  ///   - queries: `headCount` queries a row, `queryStride` floats apart.
  ///   - output: `headCount · headDimension` floats a row.
  func forward(
    _ batch: Batch, queries: UnsafePointer<Float>, queryStride: Int, output: UnsafeMutablePointer<Float>,
    pages: KeyValuePages, _ executor: Executor
  ) {
    let mark = executor.workspace.mark
    defer { executor.workspace.release(to: mark) }
    let tiles = executor.workspace.take(Tile.self, batch.rowCount * sizes.keyValueHeadCount)
    let tileCount = fillTiles(tiles, batch)
    let seen = batch.sequences.reduce(0) { $0 + $1.count * ($1.position + $1.count) }
    executor.run(tileCount, work: 2 * seen * sizes.headCount * dimension) { index, worker in
      attend(
        tiles[index], batch.sequences[tiles[index].sequence], queries, queryStride, output, pages, executor.kernels,
        executor.scratch(of: worker))
    }
  }

  private func cached(
    _ pages: KeyValuePages, _ page: Int, _ head: Int
  ) -> (keys: UnsafeMutablePointer<Float>, values: UnsafeMutablePointer<Float>) {
    let headFloats = KeyValuePages.pageSize * dimension
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
    _ tile: Tile, _ sequence: SequenceRows, _ queries: UnsafePointer<Float>, _ queryStride: Int,
    _ output: UnsafeMutablePointer<Float>, _ pages: KeyValuePages, _ kernels: Kernels,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let pageSize = KeyValuePages.pageSize
    let rows = tile.count * group
    let query = scratch
    let sums = query + rows * dimension
    let scores = sums + rows * dimension
    let corrections = scores + rows * pageSize
    let maxima = corrections + rows
    let totals = maxima + rows
    for row in 0..<rows {
      let source = queries + headIndex(tile, sequence, row) * queryStride
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
      let mixed = output + headIndex(tile, sequence, row) * dimension
      mixed.update(from: sums + row * dimension, count: dimension)
      Elementwise.scale(mixed, by: 1 / totals[row], count: dimension)
    }
  }

  /// The how-manieth of all rows' query heads a tile's row is.
  private func headIndex(_ tile: Tile, _ sequence: SequenceRows, _ row: Int) -> Int {
    let token = sequence.firstRow + tile.first + row / group
    return token * sizes.headCount + tile.head * group + row % group
  }
}
