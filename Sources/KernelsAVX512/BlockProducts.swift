import CIntrinsics
public import Tensor

/// A product with weights of one block format; see `Kernels.multiply` for the contract.
struct BlockProduct<Format: PanelFormat, Rows: PanelRows> {
  let weights: UnsafeRawPointer
  /// What will probably be read after these weights.
  let upcoming: UnsafeRawPointer?
  let rows: Int
  let input: QuantizedRows
  let tokens: Int
  let output: UnsafeMutablePointer<Float>
  let outputStride: Int
  let scratch: BlockScratch

  /// Bytes of a row.
  private var stride: Int { input.columns / Format.columns * Format.byteCount }
  private var blocksPerUnit: Int { Format.columns / PanelBlock.columns }
  private var panelBytes: Int { input.blocks * Format.blockBytes }

  /// How far ahead of few tokens' products weights are asked for, where rows are that long.
  private static var bytesAhead: Int { 1 << 15 }

  /// Tokens whose integers under way fit the registers while weights are unpacked.
  private var mostDirectTokens: Int {
    if Format.Factors.blocksPerInputScale == 1 { return 4 }
    return Rows.needsTransposing || Format.Factors.scalesPerBlock == 2 ? 2 : 4
  }

  /// Few tokens take panels as they are unpacked, some more each stretch of two panels; many pass over whole panels.
  ///
  /// A function of its own for each format: in one of all formats the compiler leaves some of the standard library's generic
  /// code outside, where other modules would find it, with instructions of this module.
  @inline(never)
  func run() {
    if tokens <= mostDirectTokens {
      let tile = tileInput(0, tokens)
      for row in Swift.stride(from: 0, to: rows, by: 16) {
        let next = upcoming(row)
        switch tokens {
        case 1: dot(InlineArray<1, Void>.self, row, tile, next)
        case 2: dot(InlineArray<2, Void>.self, row, tile, next)
        case 3: dot(InlineArray<3, Void>.self, row, tile, next)
        default: dot(InlineArray<4, Void>.self, row, tile, next)
        }
      }
    } else if tokens <= Self.mostStreamedTokens {
      for tile in 0..<tiles { fillInput(firstToken(tile), width(tile), after: firstToken(tile)) }
      let ahead = rowsAhead(by: 32)
      for row in Swift.stride(from: 0, to: rows, by: 32) { stream(row, weights(row + ahead)) }
    } else {
      let group = max(2, min(8, BlockScratch.panelBudget / panelBytes / 2 * 2))
      for row in Swift.stride(from: 0, to: rows, by: 16 * group) { pass(row, min(group, (rows - row + 15) / 16)) }
    }
  }

  /// Tokens that are taken with each stretch of two panels.
  private static var mostStreamedTokens: Int { 2 * widestTile }

  /// What is asked for while sixteen rows from `row` on are multiplied.
  ///
  /// Rows apart are too many streams for the processor to foresee, but what comes further on is one. Interleaved rows are
  /// one stream, which it foresees and brings faster than it can be asked as long as few tokens keep no load waiting; they
  /// are asked for a little ahead, and across the end of these weights. Q6_K has fields in another order than they are
  /// taken in.
  @inline(__always)
  private func upcoming(_ row: Int) -> UpcomingBytes {
    let end = weights + rows * stride
    let isForeseen = !Rows.needsTransposing && tokens <= 2 && Format.Factors.scalesPerBlock == 1
    let next = weights + row * stride + (isForeseen ? Self.bytesForeseen : rowsAhead(by: 16) * stride)
    return UpcomingBytes(next, count: end - next, further: upcoming ?? end)
  }

  /// How far ahead a stream that the processor foresees is asked for.
  private static var bytesForeseen: Int { 1024 }

  /// Rows ahead of those in work that are asked for, a multiple of `step`.
  private func rowsAhead(by step: Int) -> Int { step * max(1, min(Self.bytesAhead / (step * stride), rows / step)) }

