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
    return Rows.needsTransposing || !Format.Factors.hasMinimum ? 2 : 4
  }

  /// Few tokens take each stretch of a panel as it is unpacked; many pass over whole panels.
  ///
  /// A function of its own for each format: in one of all formats the compiler leaves some of the standard library's generic
  /// code outside, where other modules would find it, with instructions of this module.
  @inline(never)
  func run() {
    if tokens <= widestTile {
      let tile = tileInput(0, tokens)
      let ahead = 16 * max(1, min(Self.bytesAhead / (16 * stride), rows / 16))
      for row in Swift.stride(from: 0, to: rows, by: 16) {
        let next =
          row + ahead < rows ? weights + (row + ahead) * stride : upcoming.map { $0 + (row + ahead - rows) * stride }
        switch tokens <= mostDirectTokens ? tokens : widestTile {
        case 1: dot(InlineArray<1, Void>.self, row, tile, next)
        case 2: dot(InlineArray<2, Void>.self, row, tile, next)
        case 3: dot(InlineArray<3, Void>.self, row, tile, next)
        case 4: dot(InlineArray<4, Void>.self, row, tile, next)
        default: stream(row, tile, next)
        }
        store(row, 0, tokens)
      }
    } else {
      let group = max(1, min(4, BlockScratch.panelBudget / panelBytes))
      for row in Swift.stride(from: 0, to: rows, by: 16 * group) { pass(row, min(group, (rows - row + 15) / 16)) }
    }
  }

  /// Asks for bytes `range` after `next`: sixteen rows are too many streams for the processor to foresee, but what comes
  /// after them as a whole is one.
  @inline(__always)
  private func prefetch(_ next: UnsafeRawPointer?, _ range: Range<Int>) {
    guard let next else { return }
    for offset in Swift.stride(from: range.lowerBound, to: range.upperBound, by: 64) { prefetch_line(next + offset) }
  }

  @inline(__always)
  private func dot<let width: Int>(
    _: InlineArray<width, Void>.Type, _ row: Int, _ tile: TileInput, _ next: UnsafeRawPointer?
  ) {
    let source = sixteenRows(row)
    var dot = BlockDot<Format.Factors, width>(
      tile, upcoming: next, bytesPerBlock: 16 * Format.byteCount / blocksPerUnit)
    for unit in 0..<input.columns / Format.columns {
      Format.unpack(source.from(unit * Format.byteCount), &dot)
      dot.firstBlock += blocksPerUnit
    }
    dot.store(scratch.sums)
  }

  @inline(__always)
  private func stream(_ row: Int, _ tile: TileInput, _ next: UnsafeRawPointer?) {
    let source = sixteenRows(row)
    for t in 0..<tokens { _mm512_store_ps(scratch.sums + 16 * t, _mm512_setzero_ps()) }
    // A stretch of 256 columns stays in the first-level cache.
    let unitsPerStretch = max(1, 8 / blocksPerUnit)
    let units = input.columns / Format.columns
    var unit = 0
    while unit < units {
      let count = min(unitsPerStretch, units - unit)
      prefetch(next, 16 * unit * Format.byteCount..<16 * (unit + count) * Format.byteCount)
      unpack(source.from(unit * Format.byteCount), count, scratch.panels)
      addBlocks(
        Format.Factors.self, tokens: tokens, scratch.panels, unit * blocksPerUnit, count * blocksPerUnit, tile,
        scratch.sums)
      unit += count
    }
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
    let next = row + 16 * panels < rows ? weights + (row + 16 * panels) * stride : upcoming
    let nextBytes = 16 * panels * stride
    // Tiles of nearly the same width.
    let tiles = (tokens + widestTile - 1) / widestTile
    var token = 0
    for tile in 0..<tiles {
      let width = (tokens - token + tiles - tile - 1) / (tiles - tile)
      let input = tileInput(token, width)
      for panel in 0..<panels {
        let turn = tile * panels + panel
        prefetch(next, nextBytes * turn / (tiles * panels)..<nextBytes * (turn + 1) / (tiles * panels))
        for t in 0..<width { _mm512_store_ps(scratch.sums + 16 * t, _mm512_setzero_ps()) }
        addBlocks(
          Format.Factors.self, tokens: width, scratch.panels + panel * panelBytes, 0, self.input.blocks, input,
          scratch.sums)
        store(row + 16 * panel, token, width)
      }
      token += width
    }
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

  /// The inputs of `width` tokens from `token` on, with their scales and corrections in scratch memory.
  @inline(__always)
  private func tileInput(_ token: Int, _ width: Int) -> TileInput {
    let source = input.from(row: token)
    let length = TileInput.groupBlocks
    for block in Swift.stride(from: 0, to: source.blocks, by: length) {
      let count = min(length, source.blocks - block)
      let mask = __mmask8(truncatingIfNeeded: (1 << count) - 1)
      for t in 0..<width {
        let (from, to) = (t * source.blocks + block, block * width + t * length)
        _mm256_storeu_ps(scratch.scales + to, _mm256_maskz_loadu_ps(mask, source.scales + from))
        storeCorrections(source, mask, from, to)
      }
    }
    return TileInput(
      values: UnsafePointer(source.values), columns: source.columns, scales: UnsafePointer(scratch.scales),
      corrections: UnsafePointer(scratch.corrections))
  }

  /// The corrections of at most eight blocks of a token.
  @inline(__always)
  private func storeCorrections(_ source: QuantizedRows, _ mask: __mmask8, _ from: Int, _ to: Int) {
    let target = scratch.corrections + Format.Factors.correctionsPerBlock * to
    if Format.Factors.hasMinimum && Format.Factors.blocksPerInputScale == 1 {
      _mm256_storeu_epi32(
        target, _mm256_castps_si256(_mm256_maskz_loadu_ps(mask, source.minimumFactors + from)))
      return
    }
    // Each block has two sums, of its first and of its last sixteen bytes.
    let halves = _mm512_maskz_loadu_epi64(mask, source.sums + 2 * from)
    if Format.Factors.correctionsPerBlock == 2 {
      _mm512_storeu_epi32(target, _mm512_mullo_epi32(halves, _mm512_set1_epi32(-Format.offset)))
      return
    }
    let sums = _mm512_cvtepi64_epi32(_mm512_add_epi32(halves, _mm512_srli_epi64(halves, 32)))
    if Format.Factors.hasMinimum {
      _mm256_storeu_epi32(target, _mm256_castps_si256(_mm256_cvtepi32_ps(sums)))
    } else {
      _mm256_storeu_epi32(target, _mm256_mullo_epi32(sums, _mm256_set1_epi32(-Format.offset)))
    }
  }

  @inline(__always)
  private func store(_ row: Int, _ token: Int, _ width: Int) {
    let mask = __mmask16(truncatingIfNeeded: (1 << min(16, rows - row)) - 1)
    for t in 0..<width {
      _mm512_mask_storeu_ps(output + (token + t) * outputStride + row, mask, _mm512_load_ps(scratch.sums + 16 * t))
    }
  }
}

