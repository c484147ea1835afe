import Kernels
import Tensor
import TestSupport
import Testing

/// `Kernels.quantize` against its definition, and its error.
@Suite struct QuantizationTests {
  /// The definition, value by value.
  private func quantized(_ block: ArraySlice<Float>) -> (bytes: [Int8], scale: Float) {
    let largest = block.map(abs).max() ?? 0
    // Below this 127 / largest is no finite number.
    guard largest >= 0x1p-119 else { return ([Int8](repeating: 0, count: block.count), 0) }
    return (block.map { Int8(($0 * (127 / largest)).rounded(.toNearestOrEven)) }, largest / 127)
  }

  private func check(_ kernels: Kernels, _ input: [Float]) {
    let (bytes, scales, sums) = QuantizedInput(input, count: 1, kernels).content
    for block in 0..<input.count / 32 {
      let range = 32 * block..<32 * block + 32
      let expected = quantized(input[range])
      #expect(Array(bytes[range]) == expected.bytes)
      #expect(scales[block].bitPattern == expected.scale.bitPattern)
      for half in 0..<2 {
        let sum = expected.bytes[16 * half..<16 * half + 16].reduce(0) { $0 + Int32($1) }
        #expect(sums[2 * block + half] == sum)
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

  /// No value is further off than half a step.
  @Test(arguments: InstructionSet.available)
  func errorIsBelowHalfAStep(set: InstructionSet) {
    var numbers = Numbers(seed: 12)
    let input = numbers.array(1024)
    let (bytes, scales, _) = QuantizedInput(input, count: 1, Kernels(set)).content
    for (k, value) in input.enumerated() {
      #expect(abs(Float(bytes[k]) * scales[k / 32] - value) <= scales[k / 32] * 0.50001)
    }
  }
}
