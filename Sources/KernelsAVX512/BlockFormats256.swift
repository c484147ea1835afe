import CIntrinsics

// Formats of 256 weights a block, cut into parts of 32 (Q4_K, Q5_K) or 16 (Q6_K) with small integer scales of their own.

/// The first sixteen bytes of a Q4_K or Q5_K block: the scales of scales and of minima, then eight 6-bit scales and
/// eight 6-bit minima in twelve bytes. Parts 0 to 3 have theirs in the low six bits of bytes 0 to 3 (scales) and 4 to
/// 7 (minima); parts 4 to 7 have four bits in a nibble of bytes 8 to 11 and two in the top of bytes 0 to 7.
private struct PartFactors {
  private let scaleOfScales: __m512
  private let scaleOfMinima: __m512
  private let words: (__m512i, __m512i, __m512i)

  @inline(__always)
  init<Rows: PanelRows>(_ rows: Rows) {
    let head = rows.columns16(0)
    scaleOfScales = lowHalves(head.0)
    scaleOfMinima = lowHalves(_mm512_srli_epi32(head.0, 16))
    words = (head.1, head.2, head.3)
  }

  /// Writes the minima of all parts.
  @inline(__always)
  func storeMinima<Sink: PanelSink>(_ sink: inout Sink) {
    let last = _mm512_or_si512(
      _mm512_and_si512(_mm512_srli_epi32(words.2, 4), _mm512_set1_epi8(15)),
      _mm512_and_si512(_mm512_srli_epi32(words.1, 2), _mm512_set1_epi8(48)))
    sink.minima((firstPair(words.1), lastPair(words.1), firstPair(last), lastPair(last)), scale: scaleOfMinima)
  }

  /// The low six bits of the first two bytes of each word, as 16-bit integers.
  @inline(__always)
  private func firstPair(_ bytes: __m512i) -> __m512i {
    _mm512_or_si512(
      _mm512_and_si512(bytes, _mm512_set1_epi32(63)),
      _mm512_and_si512(_mm512_slli_epi32(bytes, 8), _mm512_set1_epi32(63 << 16)))
  }

  /// The same of the last two bytes.
  @inline(__always)
  private func lastPair(_ bytes: __m512i) -> __m512i { firstPair(_mm512_srli_epi32(bytes, 16)) }

  /// Writes the scale of part `part`.
  @inline(__always)
  func storeScale<Sink: PanelSink>(_ part: Int, _ sink: inout Sink) {
    let shift = Int32(8 * (part & 3))
    let scale: __m512i
    if part < 4 {
      scale = _mm512_and_si512(shift_right(words.0, shift), _mm512_set1_epi32(63))
    } else {
      scale = _mm512_or_si512(
        _mm512_and_si512(shift_right(words.2, shift), _mm512_set1_epi32(15)),
        _mm512_and_si512(shift_right(words.0, shift + 2), _mm512_set1_epi32(48)))
    }
    sink.factor(_mm512_mul_ps(scaleOfScales, _mm512_cvtepi32_ps(scale)), 0, block: part)
  }
}

/// Byte j of each 32 holds a weight of an even part in its low half and of the next part in its high half.
enum Q4KPanel: PanelFormat {
  @inline(__always) static var columns: Int { 256 }
  @inline(__always) static var byteCount: Int { 144 }
  typealias Factors = PartScaleAndMinimum
  @inline(__always) static var offset: Int32 { 0 }
  @inline(__always)
  static func unpack<Rows: PanelRows, Sink: PanelSink>(_ rows: Rows, _ sink: inout Sink) {
    let factors = PartFactors(rows)
    factors.storeMinima(&sink)
    storePair(rows, factors, 0, &sink)
    storePair(rows, factors, 1, &sink)
    storePair(rows, factors, 2, &sink)
    storePair(rows, factors, 3, &sink)
  }