/// The working memory of one product, cut from one piece.
struct BlockScratch {
  /// Panels together stay below this, so that they fit the second-level cache.
  static var panelBudget: Int { 1 << 18 }

  let sums: UnsafeMutablePointer<Float>
  let scales: UnsafeMutablePointer<Float>
  let corrections: UnsafeMutablePointer<Int32>
  let panels: UnsafeMutableRawPointer
  let rows: UnsafeMutableRawPointer

  init(_ memory: UnsafeMutableRawPointer, _ input: QuantizedRows) {
    sums = memory.assumingMemoryBound(to: Float.self)
    let afterSums = memory + Self.sumsBytes
    scales = afterSums.assumingMemoryBound(to: Float.self)
    let afterScales = afterSums + Self.scalesBytes(blocks: input.blocks)
    corrections = afterScales.assumingMemoryBound(to: Int32.self)
    panels = afterScales + Self.correctionsBytes(blocks: input.blocks)
    rows = panels + Self.panelsBytes(blocks: input.blocks)
  }

  /// Bytes of all for `blocks` blocks a row.
  static func byteCount(blocks: Int) -> Int {
    // The widest format takes 34 bytes for 32 columns.
    sumsBytes + scalesBytes(blocks: blocks) + correctionsBytes(blocks: blocks) + panelsBytes(blocks: blocks)
      + 16 * blocks * 34
  }

  private static var sumsBytes: Int { 64 * widestTile }

  /// A float a block and token, up to whole groups.
  private static func scalesBytes(blocks: Int) -> Int {
    let length = TileInput.groupBlocks
    return 4 * widestTile * ((blocks + length - 1) / length * length)
  }

  /// At most two integers for each scale.
  private static func correctionsBytes(blocks: Int) -> Int { 2 * scalesBytes(blocks: blocks) }

  private static func panelsBytes(blocks: Int) -> Int {
    max(blocks * 64 * (PanelBlock.codeVectors + 2), panelBudget)
  }
}

/// Scratch bytes of a product over `columns` columns.
public func blockScratchBytes(columns: Int) -> Int { BlockScratch.byteCount(blocks: columns / PanelBlock.columns) }

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
