/// Products of BF16 weights and BF16 inputs in plain Swift.
enum PortableHalfProducts {
  @Sendable static func multiply(
    _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<UInt16>, _ tokens: Int,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    for row in 0..<rows {
      let w = weights + row * inner * 2
      for t in 0..<tokens {
        let x = UnsafeRawPointer(input + t * inner)
        var sums = Lanes.zero
        var k = 0
        while k + 8 <= inner {
          sums += widen(w, k) * widen(x, k)
          k += 8
        }
        var sum = laneSum(sums)
        while k < inner {
          sum += float(w, k) * float(x, k)
          k += 1
        }
        output[t * outputStride + row] = sum
      }
    }
  }

  @Sendable static func round(
    _ input: UnsafePointer<Float>, _ count: Int, _ output: UnsafeMutablePointer<UInt16>
  ) {
    for i in 0..<count {
      let bits = input[i].bitPattern
      // A NaN stays one, whatever bits are cut off.
      output[i] =
        input[i].isNaN
        ? UInt16(truncatingIfNeeded: bits >> 16) | 0x40
        : UInt16(truncatingIfNeeded: (bits &+ 0x7fff &+ (bits >> 16 & 1)) >> 16)
    }
  }

  @inline(__always)
  private static func widen(_ halves: UnsafeRawPointer, _ index: Int) -> Lanes {
    let bits = SIMD8<UInt32>(
      truncatingIfNeeded: halves.loadUnaligned(fromByteOffset: 2 * index, as: SIMD8<UInt16>.self))
    return unsafeBitCast(bits &<< 16, to: Lanes.self)
  }

  @inline(__always)
  private static func float(_ halves: UnsafeRawPointer, _ index: Int) -> Float {
    Float(bitPattern: UInt32(halves.loadUnaligned(fromByteOffset: 2 * index, as: UInt16.self)) << 16)
  }
}