  /// Parts `2 * pair` and the next. Written out for each pair: a sink's registers are chosen by the number of a block, so
  /// that a loop would have to keep them in memory.
  @inline(__always)
  private static func storePair<Rows: PanelRows, Sink: PanelSink>(
    _ rows: Rows, _ factors: PartFactors, _ pair: Int, _ sink: inout Sink
  ) {
    storeHalf(rows.columns16(16 + 32 * pair), pair, 0, &sink)
    storeHalf(rows.columns16(32 + 32 * pair), pair, 4, &sink)
    factors.storeScale(2 * pair, &sink)
    factors.storeScale(2 * pair + 1, &sink)
  }

  @inline(__always)
  private static func storeHalf<Sink: PanelSink>(
    _ bytes: (__m512i, __m512i, __m512i, __m512i), _ pair: Int, _ index: Int, _ sink: inout Sink
  ) {
    let mask = _mm512_set1_epi8(15)
    store(bytes.0, mask, pair, index, &sink)
    store(bytes.1, mask, pair, index + 1, &sink)
    store(bytes.2, mask, pair, index + 2, &sink)
    store(bytes.3, mask, pair, index + 3, &sink)
  }

  @inline(__always)
  private static func store<Sink: PanelSink>(
    _ bytes: __m512i, _ mask: __m512i, _ pair: Int, _ index: Int, _ sink: inout Sink
  ) {
    sink.code(_mm512_and_si512(bytes, mask), index, block: 2 * pair)
    sink.code(_mm512_and_si512(_mm512_srli_epi16(bytes, 4), mask), index, block: 2 * pair + 1)
  }
}

/// As Q4_K, with bit p of byte j of `qh` the fifth bit of weight j of part p.
enum Q5KPanel: PanelFormat {
  @inline(__always) static var columns: Int { 256 }
  @inline(__always) static var byteCount: Int { 176 }
  typealias Factors = PartScaleAndMinimum
  @inline(__always) static var offset: Int32 { 0 }
  @inline(__always)
  static func unpack<Rows: PanelRows, Sink: PanelSink>(_ rows: Rows, _ sink: inout Sink) {
    let factors = PartFactors(rows)
    factors.storeMinima(&sink)
    let firstBits = rows.columns16(16)
    let lastBits = rows.columns16(32)
    @inline(__always)
    func storePair(_ pair: Int) {
      store(rows.columns16(48 + 32 * pair), firstBits, pair, 0, &sink)
      store(rows.columns16(64 + 32 * pair), lastBits, pair, 4, &sink)
      factors.storeScale(2 * pair, &sink)
      factors.storeScale(2 * pair + 1, &sink)
    }
    storePair(0)
    storePair(1)
    storePair(2)
    storePair(3)
  }

  @inline(__always)
  private static func store<Sink: PanelSink>(
    _ bytes: (__m512i, __m512i, __m512i, __m512i), _ bits: (__m512i, __m512i, __m512i, __m512i), _ pair: Int,
    _ index: Int, _ sink: inout Sink
  ) {
    store(bytes.0, bits.0, pair, index, &sink)
    store(bytes.1, bits.1, pair, index + 1, &sink)
    store(bytes.2, bits.2, pair, index + 2, &sink)
    store(bytes.3, bits.3, pair, index + 3, &sink)
  }

  @inline(__always)
  private static func store<Sink: PanelSink>(
    _ bytes: __m512i, _ bits: __m512i, _ pair: Int, _ index: Int, _ sink: inout Sink
  ) {
    let mask = _mm512_set1_epi8(15)
    // Bit 4, where one of the bytes' bits is moved to; what is moved elsewhere is masked.
    let fifth = _mm512_set1_epi8(16)
    let lowBit = _mm512_and_si512(moved(bits, from: 2 * pair), fifth)
    let highBit = _mm512_and_si512(moved(bits, from: 2 * pair + 1), fifth)
    sink.code(_mm512_or_si512(_mm512_and_si512(bytes, mask), lowBit), index, block: 2 * pair)
    sink.code(
      _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(bytes, 4), mask), highBit), index, block: 2 * pair + 1)
  }
}

/// Bytes whose bit 4 is bit `position` of the given ones.
@inline(__always)
private func moved(_ bytes: __m512i, from position: Int) -> __m512i {
  position < 4 ? shift_left(bytes, Int32(4 - position)) : shift_right(bytes, Int32(position - 4))
}

