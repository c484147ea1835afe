import Tensor

/// The working memory of one product, cut from one piece.
struct BlockScratch {
  /// Panels together stay below this where two of them do, so that they fit the second-level cache beside the inputs.
  static var panelBudget: Int { 3 << 17 }

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

  /// Tokens whose sums, scales and corrections are kept.
  private static var tokens: Int { 2 * widestTile }

  /// A vector a token for each of two panels.
  private static var sumsBytes: Int { 128 * tokens }

  /// A token's blocks, up to whole groups.
  static func paddedBlocks(_ blocks: Int) -> Int {
    let length = TileInput.groupBlocks
    return (blocks + length - 1) / length * length
  }

  /// A float a block and token.
  private static func scalesBytes(blocks: Int) -> Int { 4 * tokens * paddedBlocks(blocks) }

  /// At most two integers for each scale.
  private static func correctionsBytes(blocks: Int) -> Int { 2 * scalesBytes(blocks: blocks) }

  private static func panelsBytes(blocks: Int) -> Int {
    // Two panels at least.
    max(2 * blocks * 64 * (PanelBlock.codeVectors + 2), panelBudget)
  }
}

/// Scratch bytes of a product over `columns` columns.
public func blockScratchBytes(columns: Int) -> Int { BlockScratch.byteCount(blocks: columns / PanelBlock.columns) }
