import CIntrinsics

// Formats of 32 weights a block: a 16-bit float scale, for some a 16-bit float minimum, then the codes. Byte j of a
// format with nibbles holds weight j in its low and weight j + 16 in its high half.

@inline(__always)
private func lowNibbles(_ bytes: __m512i) -> __m512i { _mm512_and_si512(bytes, _mm512_set1_epi8(15)) }

@inline(__always)
private func highNibbles(_ bytes: __m512i) -> __m512i {
  _mm512_and_si512(_mm512_srli_epi16(bytes, 4), _mm512_set1_epi8(15))
}

/// Writes the codes of sixteen bytes of nibbles a row, from byte `codes` on.
@inline(__always)
private func storeNibbles<Rows: PanelRows, Sink: PanelSink>(_ rows: Rows, _ codes: Int, _ sink: inout Sink) {
  let bytes = rows.columns16(codes)
  sink.code(lowNibbles(bytes.0), 0, block: 0)
  sink.code(lowNibbles(bytes.1), 1, block: 0)
  sink.code(lowNibbles(bytes.2), 2, block: 0)
  sink.code(lowNibbles(bytes.3), 3, block: 0)
  sink.code(highNibbles(bytes.0), 4, block: 0)
  sink.code(highNibbles(bytes.1), 5, block: 0)
  sink.code(highNibbles(bytes.2), 6, block: 0)
  sink.code(highNibbles(bytes.3), 7, block: 0)
}

/// Writes the codes of sixteen bytes of nibbles a row from byte `codes` on, whose fifth bits are the word at `fifthBits`.
@inline(__always)
private func storeNibbles<Rows: PanelRows, Sink: PanelSink>(
  _ rows: Rows, _ codes: Int, fifthBits: Int, _ sink: inout Sink
) {
  let bytes = rows.columns16(codes)
  let bits = rows.words16(fifthBits)
  sink.code(_mm512_or_si512(lowNibbles(bytes.0), fifth(bits, 0)), 0, block: 0)
  sink.code(_mm512_or_si512(lowNibbles(bytes.1), fifth(bits, 4)), 1, block: 0)
  sink.code(_mm512_or_si512(lowNibbles(bytes.2), fifth(bits, 8)), 2, block: 0)
  sink.code(_mm512_or_si512(lowNibbles(bytes.3), fifth(bits, 12)), 3, block: 0)
  sink.code(_mm512_or_si512(highNibbles(bytes.0), fifth(bits, 16)), 4, block: 0)
  sink.code(_mm512_or_si512(highNibbles(bytes.1), fifth(bits, 20)), 5, block: 0)
  sink.code(_mm512_or_si512(highNibbles(bytes.2), fifth(bits, 24)), 6, block: 0)
  sink.code(_mm512_or_si512(highNibbles(bytes.3), fifth(bits, 28)), 7, block: 0)
}

/// Bits `first` to `first + 3` of each word as bit 4 of its four bytes.
@inline(__always)
private func fifth(_ words: __m512i, _ first: Int32) -> __m512i {
  let four = _mm512_and_si512(shift_right(words, first), _mm512_set1_epi32(15))
  // Moved up by 7i, bit i is at 8i.
  let spread = _mm512_and_si512(
    _mm512_or_si512(
      _mm512_or_si512(four, _mm512_slli_epi32(four, 7)),
      _mm512_or_si512(_mm512_slli_epi32(four, 14), _mm512_slli_epi32(four, 21))), _mm512_set1_epi8(1))
  return _mm512_slli_epi32(spread, 4)
}

enum Q40Panel: PanelFormat {
  typealias Factors = SingleScale
  @inline(__always) static var columns: Int { 32 }
  @inline(__always) static var byteCount: Int { 18 }
  @inline(__always) static var offset: Int32 { 8 }
  @inline(__always)
  static func unpack<Rows: PanelRows, Sink: PanelSink>(_ rows: Rows, _ sink: inout Sink) {
    storeNibbles(rows, 2, &sink)
    sink.factor(rows.halves16(0), 0, block: 0)
  }
}

enum Q41Panel: PanelFormat {
  @inline(__always) static var columns: Int { 32 }
  @inline(__always) static var byteCount: Int { 20 }
  typealias Factors = ScaleAndMinimum
  @inline(__always) static var offset: Int32 { 0 }
  @inline(__always)
  static func unpack<Rows: PanelRows, Sink: PanelSink>(_ rows: Rows, _ sink: inout Sink) {
    storeNibbles(rows, 4, &sink)
    storeScaleAndMinimum(rows.words16(0), &sink)
  }
}

enum Q50Panel: PanelFormat {
  typealias Factors = SingleScale
  @inline(__always) static var columns: Int { 32 }
  @inline(__always) static var byteCount: Int { 22 }
  @inline(__always) static var offset: Int32 { 16 }
  @inline(__always)
  static func unpack<Rows: PanelRows, Sink: PanelSink>(_ rows: Rows, _ sink: inout Sink) {
    storeNibbles(rows, 6, fifthBits: 2, &sink)
    sink.factor(rows.halves16(0), 0, block: 0)
  }
}

enum Q51Panel: PanelFormat {
  @inline(__always) static var columns: Int { 32 }
  @inline(__always) static var byteCount: Int { 24 }
  typealias Factors = ScaleAndMinimum
  @inline(__always) static var offset: Int32 { 0 }
  @inline(__always)
  static func unpack<Rows: PanelRows, Sink: PanelSink>(_ rows: Rows, _ sink: inout Sink) {
    storeNibbles(rows, 8, fifthBits: 4, &sink)
    storeScaleAndMinimum(rows.words16(0), &sink)
  }
}

/// Signed bytes; the sign bit is turned, so that a code is the value plus 128.
enum Q80Panel: PanelFormat {
  typealias Factors = SingleScale
  @inline(__always) static var columns: Int { 32 }
  @inline(__always) static var byteCount: Int { 34 }
  @inline(__always) static var offset: Int32 { 128 }
  @inline(__always)
  static func unpack<Rows: PanelRows, Sink: PanelSink>(_ rows: Rows, _ sink: inout Sink) {
    let sign = _mm512_set1_epi8(-128)
    for half in 0..<2 {
      let bytes = rows.columns16(2 + 16 * half)
      sink.code(_mm512_xor_si512(bytes.0, sign), 4 * half, block: 0)
      sink.code(_mm512_xor_si512(bytes.1, sign), 4 * half + 1, block: 0)
      sink.code(_mm512_xor_si512(bytes.2, sign), 4 * half + 2, block: 0)
      sink.code(_mm512_xor_si512(bytes.3, sign), 4 * half + 3, block: 0)
    }
    sink.factor(rows.halves16(0), 0, block: 0)
  }
}

/// Scale and minimum of formats that store weight = scale · code + minimum, as halves of a word.
@inline(__always)
private func storeScaleAndMinimum<Sink: PanelSink>(_ words: __m512i, _ sink: inout Sink) {
  sink.factor(lowHalves(words), 0, block: 0)
  sink.factor(_mm512_sub_ps(_mm512_setzero_ps(), lowHalves(_mm512_srli_epi32(words, 16))), 1, block: 0)
}