  /// Where row `row` is, or, beyond the last, what will probably be read then.
  @inline(__always)
  private func weights(_ row: Int) -> UnsafeRawPointer? {
    row < rows ? weights + row * stride : upcoming.map { $0 + (row - rows) * stride }
  }

  // MARK: - Tiles of nearly the same width

  private var tiles: Int { (tokens + widestTile - 1) / widestTile }

  @inline(__always)
  private func firstToken(_ tile: Int) -> Int { tokens * tile / tiles }

  @inline(__always)
  private func width(_ tile: Int) -> Int { firstToken(tile + 1) - firstToken(tile) }

  // MARK: - Rows

  @inline(__always)
  private func dot<let width: Int>(
    _: InlineArray<width, Void>.Type, _ row: Int, _ tile: TileInput, _ next: UpcomingBytes
  ) {
    let source = sixteenRows(row)
    var dot = BlockDot<Format.Factors, width>(
      tile, upcoming: next, bytesPerBlock: 16 * Format.byteCount / blocksPerUnit)
    for unit in 0..<input.columns / Format.columns {
      Format.unpack(source.from(unit * Format.byteCount), &dot)
      dot.firstBlock += blocksPerUnit
    }
    dot.store(scratch.sums)
    store(row, 0, tokens, scratch.sums)
  }

  @inline(__always)
  private func stream(_ row: Int, _ next: UnsafeRawPointer?) {
    let sources = (sixteenRows(row), sixteenRows(row + 16 < rows ? row + 16 : row))
    for i in 0..<2 * tokens { _mm512_store_ps(scratch.sums + 16 * i, _mm512_setzero_ps()) }
    // A stretch of 256 columns of both panels stays in the first-level cache.
    let unitsPerStretch = max(1, 8 / blocksPerUnit)
    let units = input.columns / Format.columns
    let panels = PanelPair(first: scratch.panels, second: scratch.panels + 8 * Format.blockBytes)
    var unit = 0
    while unit < units {
      let count = min(unitsPerStretch, units - unit)
      unpack(sources.0.from(unit * Format.byteCount), count, scratch.panels)
      unpack(sources.1.from(unit * Format.byteCount), count, scratch.panels + 8 * Format.blockBytes)
      for tile in 0..<tiles {
        addBlocks(
          Format.Factors.self, tokens: width(tile), panels, unit * blocksPerUnit, count * blocksPerUnit,
          filledInput(firstToken(tile), after: firstToken(tile)),
          prefetch(
            next.map { $0 + 32 * unit * Format.byteCount }, 32 * count * Format.byteCount, turn: tile, of: tiles,
            blocks: count * blocksPerUnit),
          scratch.sums + 32 * firstToken(tile))
      }
      unit += count
    }
    for tile in 0..<tiles { storePair(row, firstToken(tile), width(tile), scratch.sums + 32 * firstToken(tile)) }
  }

  /// Unpacks `count` units of sixteen rows to memory.
  @inline(__always)
  private func unpack(_ source: Rows, _ count: Int, _ panel: UnsafeMutableRawPointer) {
    for unit in 0..<count {
      var memory = PanelMemory(
        base: panel + unit * blocksPerUnit * Format.blockBytes, blockBytes: Format.blockBytes)
      Format.unpack(source.from(unit * Format.byteCount), &memory)
    }
  }

