import CIntrinsics

// Loops that do nothing but keep one kind of instruction busy, to learn what the processor could do at best. Twelve
// independent sums hide the instruction's latency. The sums go to `sink` (64 bytes), so that they have to be computed.

/// 8-bit dot products (VPMADDUBSW, VPMADDWD, VPADDD); returns how many multiply-adds were done.
public func peakInt8(_ iterations: Int, _ sink: UnsafeMutableRawPointer) -> Int {
  let u = _mm256_set1_epi8(3)
  let ones = _mm256_set1_epi16(1)
  // Different starts, or one sum would do for all.
  var sums = InlineArray<12, __m256i> { _mm256_set1_epi8(Int8($0)) }
  for _ in 0..<iterations {
    // The sums are operands as well, or the products would be computed once before the loop.
    for i in 0..<12 {
      let products = _mm256_madd_epi16(_mm256_maddubs_epi16(u, sums[i]), ones)
      sums[i] = _mm256_add_epi32(sums[i], products)
    }
  }
  var total = sums[0]
  for i in 1..<12 { total = _mm256_add_epi32(total, sums[i]) }
  sink.storeBytes(of: total, as: __m256i.self)
  return iterations * 12 * 32
}

/// F32 fused multiply-adds; returns how many were done.
public func peakF32(_ iterations: Int, _ sink: UnsafeMutableRawPointer) -> Int {
  let u = _mm256_set1_ps(0.999)
  let v = _mm256_set1_ps(0.5)
  var sums = InlineArray<12, __m256> { _mm256_set1_ps(Float($0)) }
  for _ in 0..<iterations {
    for i in 0..<12 { sums[i] = _mm256_fmadd_ps(sums[i], u, v) }
  }
  var total = sums[0]
  for i in 1..<12 { total = _mm256_add_ps(total, sums[i]) }
  sink.storeBytes(of: total, as: __m256.self)
  return iterations * 12 * 8
}

/// Reads `byteCount` bytes, a multiple of 256, in order.
public func readBytes(_ address: UnsafeRawPointer, _ byteCount: Int, _ sink: UnsafeMutableRawPointer) {
  var sums = InlineArray<8, __m256i>(repeating: _mm256_setzero_si256())
  var offset = 0
  while offset < byteCount {
    for i in 0..<8 {
      let lanes = (address + offset + 32 * i).loadUnaligned(as: __m256i.self)
      sums[i] = _mm256_xor_si256(sums[i], lanes)
    }
    offset += 256
  }
  var total = sums[0]
  for i in 1..<8 { total = _mm256_xor_si256(total, sums[i]) }
  sink.storeBytes(of: total, as: __m256i.self)
}
