import CIntrinsics

/// Sixteen weight rows in the form that products with quantised inputs take: lane r of every vector belongs to row r.
///
/// A panel block stands for 32 weights of each row. Its first eight vectors hold the codes, four consecutive
/// columns a lane, as unsigned bytes; one or two vectors of factors follow, as `PanelKind` says.
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
  /// Unpacks `columns` weights of sixteen rows, `stride` bytes apart, to `columns / 32` panel blocks.
  static func unpack(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer)
}

extension PanelFormat {
  /// Bytes of a panel block.
  @inline(__always) static var blockBytes: Int { 64 * (PanelBlock.codeVectors + Factors.factorVectors) }
}

/// Sixteen bytes of each of sixteen rows as four vectors: vector j holds bytes 4j to 4j + 3 of every row.
@inline(__always)
func columns16(_ rows: UnsafeRawPointer, _ stride: Int) -> (__m512i, __m512i, __m512i, __m512i) {
  // Each lane of 128 bits gathers four neighbouring rows, then is transposed by itself.
  let a = rows4(rows, stride)
  let b = rows4(rows + stride, stride)
  let c = rows4(rows + 2 * stride, stride)
  let d = rows4(rows + 3 * stride, stride)
  let ab0 = _mm512_unpacklo_epi32(a, b)
  let ab1 = _mm512_unpackhi_epi32(a, b)
  let cd0 = _mm512_unpacklo_epi32(c, d)
  let cd1 = _mm512_unpackhi_epi32(c, d)
  return (
    _mm512_unpacklo_epi64(ab0, cd0), _mm512_unpackhi_epi64(ab0, cd0), _mm512_unpacklo_epi64(ab1, cd1),
    _mm512_unpackhi_epi64(ab1, cd1)
  )
}

/// Sixteen bytes of every fourth row.
@inline(__always)
private func rows4(_ rows: UnsafeRawPointer, _ stride: Int) -> __m512i {
  insert_rows4(rows, rows + 4 * stride, rows + 8 * stride, rows + 12 * stride)
}

/// A 16-bit float of each of sixteen rows.
@inline(__always)
func halves16(_ rows: UnsafeRawPointer, _ stride: Int) -> __m512 {
  _mm512_cvtph_ps(gather_halves16(rows, stride))
}

/// Four bytes of each of sixteen rows.
@inline(__always)
func words16(_ rows: UnsafeRawPointer, _ stride: Int) -> __m512i { gather_words16(rows, stride) }

/// The floats in the low halves of 32-bit lanes.
@inline(__always)
func lowHalves(_ words: __m512i) -> __m512 { _mm512_cvtph_ps(_mm512_cvtepi32_epi16(words)) }

extension UnsafeMutableRawPointer {
  /// Writes vector `index` of a panel block.
  @inline(__always)
  func store(_ vector: __m512i, _ index: Int) { _mm512_store_si512(self + 64 * index, vector) }

  /// Writes factor vector `index` of a panel block.
  @inline(__always)
  func storeFactor(_ vector: __m512, _ index: Int) {
    _mm512_store_ps(self + 64 * (PanelBlock.codeVectors + index), vector)
  }
}