  @inline(__always)
  private func pass(_ row: Int, _ panels: Int) {
    for panel in 0..<panels {
      unpack(sixteenRows(row + 16 * panel), input.columns / Format.columns, scratch.panels + panel * panelBytes)
    }
    let next = weights(row + 16 * panels)
    let pairs = (panels + 1) / 2
    for tile in 0..<tiles {
      let (token, width) = (firstToken(tile), width(tile))
      let input = tileInput(token, width)
      for pair in 0..<pairs {
        let second = min(2 * pair + 1, panels - 1)
        for i in 0..<2 * width { _mm512_store_ps(scratch.sums + 16 * i, _mm512_setzero_ps()) }
        addBlocks(
          Format.Factors.self, tokens: width,
          PanelPair(first: scratch.panels + 2 * pair * panelBytes, second: scratch.panels + second * panelBytes), 0,
          self.input.blocks, input,
          prefetch(
            next, 16 * panels * stride, turn: tile * pairs + pair, of: tiles * pairs, blocks: self.input.blocks),
          scratch.sums)
        storePair(row + 32 * pair, token, width, scratch.sums)
      }
    }
  }

  /// A turn's share of `byteCount` bytes from `next` on, where a turn takes `blocks` blocks.
  @inline(__always)
  private func prefetch(
    _ next: UnsafeRawPointer?, _ byteCount: Int, turn: Int, of turns: Int, blocks: Int
  ) -> Prefetch {
    guard let next else { return Prefetch(next: weights, end: weights, bytesPerGroup: 64) }
    let start = byteCount * turn / turns
    let end = byteCount * (turn + 1) / turns
    let groups = (blocks + TileInput.groupBlocks - 1) / TileInput.groupBlocks
    return Prefetch(
      next: next + start, end: next + end, bytesPerGroup: ((end - start) / groups + 63) / 64 * 64)
  }

  /// Where sixteen rows from `row` on are: in place, or, where fewer are left, in a copy that repeats the last.
  @inline(__always)
  private func sixteenRows(_ row: Int) -> Rows {
    let source = weights + row * stride
    if row + 16 <= rows { return Rows(source, stride: stride) }
    for i in 0..<16 {
      (scratch.rows + i * stride).copyMemory(from: weights + min(row + i, rows - 1) * stride, byteCount: stride)
    }
    return Rows(scratch.rows, stride: stride)
  }

  // MARK: - Inputs

  /// The inputs of `width` tokens from `token` on, with their scales and corrections at the beginning of scratch memory.
  @inline(__always)
  private func tileInput(_ token: Int, _ width: Int) -> TileInput {
    fillInput(token, width, after: 0)
    return filledInput(token, after: 0)
  }

  /// Scales and corrections of `width` tokens from `token` on in scratch memory, after those of `others` tokens.
  @inline(__always)
  private func fillInput(_ token: Int, _ width: Int, after others: Int) {
    let source = input.from(row: token)
    let length = TileInput.groupBlocks
    let start = others * BlockScratch.paddedBlocks(source.blocks)
    for block in Swift.stride(from: 0, to: source.blocks, by: length) {
      let count = min(length, source.blocks - block)
      let mask = __mmask8(truncatingIfNeeded: (1 << count) - 1)
      for t in 0..<width {
        let (from, to) = (t * source.blocks + block, start + block * width + t * length)
        _mm256_storeu_ps(scratch.scales + to, _mm256_maskz_loadu_ps(mask, source.scales + from))
        storeCorrections(source, mask, from, to)
      }
    }
  }

  /// What `fillInput` made.
  @inline(__always)
  private func filledInput(_ token: Int, after others: Int) -> TileInput {
    let start = others * BlockScratch.paddedBlocks(input.blocks)
    return TileInput(
      values: UnsafePointer(input.from(row: token).values), columns: input.columns,
      scales: UnsafePointer(scratch.scales + start),
      corrections: UnsafePointer(scratch.corrections + Format.Factors.correctionsPerBlock * start))
  }

