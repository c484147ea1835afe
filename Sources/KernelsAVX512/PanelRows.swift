import CIntrinsics

/// Where the sixteen rows of a panel are read from. Lane r of a vector is of row r.
protocol PanelRows {
  /// Whether vectors have to be transposed, which takes registers.
  static var needsTransposing: Bool { get }
  /// Rows whose first byte is at `base`, and which take `stride` bytes each.
  init(_ base: UnsafeRawPointer, stride: Int)
  /// The same rows from byte `bytes` of each on.
  func from(_ bytes: Int) -> Self
  /// Sixteen bytes of each row from byte `offset` on as four vectors: vector j holds bytes 4j to 4j + 3 of every row.
  func columns16(_ offset: Int) -> (__m512i, __m512i, __m512i, __m512i)
  /// A 16-bit float of each row.
  func halves16(_ offset: Int) -> __m512
  /// Four bytes of each row.
  func words16(_ offset: Int) -> __m512i
}

/// Rows one after another, as in files.
struct SeparateRows: PanelRows {
  @inline(__always) static var needsTransposing: Bool { true }

  private var base: UnsafeRawPointer
  private let stride: Int

  @inline(__always)
  init(_ base: UnsafeRawPointer, stride: Int) { (self.base, self.stride) = (base, stride) }

  @inline(__always)
  func from(_ bytes: Int) -> SeparateRows { SeparateRows(base + bytes, stride: stride) }

  @inline(__always)
  func columns16(_ offset: Int) -> (__m512i, __m512i, __m512i, __m512i) {
    // Each lane of 128 bits gathers four neighbouring rows, then is transposed by itself.
    let a = everyFourth(0, offset)
    let b = everyFourth(1, offset)
    let c = everyFourth(2, offset)
    let d = everyFourth(3, offset)
    let ab0 = _mm512_unpacklo_epi32(a, b)
    let ab1 = _mm512_unpackhi_epi32(a, b)
    let cd0 = _mm512_unpacklo_epi32(c, d)
    let cd1 = _mm512_unpackhi_epi32(c, d)
    return (
      _mm512_unpacklo_epi64(ab0, cd0), _mm512_unpackhi_epi64(ab0, cd0), _mm512_unpacklo_epi64(ab1, cd1),
      _mm512_unpackhi_epi64(ab1, cd1)
    )
  }

  /// Sixteen bytes of every fourth row from `first` on.
  @inline(__always)
  private func everyFourth(_ first: Int, _ offset: Int) -> __m512i {
    let rows = base + offset + first * stride
    return insert_rows4(rows, rows + 4 * stride, rows + 8 * stride, rows + 12 * stride)
  }

  @inline(__always)
  func halves16(_ offset: Int) -> __m512 { _mm512_cvtph_ps(gather_halves16(base + offset, stride)) }

  @inline(__always)
  func words16(_ offset: Int) -> __m512i { gather_words16(base + offset, stride) }
}

/// Rows in `BlockLayout.interleaved`: vectors are there as they are wanted.
struct InterleavedRows: PanelRows {
  @inline(__always) static var needsTransposing: Bool { false }

  private var base: UnsafeRawPointer

  @inline(__always)
  init(_ base: UnsafeRawPointer, stride _: Int) { self.base = base }

  @inline(__always)
  func from(_ bytes: Int) -> InterleavedRows { InterleavedRows(base + 16 * bytes, stride: 0) }

  @inline(__always)
  func columns16(_ offset: Int) -> (__m512i, __m512i, __m512i, __m512i) {
    (words16(offset), words16(offset + 4), words16(offset + 8), words16(offset + 12))
  }

  @inline(__always)
  func halves16(_ offset: Int) -> __m512 { _mm512_cvtph_ps(_mm256_loadu_epi32(base + 16 * offset)) }

  @inline(__always)
  func words16(_ offset: Int) -> __m512i { _mm512_loadu_si512(base + 16 * offset) }
}
