import CIntrinsics

// Formats of 256 weights a block, cut into parts of 32 (Q4_K, Q5_K) or 16 (Q6_K) with small integer scales of their own.

/// The first sixteen bytes of a Q4_K or Q5_K block: the scales of scales and of minima, then eight 6-bit scales and
/// eight 6-bit minima in twelve bytes. Parts 0 to 3 have theirs in the low six bits of bytes 0 to 3 (scales) and 4 to
/// 7 (minima); parts 4 to 7 have four bits in a nibble of bytes 8 to 11 and two in the top of bytes 0 to 7.
private struct PartFactors {
  private let scaleOfScales: __m256
  private let scaleOfMinima: __m256
  private let words: (__m256i, __m256i, __m256i)

  @inline(__always)
  init(_ rows: UnsafeRawPointer, _ stride: Int) {
    let head = columns16(rows, stride)
    scaleOfScales = lowHalves(head.0)
    scaleOfMinima = lowHalves(_mm256_srli_epi32(head.0, 16))
    words = (head.1, head.2, head.3)
  }

  /// Writes the factors of part `part`.
  @inline(__always)
  func store(_ part: Int, _ panel: UnsafeMutableRawPointer) {
    let shift = Int32(8 * (part & 3))
    let (scale, minimum): (__m256i, __m256i)
    if part < 4 {
      scale = _mm256_and_si256(_mm256_srli_epi32(words.0, shift), _mm256_set1_epi32(63))
      minimum = _mm256_and_si256(_mm256_srli_epi32(words.1, shift), _mm256_set1_epi32(63))
    } else {
      let nibbles = _mm256_srli_epi32(words.2, shift)
      let low = _mm256_set1_epi32(15)
      let high = _mm256_set1_epi32(48)
      scale = _mm256_or_si256(
        _mm256_and_si256(nibbles, low), _mm256_and_si256(_mm256_srli_epi32(words.0, shift + 2), high))
      minimum = _mm256_or_si256(
        _mm256_and_si256(_mm256_srli_epi32(nibbles, 4), low),
        _mm256_and_si256(_mm256_srli_epi32(words.1, shift + 2), high))
    }
    panel.storeFactor(_mm256_mul_ps(scaleOfScales, _mm256_cvtepi32_ps(scale)), 0)
    panel.storeFactor(_mm256_mul_ps(scaleOfMinima, _mm256_cvtepi32_ps(minimum)), 1)
  }
}

/// Byte j of each 32 holds a weight of an even part in its low half and of the next part in its high half.
enum Q4KPanel: PanelFormat {
  typealias Codes = FourBits
  typealias Factors = ScaleAndMinimum
  @inline(__always) static var columns: Int { 256 }
  @inline(__always) static var byteCount: Int { 144 }
  @inline(__always) static var offset: Int32 { 0 }
  @inline(__always) static func unpack(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer) {
    let factors = PartFactors(rows, stride)
    let mask = _mm256_set1_epi8(15)
    for pair in 0..<4 {
      let low = panel + 2 * pair * blockBytes
      let high = low + blockBytes
      for half in 0..<2 {
        let bytes = columns16(rows + 16 + 32 * pair + 16 * half, stride)
        low.store(_mm256_and_si256(bytes.0, mask), 4 * half)
        low.store(_mm256_and_si256(bytes.1, mask), 4 * half + 1)
        low.store(_mm256_and_si256(bytes.2, mask), 4 * half + 2)
        low.store(_mm256_and_si256(bytes.3, mask), 4 * half + 3)
        high.store(_mm256_and_si256(_mm256_srli_epi16(bytes.0, 4), mask), 4 * half)
        high.store(_mm256_and_si256(_mm256_srli_epi16(bytes.1, 4), mask), 4 * half + 1)
        high.store(_mm256_and_si256(_mm256_srli_epi16(bytes.2, 4), mask), 4 * half + 2)
        high.store(_mm256_and_si256(_mm256_srli_epi16(bytes.3, 4), mask), 4 * half + 3)
      }
      factors.store(2 * pair, low)
      factors.store(2 * pair + 1, high)
    }
  }
}

