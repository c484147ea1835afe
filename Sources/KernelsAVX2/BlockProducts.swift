import CIntrinsics
public import Tensor

/// A product with weights of one block format; see `Kernels.multiply` for the contract.
struct BlockProduct<Format: PanelFormat> {
  let weights: UnsafeRawPointer
  /// What will probably be read after these weights.
  let upcoming: UnsafeRawPointer?
  let rows: Int
  let input: QuantizedRows
  let tokens: Int
  let output: UnsafeMutablePointer<Float>
  let outputStride: Int
  let scratch: BlockScratch

  /// Bytes between rows.
  private var stride: Int { input.columns / Format.columns * Format.byteCount }
  private var blocksPerUnit: Int { Format.columns / PanelBlock.columns }
  private var panelBytes: Int { input.blocks * Format.blockBytes }

  /// Few tokens take each stretch of a panel as it is unpacked; many pass over whole panels.
  @inline(__always)
  func run() {
    if tokens <= widestTile {
      let tile = tileInput(0, tokens)
      for row in Swift.stride(from: 0, to: rows, by: 8) { stream(row, tile) }
    } else {
      let group = max(1, min(4, BlockScratch.panelBudget / panelBytes))
      for row in Swift.stride(from: 0, to: rows, by: 8 * group) { pass(row, min(group, (rows - row + 7) / 8)) }
    }
  }

  @inline(__always)
  private func stream(_ row: Int, _ tile: TileInput) {
    let source = eightRows(row)
    let next = row + 8 < rows ? weights + (row + 8) * stride : upcoming
    let sums = scratch.sums
    for t in 0..<tokens { _mm256_store_ps(sums + 8 * t, _mm256_setzero_ps()) }
    // A stretch of 256 columns stays in the first-level cache.
    let unitsPerStretch = max(1, 8 / blocksPerUnit)
    let units = input.columns / Format.columns
    var unit = 0
    while unit < units {
      let count = min(unitsPerStretch, units - unit)
      // Eight rows are too many streams for the processor to foresee; the next panel as a whole is one.
      if let next {
        let start = 8 * unit * Format.byteCount
        for offset in Swift.stride(from: 0, to: 8 * count * Format.byteCount, by: 64) {
          prefetch_line(next + start + offset)
        }
      }
      for i in 0..<count {
        Format.unpack(
          source + (unit + i) * Format.byteCount, stride, scratch.panels + i * blocksPerUnit * Format.blockBytes)
      }
      addBlocks(
        Format.Codes.self, Format.Factors.self, tokens: tokens, scratch.panels, unit * blocksPerUnit,
        count * blocksPerUnit, tile, sums)
      unit += count
    }
    store(row, 0, tokens)
  }

  @inline(__always)
  private func pass(_ row: Int, _ panels: Int) {
    for panel in 0..<panels {
      let source = eightRows(row + 8 * panel)
      for unit in 0..<input.columns / Format.columns {
        Format.unpack(
          source + unit * Format.byteCount, stride,
          scratch.panels + panel * panelBytes + unit * blocksPerUnit * Format.blockBytes)
      }
    }
    // Tiles of nearly the same width.
    let tiles = (tokens + widestTile - 1) / widestTile
    var token = 0
    for tile in 0..<tiles {
      let width = (tokens - token + tiles - tile - 1) / (tiles - tile)
      let input = tileInput(token, width)
      for panel in 0..<panels {
        for t in 0..<width { _mm256_store_ps(scratch.sums + 8 * t, _mm256_setzero_ps()) }
        addBlocks(
          Format.Codes.self, Format.Factors.self, tokens: width, scratch.panels + panel * panelBytes, 0,
          input.blocks, input, scratch.sums)
        store(row + 8 * panel, token, width)
      }
      token += width
    }
  }