/// Two halves of 128 weights: 64 bytes `ql` with the low four bits, 32 bytes `qh` with the high two; then sixteen signed
/// scales and their scale. Of a half's four parts, parts 0 and 1 are the low and 2 and 3 the high nibbles of the
/// first and last 32 bytes of `ql`; bits 2p and 2p + 1 of `qh` belong to part p.
enum Q6KPanel: PanelFormat {
  @inline(__always) static var columns: Int { 256 }
  @inline(__always) static var byteCount: Int { 210 }
  typealias Factors = TwoPartScales
  @inline(__always) static var offset: Int32 { 32 }
  @inline(__always)
  static func unpack<Rows: PanelRows, Sink: PanelSink>(_ rows: Rows, _ sink: inout Sink) {
    let scale = rows.halves16(208)
    let scales = rows.columns16(192)
    unpackHalf(rows, 0, scale, scales.0, scales.1, &sink)
    unpackHalf(rows, 1, scale, scales.2, scales.3, &sink)
  }

  @inline(__always)
  private static func unpackHalf<Rows: PanelRows, Sink: PanelSink>(
    _ rows: Rows, _ half: Int, _ scale: __m512, _ firstScales: __m512i,
    _ lastScales: __m512i, _ sink: inout Sink
  ) {
    @inline(__always)
    func storeQuarter(_ quarter: Int) {
      let bits = rows.columns16(128 + 32 * half + 16 * quarter)
      let first = rows.columns16(64 * half + 16 * quarter)
      store(first, bits, 0, 4 * half, 4 * quarter, &sink)
      let last = rows.columns16(64 * half + 32 + 16 * quarter)
      store(last, bits, 2, 4 * half + 1, 4 * quarter, &sink)
    }
    storeQuarter(0)
    storeQuarter(1)
    storeFactors(firstScales, scale, 4 * half, &sink)
    storeFactors(lastScales, scale, 4 * half + 2, &sink)
  }

  @inline(__always)
  private static func store<Sink: PanelSink>(
    _ bytes: (__m512i, __m512i, __m512i, __m512i), _ bits: (__m512i, __m512i, __m512i, __m512i), _ shift: Int32,
    _ block: Int, _ index: Int, _ sink: inout Sink
  ) {
    store(bytes.0, bits.0, shift, block, index, &sink)
    store(bytes.1, bits.1, shift, block, index + 1, &sink)
    store(bytes.2, bits.2, shift, block, index + 2, &sink)
    store(bytes.3, bits.3, shift, block, index + 3, &sink)
  }

  /// The low nibbles belong to block `block`, the high ones to the next but one.
  @inline(__always)
  private static func store<Sink: PanelSink>(
    _ bytes: __m512i, _ bits: __m512i, _ shift: Int32, _ block: Int, _ index: Int, _ sink: inout Sink
  ) {
    let mask = _mm512_set1_epi8(15)
    // Bits 4 and 5, where two of the bytes' upper bits are moved to; what is moved beyond them is masked.
    let two = _mm512_set1_epi8(0x30)
    let lowBits = _mm512_and_si512(shift_left(bits, 4 - shift), two)
    let highBits = _mm512_and_si512(shift_right(bits, shift), two)
    sink.code(_mm512_or_si512(_mm512_and_si512(bytes, mask), lowBits), index, block: block)
    sink.code(
      _mm512_or_si512(_mm512_and_si512(_mm512_srli_epi16(bytes, 4), mask), highBits), index, block: block + 2)
  }

  /// Factors of two blocks, from four signed bytes a row.
  @inline(__always)
  private static func storeFactors<Sink: PanelSink>(
    _ bytes: __m512i, _ scale: __m512, _ block: Int, _ sink: inout Sink
  ) {
    for index in 0..<4 {
      let signed = _mm512_srai_epi32(_mm512_slli_epi32(bytes, UInt32(24 - 8 * index)), 24)
      sink.factor(_mm512_mul_ps(scale, _mm512_cvtepi32_ps(signed)), index % 2, block: block + index / 2)
    }
  }
}
