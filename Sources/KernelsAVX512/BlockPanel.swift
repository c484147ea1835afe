import CIntrinsics

/// Sixteen weight rows in the form that products with quantised inputs take: lane r of every vector belongs to row r.
///
/// A panel block stands for 32 weights of each row. Its first eight vectors hold the codes, four consecutive
/// columns a lane, as unsigned bytes; one or two vectors of factors follow, as `PanelFactors` says.
enum PanelBlock {
  /// Weights of a row.
  static var columns: Int { 32 }
  /// Vectors of codes.
  static var codeVectors: Int { 8 }
}

/// How sixteen rows of one storage format become panel blocks.
protocol PanelFormat {
  /// What the factors mean.
  associatedtype Factors: PanelFactors
  /// Weights of a row that are unpacked together: a multiple of 32.
  static var columns: Int { get }
  /// Bytes they take.
  static var byteCount: Int { get }
  /// What is subtracted from every code before it is multiplied; 0 where there is a minimum.
  static var offset: Int32 { get }
  /// Unpacks `columns` weights of sixteen rows to `columns / 32` blocks of `sink`.
  static func unpack<Rows: PanelRows, Sink: PanelSink>(_ rows: Rows, _ sink: inout Sink)
}

extension PanelFormat {
  /// Bytes of a panel block.
  @inline(__always) static var blockBytes: Int { 64 * (PanelBlock.codeVectors + Factors.factorVectors) }
}

/// The floats in the low halves of 32-bit lanes.
@inline(__always)
func lowHalves(_ words: __m512i) -> __m512 { _mm512_cvtph_ps(_mm512_cvtepi32_epi16(words)) }

/// What takes the vectors of panel blocks as they are unpacked: memory, or a product.
///
/// Minima that blocks share come first; a block's codes come before its factors, factors come in ascending order, and so do
/// the blocks' factors.
protocol PanelSink {
  /// Takes code vector `index` of block `block`, counted within what is unpacked together.
  mutating func code(_ vector: __m512i, _ index: Int, block: Int)
  /// Takes factor vector `index` of block `block`.
  mutating func factor(_ vector: __m512, _ index: Int, block: Int)
  /// Takes the minima of eight blocks, before all else: a lane of vector j holds those of blocks 2j and 2j + 1 as 16-bit
  /// integers. `scale` is what they are multiplied by.
  mutating func minima(_ pairs: (__m512i, __m512i, __m512i, __m512i), scale: __m512)
}

/// Panel blocks in memory, aligned to 64.
struct PanelMemory: PanelSink {
  let base: UnsafeMutableRawPointer
  let blockBytes: Int

  @inline(__always)
  func code(_ vector: __m512i, _ index: Int, block: Int) {
    _mm512_store_si512(base + block * blockBytes + 64 * index, vector)
  }

  @inline(__always)
  func factor(_ vector: __m512, _ index: Int, block: Int) {
    _mm512_store_ps(base + block * blockBytes + 64 * (PanelBlock.codeVectors + index), vector)
  }

  /// The second factors of the first five blocks.
  @inline(__always)
  func minima(_ pairs: (__m512i, __m512i, __m512i, __m512i), scale: __m512) {
    factor(_mm512_castsi512_ps(pairs.0), 1, block: 0)
    factor(_mm512_castsi512_ps(pairs.1), 1, block: 1)
    factor(_mm512_castsi512_ps(pairs.2), 1, block: 2)
    factor(_mm512_castsi512_ps(pairs.3), 1, block: 3)
    factor(scale, 1, block: 4)
  }
}
