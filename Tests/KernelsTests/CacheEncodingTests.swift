import Kernels
import Testing

@Suite struct CacheEncodingTests {
  /// Numbers of every magnitude, around the limits of both 16-bit formats, and exact ties.
  private static let samples: [Float] = {
    var numbers = Numbers(seed: 5)
    var samples: [Float] = [
      0, -0.0, 65504, 65519, 65520, 1e9, .infinity, 0x1p-14, 0x1p-24, 0x1p-25, 0x1.8p-25, 0x1p-30,
    ]
    for exponent in -30...17 {
      for _ in 0..<20 { samples.append(numbers.next() * Float(sign: .plus, exponent: exponent, significand: 1)) }
      // Halfway between two neighbours of either format.
      for tail in [0x1000, 0x3000, 0x8000, 0x18000] {
        samples.append(Float(bitPattern: UInt32(exponent + 127) << 23 | UInt32(tail)))
      }
    }
    return samples + samples.map { -$0 }
  }()

  private func encoded(_ x: [Float], _ element: CacheElement) -> (bytes: [UInt8], scale: Float) {
    var bytes = [UInt8](repeating: 0, count: (x.count + 7) / 8 * 8 * element.byteCount)
    let scale = bytes.withUnsafeMutableBytes {
      CacheEncoding.encode(x, count: x.count, element, to: $0.baseAddress!)
    }
    return (Array(bytes.prefix(x.count * element.byteCount)), scale)
  }

  private func halves(_ bytes: [UInt8]) -> [UInt16] {
    stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
  }

  @Test func halfPrecisionRoundsToNearest() {
    let found = halves(encoded(Self.samples, .f16).bytes)
    for (x, bits) in zip(Self.samples, found) {
      #expect(bits == Float16(min(max(x, -65504), 65504)).bitPattern, "\(x)")
    }
    #expect(Float16(bitPattern: halves(encoded([.nan], .f16).bytes)[0]).isNaN)
  }

  @Test func upperHalvesRoundToNearest() {
    let found = halves(encoded(Self.samples, .bf16).bytes)
    for (x, bits) in zip(Self.samples, found) where x.isFinite {
      let value = Double(Float(bitPattern: UInt32(bits) << 16))
      let below = Float(bitPattern: x.bitPattern & 0xffff_0000)
      let above = Float(bitPattern: (x.bitPattern & 0xffff_0000) &+ 0x1_0000)
      let (down, up) = (abs(Double(below) - Double(x)), abs(Double(above) - Double(x)))
      #expect(abs(value - Double(x)) == min(down, up))
      if down == up { #expect(bits & 1 == 0) }
    }
    #expect(Float(bitPattern: UInt32(halves(encoded([.nan], .bf16).bytes)[0]) << 16).isNaN)
    var decoded = [Float](repeating: 0, count: 8)
    CacheEncoding.decodeBF16(encoded([1, -2, 0.5, 3, 0, 0, 7, 1.5], .bf16).bytes, count: 8, to: &decoded)
    #expect(decoded == [1, -2, 0.5, 3, 0, 0, 7, 1.5])
  }

  /// Within half a step of the largest magnitude over 127.
  @Test(arguments: [1, 7, 8, 9, 64, 100]) func integersAreWithinHalfAStep(count: Int) {
    var numbers = Numbers(seed: 6)
    for magnitude in [Float(1), 1e-20, 1e20] {
      let x = numbers.array(count).map { $0 * magnitude }
      let (bytes, scale) = encoded(x, .int8)
      #expect(scale == (x.map { abs($0) }.max() ?? 0) / 127)
      for (x, byte) in zip(x, bytes) {
        #expect(abs(Float(Int8(bitPattern: byte)) * scale - x) <= 0.5001 * scale)
      }
    }
    let (bytes, scale) = encoded([0, 0, 0], .int8)
    #expect(bytes == [0, 0, 0] && scale == 0)
  }
}
