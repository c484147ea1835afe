import Kernels
import Tensor
import TestSupport
import Testing

/// `Kernels.quantize` against its definition, and its error.
@Suite struct QuantizationTests {
  /// The definition, value by value.
  private func quantized(_ values: ArraySlice<Float>) -> (bytes: [Int8], scale: Float) {
    let largest = values.map(abs).max() ?? 0
    // Below this 127 / largest is no finite number.
    guard largest >= 0x1p-119 else { return ([Int8](repeating: 0, count: values.count), 0) }
    let scale = values.count == 256 ? 1 / (127 / largest) : largest / 127
    return (values.map { Int8(($0 * (127 / largest)).rounded(.toNearestOrEven)) }, scale)
  }

  /// A number rounded to F16 where that is a normal number.
  private func rounded(_ value: Float) -> Float {
    let half = Float16(value)
    return half.isNormal ? Float(half) : value
  }

  private func check(_ kernels: Kernels, _ input: [Float], scaleLength: Int = 32) {
    let result = QuantizedInput(input, count: 1, scaleLength: scaleLength, kernels)
    let (bytes, scales, sums) = result.content
    for start in stride(from: 0, to: input.count, by: scaleLength) {
      let expected = quantized(input[start..<start + scaleLength])
      #expect(Array(bytes[start..<start + scaleLength]) == expected.bytes)
      for block in start / 32..<(start + scaleLength) / 32 {
        let local = 32 * block - start
        for half in 0..<2 {
          let first = local + 16 * half
          #expect(sums[2 * block + half] == expected.bytes[first..<first + 16].reduce(0) { $0 + Int32($1) })
        }
        let product = expected.scale * Float(sums[2 * block] + sums[2 * block + 1])
        let isSmall = scaleLength == 32
        let (scale, factor) = isSmall ? (rounded(expected.scale), rounded(product)) : (expected.scale, product)
        #expect(scales[block].bitPattern == scale.bitPattern)
        #expect(result.minimumFactors[block] == factor)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func followsTheDefinition(set: InstructionSet) {
    let kernels = Kernels(set)
    var numbers = Numbers(seed: 11)
    for columns in [32, 64, 96, 1024] {
      for exponent in [-126, -118, -60, -10, 0, 10, 100, 127] {
        let factor = Float(sign: .plus, exponent: exponent, significand: 1)
        check(kernels, numbers.array(columns).map { $0 * factor })
        check(kernels, numbers.array(8 * columns).map { $0 * factor }, scaleLength: 256)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func halvesGoToTheEvenNeighbour(set: InstructionSet) {
    // With a largest magnitude of 127 the factor is 1.
    let input = (0..<32).map { index in index == 31 ? -127 : Float(index) - 15.5 }
    check(Kernels(set), input)
    let bytes = QuantizedInput(input, count: 1, Kernels(set)).content.bytes
    #expect(bytes[0] == -16 && bytes[1] == -14 && bytes[15] == 0 && bytes[16] == 0 && bytes[17] == 2)
  }

  @Test(arguments: InstructionSet.available)
  func extremes(set: InstructionSet) {
    let kernels = Kernels(set)
    let values: [Float] = [
      0, -0, .leastNonzeroMagnitude, -.leastNonzeroMagnitude, .leastNormalMagnitude, 0x1p-119, 0x1.fffffep-120,
      .greatestFiniteMagnitude, -.greatestFiniteMagnitude, 1, 0x1p-24,
    ]
    for value in values {
      check(kernels, [Float](repeating: value, count: 32))
      for position in [0, 7, 8, 15, 16, 31] {
        var input = [Float](repeating: 0, count: 32)
        input[position] = value
        check(kernels, input)
      }
    }
    for pair in zip(values, values.reversed()) {
      check(kernels, (0..<64).map { $0 % 3 == 0 ? pair.0 : pair.1 })
    }
  }

  /// No value is further off than half a step, and what rounding the scale to eleven bits adds.
  @Test(arguments: InstructionSet.available, [(32, 0.563), (256, 0.50001)] as [(Int, Float)])
  func errorIsBelowHalfAStep(set: InstructionSet, _ bound: (scaleLength: Int, steps: Float)) {
    var numbers = Numbers(seed: 12)
    let input = numbers.array(1024)
    let result = QuantizedInput(input, count: 1, scaleLength: bound.scaleLength, Kernels(set))
    let (bytes, scales, _) = result.content
    for (k, value) in input.enumerated() {
      #expect(abs(Float(bytes[k]) * scales[k / 32] - value) <= scales[k / 32] * bound.steps)
    }
  }
}
