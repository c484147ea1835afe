/// Eight lanes of F32, the portable kernels' vector.
typealias Lanes = SIMD8<Float>

/// How eight weights of one storage format become eight F32 lanes.
protocol WeightFormat {
  /// Bytes a weight takes.
  static var stride: Int { get }
  /// Eight weights from an address of any alignment.
  static func load(_ address: UnsafeRawPointer) -> Lanes
}

enum F32Weights: WeightFormat {
  static var stride: Int { 4 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Lanes { address.loadUnaligned(as: Lanes.self) }
}

enum F16Weights: WeightFormat {
  static var stride: Int { 2 }
  /// Exact by integer shifts and one multiplication, which also brings subnormals into place.
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Lanes {
    let halves = SIMD8<UInt32>(truncatingIfNeeded: address.loadUnaligned(as: SIMD8<UInt16>.self))
    let magnitude = (halves & 0x7fff) &<< 13
    let finite = unsafeBitCast(magnitude, to: Lanes.self) * Lanes(repeating: 0x1p112)
    let bits = unsafeBitCast(finite, to: SIMD8<UInt32>.self)
      .replacing(with: magnitude | 0x7f80_0000, where: (halves & 0x7c00) .== 0x7c00)
    return unsafeBitCast(bits | (halves & 0x8000) &<< 16, to: Lanes.self)
  }
}

enum BF16Weights: WeightFormat {
  static var stride: Int { 2 }
  @inline(__always) static func load(_ address: UnsafeRawPointer) -> Lanes {
    let halves = SIMD8<UInt32>(truncatingIfNeeded: address.loadUnaligned(as: SIMD8<UInt16>.self))
    return unsafeBitCast(halves &<< 16, to: Lanes.self)
  }
}

extension WeightFormat {
  /// The first `count` (below eight) weights; the other lanes are zero and their memory is not touched.
  @inline(__always) fileprivate static func load(_ address: UnsafeRawPointer, count: Int) -> Lanes {
    var lanes = SIMD8<UInt32>(repeating: 0)
    return withUnsafeMutableBytes(of: &lanes) { buffer in
      for byte in 0..<count * stride { buffer[byte] = address.load(fromByteOffset: byte, as: UInt8.self) }
      return load(UnsafeRawPointer(buffer.baseAddress.unsafelyUnwrapped))
    }
  }
}

/// The sum of eight lanes by a fixed tree: halves, then neighbours.
@inline(__always)
func laneSum(_ lanes: Lanes) -> Float {
  let half = lanes.lowHalf + lanes.highHalf
  return (half[0] + half[1]) + (half[2] + half[3])
}

/// `Kernels`' products in the compiler's SIMD types. Multiplication and addition stay separate: the base x86-64
/// instruction set has no fused form.
enum PortableProducts {
  @Sendable static func multiplyF32(
    _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>, _ tokens: Int,
    _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    multiply(
      F32Weights.self, F32Weights.self, weights, rows, inner, input, tokens, inputStride, output, outputStride)
  }

  @Sendable static func multiplyF16(
    _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>, _ tokens: Int,
    _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    multiply(
      F16Weights.self, F32Weights.self, weights, rows, inner, input, tokens, inputStride, output, outputStride)
  }

  @Sendable static func multiplyBF16(
    _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, _ input: UnsafePointer<Float>, _ tokens: Int,
    _ inputStride: Int, _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    multiply(
      BF16Weights.self, F32Weights.self, weights, rows, inner, input, tokens, inputStride, output, outputStride)
  }

  @Sendable static func multiplyBF16(
    _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int, halves input: UnsafePointer<UInt16>, _ tokens: Int,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int
  ) {
    multiply(BF16Weights.self, BF16Weights.self, weights, rows, inner, input, tokens, inner, output, outputStride)
  }

  @inline(__always)
  private static func multiply<Format: WeightFormat, Input: WeightFormat>(
    _ format: Format.Type, _ inputFormat: Input.Type, _ weights: UnsafeRawPointer, _ rows: Int, _ inner: Int,
    _ input: UnsafeRawPointer, _ tokens: Int, _ inputStride: Int, _ output: UnsafeMutablePointer<Float>,
    _ outputStride: Int
  ) {
    let rowBytes = inner * Format.stride
    let inputBytes = inputStride * Input.stride
    for row in stride(from: 0, to: rows, by: 2) {
      // An odd last row is computed twice.
      let second = min(row + 1, rows - 1)
      for t in stride(from: 0, to: tokens, by: 2) {
        let secondToken = min(t + 1, tokens - 1)
        let sums = tile(
          format, inputFormat, weights + row * rowBytes, weights + second * rowBytes, inner, input + t * inputBytes,
          input + secondToken * inputBytes)
        output[t * outputStride + row] = laneSum(sums.0)
        output[t * outputStride + second] = laneSum(sums.1)
        output[secondToken * outputStride + row] = laneSum(sums.2)
        output[secondToken * outputStride + second] = laneSum(sums.3)
      }
    }
  }

  /// Two weight rows by two tokens.
  @inline(__always)
  private static func tile<Format: WeightFormat, Input: WeightFormat>(
    _: Format.Type, _: Input.Type, _ w0: UnsafeRawPointer, _ w1: UnsafeRawPointer, _ inner: Int,
    _ x0: UnsafeRawPointer, _ x1: UnsafeRawPointer
  ) -> (Lanes, Lanes, Lanes, Lanes) {
    var sums = (Lanes.zero, Lanes.zero, Lanes.zero, Lanes.zero)
    var k = 0
    while k < inner {
      let left = inner - k
      let offset = k * Format.stride
      let inputOffset = k * Input.stride
      let a = left < 8 ? Format.load(w0 + offset, count: left) : Format.load(w0 + offset)
      let b = left < 8 ? Format.load(w1 + offset, count: left) : Format.load(w1 + offset)
      let x = left < 8 ? Input.load(x0 + inputOffset, count: left) : Input.load(x0 + inputOffset)
      let y = left < 8 ? Input.load(x1 + inputOffset, count: left) : Input.load(x1 + inputOffset)
      sums.0 += a * x
      sums.1 += b * x
      sums.2 += a * y
      sums.3 += b * y
      k += 8
    }
    return sums
  }

  @Sendable static func roundToBF16(
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
}