/// As Q4_K, with bit p of byte j of `qh` the fifth bit of weight j of part p.
enum Q5KPanel: PanelFormat {
  typealias Codes = FiveBits
  typealias Factors = ScaleAndMinimum
  @inline(__always) static var columns: Int { 256 }
  @inline(__always) static var byteCount: Int { 176 }
  @inline(__always) static var offset: Int32 { 0 }
  @inline(__always) static func unpack(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer) {
    let factors = PartFactors(rows, stride)
    for half in 0..<2 {
      let bits = columns16(rows + 16 + 16 * half, stride)
      for pair in 0..<4 {
        let low = panel + 2 * pair * blockBytes
        let high = low + blockBytes
        let bytes = columns16(rows + 48 + 32 * pair + 16 * half, stride)
        let shift = Int32(2 * pair)
        store(bytes.0, bits.0, shift, low, high, 4 * half)
        store(bytes.1, bits.1, shift, low, high, 4 * half + 1)
        store(bytes.2, bits.2, shift, low, high, 4 * half + 2)
        store(bytes.3, bits.3, shift, low, high, 4 * half + 3)
      }
    }
    for part in 0..<8 { factors.store(part, panel + part * blockBytes) }
  }

  @inline(__always)
  private static func store(
    _ bytes: __m256i, _ bits: __m256i, _ shift: Int32, _ low: UnsafeMutableRawPointer,
    _ high: UnsafeMutableRawPointer, _ index: Int
  ) {
    let mask = _mm256_set1_epi8(15)
    let one = _mm256_set1_epi8(1)
    let lowBit = _mm256_slli_epi16(_mm256_and_si256(_mm256_srli_epi32(bits, shift), one), 4)
    let highBit = _mm256_slli_epi16(_mm256_and_si256(_mm256_srli_epi32(bits, shift + 1), one), 4)
    low.store(_mm256_or_si256(_mm256_and_si256(bytes, mask), lowBit), index)
    high.store(_mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask), highBit), index)
  }
}

/// Two halves of 128 weights: 64 bytes `ql` with the low four bits, 32 bytes `qh` with the high two; then sixteen signed
/// scales and their scale. Of a half's four parts, parts 0 and 1 are the low and 2 and 3 the high nibbles of the
/// first and last 32 bytes of `ql`; bits 2p and 2p + 1 of `qh` belong to part p.
enum Q6KPanel: PanelFormat {
  typealias Codes = SixBits
  typealias Factors = TwoScales
  @inline(__always) static var columns: Int { 256 }
  @inline(__always) static var byteCount: Int { 210 }
  @inline(__always) static var offset: Int32 { 32 }
  @inline(__always) static func unpack(_ rows: UnsafeRawPointer, _ stride: Int, _ panel: UnsafeMutableRawPointer) {
    for half in 0..<2 {
      for quarter in 0..<2 {
        let bits = columns16(rows + 128 + 32 * half + 16 * quarter, stride)
        for side in 0..<2 {
          let bytes = columns16(rows + 64 * half + 32 * side + 16 * quarter, stride)
          let low = panel + (4 * half + side) * blockBytes
          let high = low + 2 * blockBytes
          let shift = Int32(2 * side)
          store(bytes.0, bits.0, shift, low, high, 4 * quarter)
          store(bytes.1, bits.1, shift, low, high, 4 * quarter + 1)
          store(bytes.2, bits.2, shift, low, high, 4 * quarter + 2)
          store(bytes.3, bits.3, shift, low, high, 4 * quarter + 3)
        }
      }
    }
    let scale = halves8(rows + 208, stride)
    let scales = columns16(rows + 192, stride)
    storeFactors(scales.0, scale, panel)
    storeFactors(scales.1, scale, panel + 2 * blockBytes)
    storeFactors(scales.2, scale, panel + 4 * blockBytes)
    storeFactors(scales.3, scale, panel + 6 * blockBytes)
  }

  @inline(__always)
  private static func store(
    _ bytes: __m256i, _ bits: __m256i, _ shift: Int32, _ low: UnsafeMutableRawPointer,
    _ high: UnsafeMutableRawPointer, _ index: Int
  ) {
    let mask = _mm256_set1_epi8(15)
    let two = _mm256_set1_epi8(3)
    let lowBits = _mm256_slli_epi16(_mm256_and_si256(_mm256_srli_epi32(bits, shift), two), 4)
    let highBits = _mm256_slli_epi16(_mm256_and_si256(_mm256_srli_epi32(bits, shift + 4), two), 4)
    low.store(_mm256_or_si256(_mm256_and_si256(bytes, mask), lowBits), index)
    high.store(_mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(bytes, 4), mask), highBits), index)
  }

  /// Factors of two blocks, from four signed bytes a row.
  @inline(__always)
  private static func storeFactors(_ bytes: __m256i, _ scale: __m256, _ panel: UnsafeMutableRawPointer) {
    for index in 0..<4 {
      let signed = _mm256_srai_epi32(_mm256_slli_epi32(bytes, Int32(24 - 8 * index)), 24)
      (panel + index / 2 * blockBytes).storeFactor(_mm256_mul_ps(scale, _mm256_cvtepi32_ps(signed)), index % 2)
    }
  }
}