  /// Where eight rows from `row` on are: in place, or, where fewer are left, in a copy that repeats the last.
  @inline(__always)
  private func eightRows(_ row: Int) -> UnsafeRawPointer {
    let source = weights + row * stride
    if row + 8 <= rows { return source }
    for i in 0..<8 {
      (scratch.rows + i * stride).copyMemory(from: weights + min(row + i, rows - 1) * stride, byteCount: stride)
    }
    return UnsafeRawPointer(scratch.rows)
  }

  /// The inputs of `width` tokens from `token` on, with their corrections in scratch memory.
  @inline(__always)
  private func tileInput(_ token: Int, _ width: Int) -> TileInput {
    let source = input.from(row: token)
    let count = width * source.blocks
    if Format.Factors.hasMinimum {
      let factors = UnsafeMutableRawPointer(scratch.corrections).assumingMemoryBound(to: Float.self)
      factors.update(from: source.minimumFactors, count: count)
    } else {
      let perBlock = Format.Factors.correctionsPerBlock
      for i in 0..<count {
        if perBlock == 2 {
          scratch.corrections[2 * i] = -Format.offset &* source.sums[2 * i]
          scratch.corrections[2 * i + 1] = -Format.offset &* source.sums[2 * i + 1]
        } else {
          scratch.corrections[i] = -Format.offset &* (source.sums[2 * i] &+ source.sums[2 * i + 1])
        }
      }
    }
    return TileInput(
      values: UnsafePointer(source.values), scales: UnsafePointer(source.scales),
      corrections: UnsafePointer(scratch.corrections), columns: source.columns, blocks: source.blocks)
  }

  @inline(__always)
  private func store(_ row: Int, _ token: Int, _ width: Int) {
    let left = _mm256_set1_epi32(Int32(truncatingIfNeeded: min(8, rows - row)))
    let mask = _mm256_cmpgt_epi32(left, _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7))
    for t in 0..<width {
      _mm256_maskstore_ps(output + (token + t) * outputStride + row, mask, _mm256_load_ps(scratch.sums + 8 * t))
    }
  }
}

/// The working memory of one product, cut from one piece.
struct BlockScratch {
  /// Panels together stay below this, so that they fit the second-level cache.
  static var panelBudget: Int { 1 << 17 }

  let sums: UnsafeMutablePointer<Float>
  let corrections: UnsafeMutablePointer<Int32>
  let panels: UnsafeMutableRawPointer
  let rows: UnsafeMutableRawPointer

  init(_ memory: UnsafeMutableRawPointer, _ input: QuantizedRows) {
    sums = memory.assumingMemoryBound(to: Float.self)
    let afterSums = memory + 32 * widestTile
    corrections = afterSums.assumingMemoryBound(to: Int32.self)
    panels = afterSums + (widestTile * input.blocks * 8 + 63) / 64 * 64
    let largestPanel = input.blocks * 32 * (PanelBlock.codeVectors + 2)
    rows = panels + max(largestPanel, Self.panelBudget)
  }
}

/// Scratch bytes of a product over `columns` columns.
public func blockScratchBytes(columns: Int) -> Int {
  let blocks = columns / PanelBlock.columns
  let panels = max(blocks * 32 * (PanelBlock.codeVectors + 2), BlockScratch.panelBudget)
  // The widest format takes 34 bytes for 32 columns.
  return 32 * widestTile + (widestTile * blocks * 8 + 63) / 64 * 64 + panels + 8 * blocks * 34
}

/// `output[t][n] = Σk weights[n][k] · input[t][k]` with weights of a block format; see `Kernels.multiply`.
public func multiplyBlocks(
  _ weights: UnsafeRawPointer, _ type: ElementType, _ rows: Int, _ input: QuantizedRows, _ tokens: Int,
  _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ scratch: UnsafeMutableRawPointer,
  _ upcoming: UnsafeRawPointer?
) {
  @inline(__always)
  func run<Format: PanelFormat>(_: Format.Type) {
    BlockProduct<Format>(
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
