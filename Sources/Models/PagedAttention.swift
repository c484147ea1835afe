import Kernels
import ModelFiles

/// The core of attention: keys and values go into the pages, and queries are answered from them.
///
/// Pages are taken in spans of a fixed number. Within a span a softmax runs online from page to page (Milakov and
/// Gimelshein, arXiv 1805.02867); the spans' results are joined in ascending order. A token's arithmetic so depends on
/// its position alone, whether one thread takes all its spans or each span goes to another.
struct PagedAttention: Sendable {
  private let sizes: AttentionConfiguration
  /// Position 0 is seen by itself alone.
  private let hidesFirst: Bool
  /// Token-spans of a step that may go to threads of their own.
  private let separateSpans: Int

  /// Pages of a span: 1,024 positions.
  private static let pagesPerSpan = 16
  private static let spanSize = pagesPerSpan * KeyValuePages.pageSize
  /// Queries that a tile aims at, so that what a page costs to load is shared by many.
  private static let queriesPerTile = 64

  private var dimension: Int { sizes.headDimension }
  /// Its weight is 0 beside any other score, and it stays finite when it is scaled.
  private static let hiddenScore: Float = -1e30
  /// Query heads of a key-value head.
  private var group: Int { sizes.headCount / sizes.keyValueHeadCount }
  private var tokensPerTile: Int { max(1, Self.queriesPerTile / group) }
  private var queriesPerTile: Int { tokensPerTile * group }

  /// - Parameter hidesFirst: whether no later position sees position 0.
  init(_ configuration: ModelConfiguration, hidesFirst: Bool = false) {
    self.hidesFirst = hidesFirst
    sizes = configuration.attention
    separateSpans = (configuration.contextLength + Self.spanSize - 1) / Self.spanSize
  }

  /// Bytes of a step of at most `tokens` tokens.
  func workspaceBytes(tokens: Int) -> Int {
    Workspace.bytes(
      (Tile.self, (tokens + separateSpans) * sizes.keyValueHeadCount),
      (Tile.self, separateSpans * sizes.keyValueHeadCount),
      (Float.self, OnlineSoftmax.floats(rows: separateSpans * sizes.headCount, dimension: dimension)))
  }

  /// Floats that a thread needs for itself.
  var scratchFloats: Int {
    queriesPerTile * (dimension + KeyValuePages.pageSize + 1)
      + 2 * OnlineSoftmax.floats(rows: queriesPerTile, dimension: dimension)
  }

