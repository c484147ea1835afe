import CIntrinsics

// Loops that do nothing but keep one kind of instruction busy, to learn what the processor could do at best. Twelve
// independent sums hide the instruction's latency. The sums go to `sink` (64 bytes), so that they have to be computed.

/// Multiply-adds of twelve vectors of `lanes` products each, `iterations` times.
@inline(__always)
private func count(_ iterations: Int, lanes: Int) -> Int { iterations * 12 * lanes }

/// 8-bit dot products (VPDPBUSD); returns how many multiply-adds were done.
public func peakInt8(_ iterations: Int, _ sink: UnsafeMutableRawPointer) -> Int {
  let u = _mm512_set1_epi8(3)
  let v = _mm512_set1_epi8(2)
  // Different starts, or one sum would do for all.
  var sums = InlineArray<12, __m512i> { _mm512_set1_epi32(Int32($0)) }
  for _ in 0..<iterations {
    for i in 0..<12 { sums[i] = _mm512_dpbusd_epi32(sums[i], u, v) }
  }
  var total = sums[0]
  for i in 1..<12 { total = _mm512_add_epi32(total, sums[i]) }
  _mm512_storeu_si512(sink, total)
  return count(iterations, lanes: 64)
}

/// BF16 dot products (VDPBF16PS); returns how many multiply-adds were done.
public func peakBF16(_ iterations: Int, _ sink: UnsafeMutableRawPointer) -> Int {
  // 1 and 0.5.
  let u = _mm512_set1_epi16(0x3f80)
  let v = _mm512_set1_epi16(0x3f00)
  var sums = InlineArray<12, __m512> { _mm512_set1_ps(Float($0)) }
  for _ in 0..<iterations {
    for i in 0..<12 { sums[i] = bf16_dot(sums[i], u, v) }
  }
  var total = sums[0]
  for i in 1..<12 { total = _mm512_add_ps(total, sums[i]) }
  _mm512_storeu_ps(sink, total)
  return count(iterations, lanes: 32)
}

/// F32 fused multiply-adds; returns how many were done.
public func peakF32(_ iterations: Int, _ sink: UnsafeMutableRawPointer) -> Int {
  let u = _mm512_set1_ps(0.999)
  let v = _mm512_set1_ps(0.5)
  var sums = InlineArray<12, __m512> { _mm512_set1_ps(Float($0)) }
  for _ in 0..<iterations {
    for i in 0..<12 { sums[i] = _mm512_fmadd_ps(sums[i], u, v) }
  }
  var total = sums[0]
  for i in 1..<12 { total = _mm512_add_ps(total, sums[i]) }
  _mm512_storeu_ps(sink, total)
  return count(iterations, lanes: 16)
}

/// Reads `byteCount` bytes, a multiple of 256, in order.
public func readBytes(_ address: UnsafeRawPointer, _ byteCount: Int, _ sink: UnsafeMutableRawPointer) {
  var a = _mm512_setzero_si512()
  var b = a
  var c = a
  var d = a
  var offset = 0
  while offset < byteCount {
    let source = address + offset
    a = _mm512_xor_si512(a, _mm512_loadu_si512(source))
    b = _mm512_xor_si512(b, _mm512_loadu_si512(source + 64))
    c = _mm512_xor_si512(c, _mm512_loadu_si512(source + 128))
    d = _mm512_xor_si512(d, _mm512_loadu_si512(source + 192))
    offset += 256
  }
  _mm512_storeu_si512(sink, _mm512_xor_si512(_mm512_xor_si512(a, b), _mm512_xor_si512(c, d)))
}
