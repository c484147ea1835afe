import CIntrinsics

/// Eight weight rows in the form that products with quantised inputs take: lane r of every vector belongs to row r.
///
/// A panel block stands for 32 weights of each row. Its first eight vectors hold the codes as bytes, four consecutive
/// columns a lane; one or two vectors of factors follow, as `PanelFactors` says.
enum PanelBlock {
  /// Weights of a row.
  static var columns: Int { 32 }
  /// Vectors of codes.
  static var codeVectors: Int { 8 }
}

/// How eight rows of one storage format become panel blocks.
protocol PanelFormat {
  /// What the codes are.
  associatedtype Codes: PanelCodes
  /// What the factors mean.
  associatedtype Factors: PanelFactors
  /// Weights of a row that are unpacked together: a multiple of 32.
  static var columns: Int { get }
  /// Bytes they take.
  static var byteCount: Int { get }
  /// What is subtracted from every code before it is multiplied; 0 where there is a minimum.
  static var offset: Int32 { get }
  /// Unpacks `columns` weights of eight rows, `stride` bytes apart, to `columns / 32` panel blocks.
  static func unpack(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer)
}

extension PanelFormat {
  /// Bytes of a panel block.
  @inline(__always) static var blockBytes: Int { 32 * (PanelBlock.codeVectors + Factors.factorVectors) }
}

/// Sixteen bytes of each of eight rows as four vectors: vector j holds bytes 4j to 4j + 3 of every row.
@inline(__always)
func columns16(_ rows: UnsafeRawPointer, _ stride: Int) -> (__m256i, __m256i, __m256i, __m256i) {
  // Each half gathers four neighbouring rows, then is transposed by itself.
  let a = twoRows(rows, stride)
  let b = twoRows(rows + stride, stride)
  let c = twoRows(rows + 2 * stride, stride)
  let d = twoRows(rows + 3 * stride, stride)
  let ab0 = _mm256_unpacklo_epi32(a, b)
  let ab1 = _mm256_unpackhi_epi32(a, b)
  let cd0 = _mm256_unpacklo_epi32(c, d)
  let cd1 = _mm256_unpackhi_epi32(c, d)
  return (
    _mm256_unpacklo_epi64(ab0, cd0), _mm256_unpackhi_epi64(ab0, cd0), _mm256_unpacklo_epi64(ab1, cd1),
    _mm256_unpackhi_epi64(ab1, cd1)
  )
}

/// Sixteen bytes of a row and of the fourth after it.
@inline(__always)
private func twoRows(_ rows: UnsafeRawPointer, _ stride: Int) -> __m256i {
  _mm256_set_m128i((rows + 4 * stride).loadUnaligned(as: __m128i.self), rows.loadUnaligned(as: __m128i.self))
}

/// A 16-bit float of each of eight rows.
@inline(__always)
func halves8(_ rows: UnsafeRawPointer, _ stride: Int) -> __m256 {
  @inline(__always)
  func half(_ row: Int) -> Int16 { (rows + row * stride).loadUnaligned(as: Int16.self) }
  return _mm256_cvtph_ps(
    _mm_setr_epi16(half(0), half(1), half(2), half(3), half(4), half(5), half(6), half(7)))
}

/// Four bytes of each of eight rows.
@inline(__always)
func words8(_ rows: UnsafeRawPointer, _ stride: Int) -> __m256i {
  @inline(__always)
  func word(_ row: Int) -> Int32 { (rows + row * stride).loadUnaligned(as: Int32.self) }
  return _mm256_setr_epi32(word(0), word(1), word(2), word(3), word(4), word(5), word(6), word(7))
}

/// The floats in the low halves of 32-bit lanes.
@inline(__always)
func lowHalves(_ words: __m256i) -> __m256 {
  let masked = _mm256_and_si256(words, _mm256_set1_epi32(0xffff))
  return _mm256_cvtph_ps(_mm_packus_epi32(_mm256_castsi256_si128(masked), upperHalf(masked)))
}

/// Lanes 4 to 7.
@inline(__always)
func upperHalf(_ a: __m256i) -> __m128i { _mm_castps_si128(upper_half_ps256(_mm256_castsi256_ps(a))) }

extension UnsafeMutableRawPointer {
  /// Writes vector `index` of a panel block.
  @inline(__always)
  func store(_ vector: __m256i, _ index: Int) { storeBytes(of: vector, toByteOffset: 32 * index, as: __m256i.self) }

  /// Writes factor vector `index` of a panel block.
  @inline(__always)
  func storeFactor(_ vector: __m256, _ index: Int) {
    storeBytes(of: vector, toByteOffset: 32 * (PanelBlock.codeVectors + index), as: __m256.self)
  }
}
