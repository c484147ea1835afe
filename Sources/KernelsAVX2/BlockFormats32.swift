import CIntrinsics

// Formats of 32 weights a block: a 16-bit float scale, for some a 16-bit float minimum, then the codes. Byte j of a
// format with nibbles holds weight j in its low and weight j + 16 in its high half.

@inline(__always)
private func lowNibbles(_ bytes: __m256i) -> __m256i { _mm256_and_si256(bytes, _mm256_set1_epi8(15)) }

@inline(__always)
private func highNibbles(_ bytes: __m256i) -> __m256i {
  _mm256_and_si256(_mm256_srli_epi16(bytes, 4), _mm256_set1_epi8(15))
}

/// Writes the codes of sixteen bytes of nibbles a row.
@inline(__always)
private func storeNibbles(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer) {
  let bytes = columns16(rows, stride)
  panel.store(lowNibbles(bytes.0), 0)
  panel.store(lowNibbles(bytes.1), 1)
  panel.store(lowNibbles(bytes.2), 2)
  panel.store(lowNibbles(bytes.3), 3)
  panel.store(highNibbles(bytes.0), 4)
  panel.store(highNibbles(bytes.1), 5)
  panel.store(highNibbles(bytes.2), 6)
  panel.store(highNibbles(bytes.3), 7)
}

/// Writes the codes of sixteen bytes of nibbles a row, whose fifth bits are those of a 32-bit word a row.
@inline(__always)
private func storeNibbles(
  _ rows: UnsafeRawPointer, fifthBits: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer
) {
  let bytes = columns16(rows, stride)
  let bits = words8(fifthBits, stride)
  panel.store(_mm256_or_si256(lowNibbles(bytes.0), fifth(bits, 0)), 0)
  panel.store(_mm256_or_si256(lowNibbles(bytes.1), fifth(bits, 4)), 1)
  panel.store(_mm256_or_si256(lowNibbles(bytes.2), fifth(bits, 8)), 2)
  panel.store(_mm256_or_si256(lowNibbles(bytes.3), fifth(bits, 12)), 3)
  panel.store(_mm256_or_si256(highNibbles(bytes.0), fifth(bits, 16)), 4)
  panel.store(_mm256_or_si256(highNibbles(bytes.1), fifth(bits, 20)), 5)
  panel.store(_mm256_or_si256(highNibbles(bytes.2), fifth(bits, 24)), 6)
  panel.store(_mm256_or_si256(highNibbles(bytes.3), fifth(bits, 28)), 7)
}

/// Bits `first` to `first + 3` of each word as bit 4 of its four bytes.
@inline(__always)
private func fifth(_ words: __m256i, _ first: Int32) -> __m256i {
  let four = _mm256_and_si256(_mm256_srli_epi32(words, first), _mm256_set1_epi32(15))
  // Moved up by 7i, bit i is at 8i.
  let spread = _mm256_and_si256(
    _mm256_or_si256(
      _mm256_or_si256(four, _mm256_slli_epi32(four, 7)),
      _mm256_or_si256(_mm256_slli_epi32(four, 14), _mm256_slli_epi32(four, 21))), _mm256_set1_epi8(1))
  return _mm256_slli_epi32(spread, 4)
}

enum Q40Panel: PanelFormat {
  typealias Codes = FourBits
  typealias Factors = SingleScale
  @inline(__always) static var columns: Int { 32 }
  @inline(__always) static var byteCount: Int { 18 }
  @inline(__always) static var offset: Int32 { 8 }
  @inline(__always) static func unpack(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer) {
    storeNibbles(rows + 2, stride, panel)
    panel.storeFactor(halves8(rows, stride), 0)
  }
}

enum Q41Panel: PanelFormat {
  typealias Codes = FourBits
  typealias Factors = ScaleAndMinimum
  @inline(__always) static var columns: Int { 32 }
  @inline(__always) static var byteCount: Int { 20 }
  @inline(__always) static var offset: Int32 { 0 }
  @inline(__always) static func unpack(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer) {
    storeNibbles(rows + 4, stride, panel)
    storeScaleAndMinimum(words8(rows, stride), panel)
  }
}

enum Q50Panel: PanelFormat {
  typealias Codes = FiveBits
  typealias Factors = SingleScale
  @inline(__always) static var columns: Int { 32 }
  @inline(__always) static var byteCount: Int { 22 }
  @inline(__always) static var offset: Int32 { 16 }
  @inline(__always) static func unpack(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer) {
    storeNibbles(rows + 6, fifthBits: rows + 2, stride, panel)
    panel.storeFactor(halves8(rows, stride), 0)
  }
}

enum Q51Panel: PanelFormat {
  typealias Codes = FiveBits
  typealias Factors = ScaleAndMinimum
  @inline(__always) static var columns: Int { 32 }
  @inline(__always) static var byteCount: Int { 24 }
  @inline(__always) static var offset: Int32 { 0 }
  @inline(__always) static func unpack(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer) {
    storeNibbles(rows + 8, fifthBits: rows + 4, stride, panel)
    storeScaleAndMinimum(words8(rows, stride), panel)
  }
}

/// Signed bytes, which stay signed.
enum Q80Panel: PanelFormat {
  typealias Codes = SignedBytes
  typealias Factors = SingleScale
  @inline(__always) static var columns: Int { 32 }
  @inline(__always) static var byteCount: Int { 34 }
  @inline(__always) static var offset: Int32 { 0 }
  @inline(__always) static func unpack(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer) {
    for half in 0..<2 {
      let bytes = columns16(rows + 2 + 16 * half, stride)
      panel.store(bytes.0, 4 * half)
      panel.store(bytes.1, 4 * half + 1)
      panel.store(bytes.2, 4 * half + 2)
      panel.store(bytes.3, 4 * half + 3)
    }
    panel.storeFactor(halves8(rows, stride), 0)
  }
}

/// Scale and minimum of formats that store weight = scale · code + minimum, as halves of a word.
@inline(__always)
private func storeScaleAndMinimum(_ words: __m256i, _ panel: UnsafeMutableRawPointer) {
  panel.storeFactor(lowHalves(words), 0)
  panel.storeFactor(_mm256_sub_ps(_mm256_setzero_ps(), lowHalves(_mm256_srli_epi32(words, 16))), 1)
}
