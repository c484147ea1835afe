import Tensor

/// Products with weights of block formats in plain Swift, one row and one token at a time.
enum PortableBlockProducts {
  @Sendable static func multiply(
    _ weights: UnsafeRawPointer, _ type: ElementType, _ rows: Int, _ input: QuantizedRows, _ tokens: Int,
    _ output: UnsafeMutablePointer<Float>, _ outputStride: Int, _: UnsafeMutableRawPointer, _: UnsafeRawPointer?
  ) {
    let stride = type.byteCount(elements: input.columns)
    for row in 0..<rows {
      for t in 0..<tokens { output[t * outputStride + row] = 0 }
      for block in 0..<input.blocks {
        let codes = BlockCodes(weights + row * stride, type, block)
        for t in 0..<tokens { add(codes, input.from(row: t), block, to: &output[t * outputStride + row]) }
      }
    }
  }

  @inline(__always)
  private static func add(_ weights: BlockCodes, _ input: QuantizedRows, _ block: Int, to sum: inout Float) {
    let values = input.values + 32 * block
    var halves: (Int32, Int32) = (0, 0)
    for j in 0..<16 {
      halves.0 &+= Int32(weights.codes[j]) &* Int32(values[j])
      halves.1 &+= Int32(weights.codes[j + 16]) &* Int32(values[j + 16])
    }
    halves.0 &-= weights.offset &* input.sums[2 * block]
    halves.1 &-= weights.offset &* input.sums[2 * block + 1]
    let scale = input.scales[block]
    if weights.hasTwoScales {
      sum += Float(halves.0) * (weights.scales.0 * scale)
      sum += Float(halves.1) * (weights.scales.1 * scale)
    } else {
      sum += Float(halves.0 &+ halves.1) * (weights.scales.0 * scale)
    }
    if weights.hasMinimum {
      sum -= weights.minimum * (scale * Float(input.sums[2 * block] &+ input.sums[2 * block + 1]))
    }
  }

  @Sendable static func quantize(_ input: UnsafePointer<Float>, _ output: QuantizedRows) {
    for block in 0..<output.blocks {
      let x = input + 32 * block
      var maximum: Float = 0
      for j in 0..<32 { maximum = max(maximum, abs(x[j])) }
      // Below this 127 / maximum would overflow; such a block counts as zeros.
      let inverse = maximum < .leastNormalMagnitude * 128 ? 0 : 127 / maximum
      output.scales[block] = inverse == 0 ? 0 : maximum / 127
      for half in 0..<2 {
        var sum: Int32 = 0
        for j in 16 * half..<16 * half + 16 {
          let value = Int32((x[j] * inverse).rounded(.toNearestOrEven))
          output.values[32 * block + j] = Int8(truncatingIfNeeded: value)
          sum &+= value
        }
        output.sums[2 * block + half] = sum
      }
    }
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