  /// Writes one row's keys and values, `keyValueHeadCount · headDimension` floats each, to its sequence's page.
  ///
  /// - Parameter scratch: the thread's own memory, `scratchFloats` of it.
  func store(
    row: Int, of batch: Batch, keys: UnsafePointer<Float>, values: UnsafePointer<Float>, _ pages: KeyValuePages,
    _ scratch: UnsafeMutablePointer<Float>
  ) {
    let position = Int(batch.positions[row])
    let table = batch.sequences[Int(batch.sequenceOfRow[row])].pages
    let page = pages.page(table[position / KeyValuePages.pageSize])
    for head in 0..<sizes.keyValueHeadCount {
      pages.layout.store(
        key: keys + head * dimension, value: values + head * dimension, at: position % KeyValuePages.pageSize,
        head: head, of: page, scratch)
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
    let workspace = executor.workspace
    let mark = workspace.mark
    defer { workspace.release(to: mark) }
    let tiles = workspace.take(Tile.self, (batch.rowCount + separateSpans) * sizes.keyValueHeadCount)
    let joins = workspace.take(Tile.self, separateSpans * sizes.keyValueHeadCount)
    let partRows = separateSpans * sizes.headCount
    let parts = OnlineSoftmax(
      workspace.floats(OnlineSoftmax.floats(rows: partRows, dimension: dimension)), rows: partRows,
      dimension: dimension)
    let counts = fill(tiles, joins, batch, threads: executor.workers.threadCount)

    let seen = batch.sequences.reduce(0) { $0 + $1.count * ($1.position + $1.count) }
    executor.run(counts.tiles, work: 2 * seen * sizes.headCount * dimension) { index, worker in
      let tile = tiles[index]
      let sequence = batch.sequences[tile.sequence]
      let scratch = Scratch(executor.scratch(of: worker), rows: queriesPerTile, dimension: dimension)
      for row in 0..<tile.count * group {
        let source = queries + headIndex(tile, sequence, row) * queryStride
        (scratch.queries + row * dimension).update(from: source, count: dimension)
      }
      if let part = tile.part {
        attend(tile, span: tile.firstSpan, sequence, scratch, parts.dropping(rows: part), pages, executor.kernels)
      } else {
        attend(tile, span: 0, sequence, scratch, scratch.result, pages, executor.kernels)
        for span in 1..<max(1, tile.spanCount) {
          attend(tile, span: span, sequence, scratch, scratch.span, pages, executor.kernels)
          scratch.result.join(scratch.span, rows: tile.count * group)
        }
        write(tile, sequence, scratch.result, output)
      }
    }
    executor.run(counts.joins, work: counts.partRows * dimension) { index, _ in
      let tile = joins[index]
      let rows = tile.count * group
      let result = parts.dropping(rows: tile.part ?? 0)
      for span in 1..<tile.spanCount { result.join(result.dropping(rows: span * rows), rows: rows) }
      write(tile, batch.sequences[tile.sequence], result, output)
    }
  }

  /// Some consecutive tokens of one sequence, with the query heads of one key-value head, over some spans.
  private struct Tile: BitwiseCopyable {
    var sequence: Int
    var head: Int
    /// The first token, counted within the sequence's rows.
    var first: Int
    var count: Int
    var firstSpan: Int
    var spanCount: Int
    /// Where its first span's rows stand among those that are joined at the end; nil where one thread joins them.
    var part: Int?
  }

  /// Tokens of a tile with which all threads get equally many tiles of a step's chunks, as few as may be.
  private func evenTokens(_ batch: Batch, threads: Int) -> Int {
    let tokens = batch.sequences.reduce(0) { $1.count > 1 ? $0 + $1.count : $0 } * sizes.keyValueHeadCount
    let rounds = (tokens - 1) / (threads * tokensPerTile) + 1
    return max(1, (tokens - 1) / (threads * rounds) + 1)
  }

  /// Cuts a batch into tiles. A sequence with few tokens and several spans gets a tile for each span, and one more in
  /// `joins`, as far as there is room for their results.
  private func fill(
    _ tiles: UnsafeMutablePointer<Tile>, _ joins: UnsafeMutablePointer<Tile>, _ batch: Batch, threads: Int
  ) -> (tiles: Int, joins: Int, partRows: Int) {
    var counts = (tiles: 0, joins: 0, partRows: 0)
    let evenTokens = evenTokens(batch, threads: threads)
    for (index, sequence) in batch.sequences.enumerated() {
      let spanCount = (sequence.position + sequence.count - 1) / Self.spanSize + 1
      let partRows = sequence.count * spanCount * sizes.headCount
      let isSeparate =
        threads > 1 && spanCount > 1 && sequence.count <= tokensPerTile
        && counts.partRows + partRows <= separateSpans * sizes.headCount
      for first in stride(from: 0, to: sequence.count, by: isSeparate ? tokensPerTile : evenTokens) {
        let count = min(isSeparate ? tokensPerTile : evenTokens, sequence.count - first)
        let spanCount = (sequence.position + first + count - 1) / Self.spanSize + 1
        for head in 0..<sizes.keyValueHeadCount {
          var tile = Tile(
            sequence: index, head: head, first: first, count: count, firstSpan: 0, spanCount: spanCount, part: nil)
          guard isSeparate else {
            tiles[counts.tiles] = tile
            counts.tiles += 1
            continue
          }
          tile.part = counts.partRows
          joins[counts.joins] = tile
          counts.joins += 1
          tile.spanCount = 1
          for span in 0..<spanCount {
            tile.firstSpan = span
            tile.part = counts.partRows
            tiles[counts.tiles] = tile
            counts.tiles += 1
            counts.partRows += count * group
          }
        }
      }
    }
    return counts
  }

  /// What a tile's queries get from one span. A token takes whole pages up to its own, then the part of its own page
  /// that it sees.
  private func attend(
    _ tile: Tile, span: Int, _ sequence: SequenceRows, _ scratch: Scratch, _ state: OnlineSoftmax,
    _ pages: KeyValuePages, _ kernels: Kernels
  ) {
    let pageSize = KeyValuePages.pageSize
    let layout = pages.layout
    let firstPosition = sequence.position + tile.first
    let lastPosition = firstPosition + tile.count - 1
    let firstPage = span * Self.pagesPerSpan
    state.clear(rows: tile.count * group)
    for page in firstPage...min(lastPosition / pageSize, firstPage + Self.pagesPerSpan - 1) {
      let head = layout.head(tile.head, of: pages.page(sequence.pages[page]))
      let start = page * pageSize
      kernels.accumulate(
        panels: head.keys, layout.element,
        panelCount: Kernels.panelCount(columns: min(pageSize, lastPosition - start + 1)),
        panelBytes: layout.keyPanelBytes, count: dimension, coefficients: scratch.queries,
        coefficientStride: dimension, rows: tile.count * group, scales: nil, output: scratch.scores,
        outputStride: pageSize)
      if hidesFirst, page == 0 {
        for row in 0..<tile.count * group where firstPosition + row / group > 0 {
          scratch.scores[row * pageSize] = Self.hiddenScore
        }
      }
      if start + pageSize <= firstPosition + 1 {
        weigh(rows: 0..<tile.count * group, seen: pageSize, head, layout, scratch, state, kernels)
      } else {
        // The tokens before the page see nothing of it.
        for token in max(0, start - firstPosition)..<tile.count {
          weigh(
            rows: token * group..<(token + 1) * group, seen: min(pageSize, firstPosition + token - start + 1), head,
            layout, scratch, state, kernels)
        }
      }
    }
  }

  /// Turns some rows' scores of a page into weights and adds the values they weigh.
  private func weigh(
    rows: Range<Int>, seen: Int, _ head: KeyValueHead, _ layout: KeyValueLayout, _ scratch: Scratch,
    _ state: OnlineSoftmax, _ kernels: Kernels
  ) {
    let first = rows.lowerBound
    let scores = scratch.scores + first * KeyValuePages.pageSize
    kernels.accumulateSoftmax(
      scores, stride: KeyValuePages.pageSize, rows: rows.count, count: seen, scale: 1 / Float(dimension).squareRoot(),
      scoreFactors: head.keyScales, weightFactors: head.valueScales, maxima: state.maxima + first,
      sums: state.totals + first, corrections: scratch.corrections + first)
    kernels.accumulate(
      panels: head.values, layout.element, panelCount: layout.valuePanels, panelBytes: layout.valuePanelBytes,
      count: seen, coefficients: scores, coefficientStride: KeyValuePages.pageSize, rows: rows.count,
      scales: scratch.corrections + first, output: state.sums + first * state.width, outputStride: state.width)
  }

  private func write(
    _ tile: Tile, _ sequence: SequenceRows, _ result: OnlineSoftmax, _ output: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<tile.count * group {
      let mixed = output + headIndex(tile, sequence, row) * dimension
      mixed.update(from: result.sums + row * result.width, count: dimension)
      Elementwise.scale(mixed, by: 1 / result.totals[row], count: dimension)
    }
  }

  /// The how-manieth of all rows' query heads a tile's row is.
  private func headIndex(_ tile: Tile, _ sequence: SequenceRows, _ row: Int) -> Int {
    let token = sequence.firstRow + tile.first + row / group
    return token * sizes.headCount + tile.head * group + row % group
  }

  /// A thread's memory for one tile.
  private struct Scratch {
    let queries: UnsafeMutablePointer<Float>
    /// A page's scores, then weights, of each query.
    let scores: UnsafeMutablePointer<Float>
    let corrections: UnsafeMutablePointer<Float>
    let result: OnlineSoftmax
    let span: OnlineSoftmax

    init(_ memory: UnsafeMutablePointer<Float>, rows: Int, dimension: Int) {
      queries = memory
      scores = queries + rows * dimension
      corrections = scores + rows * KeyValuePages.pageSize
      let states = corrections + rows
      result = OnlineSoftmax(states, rows: rows, dimension: dimension)
      span = OnlineSoftmax(
        states + OnlineSoftmax.floats(rows: rows, dimension: dimension), rows: rows, dimension: dimension)
    }
  }
}
