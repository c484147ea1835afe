import Kernels
import Tensor
import Testing

/// Matrix products against plain loops in F64, and against themselves in other shapes.
@Suite struct ProductTests {
  /// Random weights in a storage format, at an odd address, and the values they stand for.
  private struct Weights {
    let bytes: [UInt8]
    let values: [Float]
    let type: FloatType

    init(_ count: Int, _ type: FloatType, seed: UInt64) {
      var numbers = Numbers(seed: seed)
      let elements = numbers.array(count).map { stored($0, as: type) }
      bytes = [0xff] + elements.flatMap(\.bytes)
      values = elements.map(\.value)
      self.type = type
    }
  }

  private func multiply(
    _ kernels: Kernels, _ weights: Weights, rows: Int, inner: Int, _ input: [Float], tokens: Int
  ) -> [Float] {
    // Rows of input and output lie further apart than they are long; the gaps must stay untouched.
    let (inputStride, outputStride) = (inner + 3, rows + 2)
    var padded = [Float](repeating: .nan, count: tokens * inputStride)
    for t in 0..<tokens {
      padded.replaceSubrange(t * inputStride..<t * inputStride + inner, with: input[t * inner..<(t + 1) * inner])
    }
    var output = [Float](repeating: 7, count: tokens * outputStride)
    weights.bytes.withUnsafeBytes { bytes in
      kernels.multiply(
        bytes.baseAddress! + 1, weights.type, rows: rows, inner: inner, input: padded, tokens: tokens,
        inputStride: inputStride, output: &output, outputStride: outputStride)
    }
    for t in 0..<tokens {
      #expect(output[t * outputStride + rows..<(t + 1) * outputStride].allSatisfy { $0 == 7 })
    }
    return (0..<tokens).flatMap { output[$0 * outputStride..<$0 * outputStride + rows] }
  }

  @Test(arguments: InstructionSet.available, FloatType.allCases)
  func agreesWithPlainLoops(set: InstructionSet, type: FloatType) {
    let kernels = Kernels(set)
    #expect(kernels.instructionSet == set)
    for inner in [1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 100, 160] {
      for (rows, tokens) in [(1, 1), (2, 3), (3, 2), (4, 6), (5, 7), (6, 13), (9, 4), (13, 1)] {
        let weights = Weights(rows * inner, type, seed: UInt64(inner))
        var numbers = Numbers(seed: UInt64(rows * tokens))
        let input = numbers.array(tokens * inner)
        let output = multiply(kernels, weights, rows: rows, inner: inner, input, tokens: tokens)
        for t in 0..<tokens {
          for row in 0..<rows {
            var sum = 0.0
            for k in 0..<inner { sum += Double(weights.values[row * inner + k]) * Double(input[t * inner + k]) }
            #expect(abs(Double(output[t * rows + row]) - sum) < 1e-6 * Double(inner).squareRoot() + 1e-7)
          }
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, FloatType.allCases)
  func bitsDoNotDependOnTheTile(set: InstructionSet, type: FloatType) {
    let kernels = Kernels(set)
    for inner in [5, 16, 41, 128] {
      let (rows, tokens) = (11, 15)
      let weights = Weights(rows * inner, type, seed: 3)
      var numbers = Numbers(seed: 4)
      let input = numbers.array(tokens * inner)
      let whole = multiply(kernels, weights, rows: rows, inner: inner, input, tokens: tokens)
      for count in 1..<tokens {
        let part = multiply(
          kernels, weights, rows: rows, inner: inner, Array(input[..<(count * inner)]), tokens: count)
        #expect(sameBits(part, Array(whole[..<(count * rows)])))
      }
      for count in 1..<rows {
        let part = multiply(kernels, weights, rows: count, inner: inner, input, tokens: tokens)
        let expected = (0..<tokens).flatMap { whole[$0 * rows..<$0 * rows + count] }
        #expect(sameBits(part, expected))
      }
    }
  }

  /// Every 16-bit pattern, subnormals, infinities and NaNs included, times one.
  @Test(arguments: InstructionSet.available, [FloatType.f16, .bf16])
  func allStoredValuesAreExact(set: InstructionSet, type: FloatType) {
    let patterns = (0...UInt16.max).map { $0 }
    let expected = patterns.map { type == .f16 ? Float(Float16(bitPattern: $0)) : Float(bitPattern: UInt32($0) << 16) }
    // Alone in their rows, and as the first of eight lanes that are otherwise zero.
    for inner in [1, 16] {
      let weights: [UInt16] = patterns.flatMap { [$0] + [UInt16](repeating: 0, count: inner - 1) }
      var output = [Float](repeating: 0, count: patterns.count)
      let one = [Float](repeating: 1, count: inner)
      Kernels(set).multiply(
        weights, type, rows: patterns.count, inner: inner, input: one, tokens: 1, inputStride: inner,
        output: &output, outputStride: patterns.count)
      // The sum with the other lanes turns −0 into 0.
      #expect(sameBits(output.map { $0 + 0 }, expected.map { $0 + 0 }))
    }
  }
}