  /// The corrections of at most eight blocks of a token.
  @inline(__always)
  private func storeCorrections(_ source: QuantizedRows, _ mask: __mmask8, _ from: Int, _ to: Int) {
    let target = scratch.corrections + Format.Factors.correctionsPerBlock * to
    if Format.Factors.hasMinimum {
      _mm256_storeu_epi32(
        target, _mm256_castps_si256(_mm256_maskz_loadu_ps(mask, source.minimumFactors + from)))
      return
    }
    // Each block has two sums, of its first and of its last sixteen bytes.
    let halves = _mm512_maskz_loadu_epi64(mask, source.sums + 2 * from)
    if Format.Factors.scalesPerBlock == 2 {
      _mm512_storeu_epi32(target, _mm512_mullo_epi32(halves, _mm512_set1_epi32(-Format.offset)))
      return
    }
    let sums = _mm512_cvtepi64_epi32(_mm512_add_epi32(halves, _mm512_srli_epi64(halves, 32)))
    if Format.Factors.hasSharedMinima {
      _mm_storeu_epi32(target, _mm256_cvtepi32_epi16(sums))
    } else {
      _mm256_storeu_epi32(target, _mm256_mullo_epi32(sums, _mm256_set1_epi32(-Format.offset)))
    }
  }

  // MARK: - Outputs

  /// Stores the sums of sixteen rows from `row` on, a vector a token.
  @inline(__always)
  private func store(_ row: Int, _ token: Int, _ width: Int, _ sums: UnsafePointer<Float>) {
    let mask = __mmask16(truncatingIfNeeded: (1 << min(16, rows - row)) - 1)
    for t in 0..<width {
      _mm512_mask_storeu_ps(output + (token + t) * outputStride + row, mask, _mm512_load_ps(sums + 16 * t))
    }
  }

  /// Stores the sums of two panels, as `addBlocks` leaves them.
  @inline(__always)
  private func storePair(_ row: Int, _ token: Int, _ width: Int, _ sums: UnsafePointer<Float>) {
    store(row, token, width, sums)
    if row + 16 < rows { store(row + 16, token, width, sums + 16 * width) }
  }
}

/// `output[t][n] = Σk weights[n][k] · input[t][k]` with weights of a block format; see `Kernels.multiply`.
public func multiplyBlocks(
  _ weights: UnsafeRawPointer, _ type: ElementType, _ rows: Int, _ input: QuantizedRows, _ tokens: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ scratch: UnsafeMutableRawPointer,
  _ upcoming: UnsafeRawPointer?
) {
  multiplyBlocks(
    SeparateRows.self, weights, type, rows, input, tokens, output, outputStride, scratch, upcoming)
}

/// The same with weights in `BlockLayout.interleaved`; `rows` is a multiple of sixteen.
public func multiplyInterleavedBlocks(
  _ weights: UnsafeRawPointer, _ type: ElementType, _ rows: Int, _ input: QuantizedRows, _ tokens: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ scratch: UnsafeMutableRawPointer,
  _ upcoming: UnsafeRawPointer?
) {
  multiplyBlocks(
    InterleavedRows.self, weights, type, rows, input, tokens, output, outputStride, scratch, upcoming)
}

@inline(__always)
private func multiplyBlocks<Rows: PanelRows>(
  _: Rows.Type, _ weights: UnsafeRawPointer, _ type: ElementType, _ rows: Int, _ input: QuantizedRows, _ tokens: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ scratch: UnsafeMutableRawPointer,
  _ upcoming: UnsafeRawPointer?
) {
  @inline(__always)
  func run<Format: PanelFormat>(_: Format.Type) {
    BlockProduct<Format, Rows>(
      weights: weights, upcoming: upcoming, rows: rows, input: input, tokens: tokens, output: output,
      outputStride: outputStride,
      scratch: BlockScratch(scratch, input)
    ).run()
  }
  switch type {
  case .q80: run(Q80Panel.self)
  case .q40: run(Q40Panel.self)
  case .q41: run(Q41Panel.self)
  case .q50: run(Q50Panel.self)
  case .q51: run(Q51Panel.self)
  case .q4K: run(Q4KPanel.self)
  case .q5K: run(Q5KPanel.self)
  case .q6K: run(Q6KPanel.self)
  case .f32, .f16, .bf16: break
  }
}
