import Tensor

/// Products with weights of block formats in plain Swift. A row is unpacked to 16-bit integers once, then meets every
/// token; the compiler makes the base instruction set's vectors of the loops over columns.
enum PortableBlockProducts {
  /// What a block's sum of products is multiplied by, and what its bytes' sum is.
  private struct Factors {
    let scales: (Float, Float)
    let minimum: Float
  }

  /// How factors enter a product.
  private enum Kind {
    case singleScale, twoScales, scaleAndMinimum
  }

  /// Scratch bytes of a product over `columns` columns.
  static func scratchBytes(columns: Int) -> Int {
    columns * MemoryLayout<Int16>.stride + columns / 32 * MemoryLayout<Factors>.stride
  }

  @Sendable static func multiply(
    _ weights: UnsafeRawPointer, _ type: ElementType, _ rows: Int, _ input: QuantizedRows, _ tokens: Int,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _ scratch: UnsafeMutableRawPointer, _: UnsafeRawPointer?
  ) {
    let codes = scratch.bindMemory(to: Int16.self, capacity: input.columns)
    let factors = (scratch + input.columns * MemoryLayout<Int16>.stride)
      .bindMemory(to: Factors.self, capacity: input.blocks)
    let stride = type.byteCount(elements: input.columns)
    for row in 0..<rows {
      for block in 0..<input.blocks {
        let block32 = BlockCodes(weights + row * stride, type, block)
        for j in 0..<32 { codes[32 * block + j] = Int16(block32.codes[j]) &- Int16(truncatingIfNeeded: block32.offset) }
        factors[block] = Factors(scales: block32.scales, minimum: block32.minimum)
      }
      for t in 0..<tokens {
        let input = input.from(row: t)
        output[t * outputStride + row] =
          switch type {
          case .q6K: product(.twoScales, codes, factors, input)
          case .q41, .q51, .q4K, .q5K: product(.scaleAndMinimum, codes, factors, input)
          default: product(.singleScale, codes, factors, input)
          }
      }
    }
  }

  @inline(__always)
  private static func product(
    _ kind: Kind, _ codes: UnsafePointer<Int16>, _ factors: UnsafePointer<Factors>, _ input: QuantizedRows
  ) -> Float {
    var sum: Float = 0
    for block in 0..<input.blocks {
      let first = dot16(codes + 32 * block, input.values + 32 * block)
      let second = dot16(codes + 32 * block + 16, input.values + 32 * block + 16)
      let factors = factors[block]
      let scale = input.scales[block]
      if kind == .twoScales {
        sum += Float(first) * (factors.scales.0 * scale)
        sum += Float(second) * (factors.scales.1 * scale)
      } else {
        sum += Float(first &+ second) * (factors.scales.0 * scale)
      }
      if kind == .scaleAndMinimum {
        sum -= factors.minimum * input.minimumFactors[block]
      }
    }
    return sum
  }

  /// A loop the compiler unrolls into multiplications of neighbouring pairs; sixteen products stay far below 2³¹.
  @inline(__always)
  private static func dot16(_ codes: UnsafePointer<Int16>, _ values: UnsafePointer<Int8>) -> Int32 {
    var sum: Int32 = 0
    for j in 0..<16 { sum &+= Int32(codes[j]) &* Int32(values[j]) }
    return sum
  }

  @Sendable static func quantize(_ input: UnsafePointer<Float>, _ output: QuantizedRows) {
    for column in stride(from: 0, to: output.columns, by: output.scaleLength) {
      var maximum: Float = 0
      for j in column..<column + output.scaleLength { maximum = max(maximum, abs(input[j])) }
      // Below this 127 / maximum would overflow; such columns count as zeros.
      let inverse = maximum < .leastNormalMagnitude * 128 ? 0 : 127 / maximum
      for block in column / 32..<(column + output.scaleLength) / 32 {
        for half in 2 * block..<2 * block + 2 {
          var sum: Int32 = 0
          for j in 16 * half..<16 * half + 16 {
            let value = nearest(input[j] * inverse)
            output.values[j] = Int8(truncatingIfNeeded: value)
            sum &+= value
          }
          output.sums[half] = sum
        }
        output.storeScale(block: block, maximum: maximum, inverse: inverse)
      }
    }
  }

  /// The nearest integer of a float within ±2²², ties to even. Adding 1.5·2²³ rounds and leaves it in the low bits; the
  /// base x86-64 instruction set has no rounding.
  @inline(__always)
  private static func nearest(_ value: Float) -> Int32 {
    Int32(bitPattern: (value + 12_582_912).bitPattern) &- 0x4b40_0000
  }
}

extension BlockCodes {
  /// Columns `32 · block` and on of a row.
  @inline(__always)
  fileprivate init(_ row: UnsafeRawPointer, _ type: ElementType, _ block: Int) {
    let single = row + block * type.blockByteCount
    let large = row + block / 8 * type.blockByteCount
    switch type {
    case .q80: self = .q80(single)
    case .q40: self = .q40(single)
    case .q41: self = .q41(single)
    case .q50: self = .q50(single)
    case .q51: self = .q51(single)
    case .q4K: self = .q4K(large, block % 8)
    case .q5K: self = .q5K(large, block % 8)
    case .q6K: self = .q6K(large, block % 8)
    case .f32, .f16, .bf16: self = BlockCodes()
    }
  }
}
