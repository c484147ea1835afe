import Kernels
import TestSupport
import Testing

/// Products of BF16 weights with inputs rounded to BF16.
@Suite struct BF16InputTests {
  private func value(_ half: UInt16) -> Float { Float(bitPattern: UInt32(half) << 16) }

  private func rounded(_ input: [Float], _ kernels: Kernels) -> [UInt16] {
    var output = [UInt16](repeating: 0, count: input.count)
    kernels.roundToBF16(input, count: input.count, output: &output)
    return output
  }

  private func multiply(
    _ kernels: Kernels, _ weights: [UInt16], rows: Int, inner: Int, _ input: ArraySlice<UInt16>
  ) -> [Float] {
    // Weights at an odd address.
    let bytes = [0xff] + weights.flatMap { half -> [UInt8] in withUnsafeBytes(of: half) { Array($0) } }
    let tokens = input.count / inner
    var output = [Float](repeating: 7, count: tokens * (rows + 1))
    bytes.withUnsafeBytes { bytes in
      input.withUnsafeBufferPointer {
        kernels.multiply(
          bf16: bytes.baseAddress! + 1, rows: rows, inner: inner, halves: $0.baseAddress!, tokens: tokens,
          output: &output, outputStride: rows + 1)
      }
    }
    #expect((0..<tokens).allSatisfy { output[$0 * (rows + 1) + rows] == 7 })
    return (0..<tokens).flatMap { output[$0 * (rows + 1)..<$0 * (rows + 1) + rows] }
  }

  @Test(arguments: InstructionSet.available)
  func roundsToTheNearest(set: InstructionSet) {
    let kernels = Kernels(set)
    var numbers = Numbers(seed: 21)
    // Halves between two neighbours, exact values, and numbers just off both.
    let ties: [Float] = [0x1.01p0, 0x1.03p0, -0x1.01p0, 0x1.02p0, 0x1.010002p0, 0x1.00fffep0, 0, 0x1.fep127]
    for count in [1, 7, 8, 15, 16, 17, 40] {
      let input = Array((ties + numbers.array(40)).prefix(count))
      for (half, exact) in zip(rounded(input, kernels), input) {
        // Of the two neighbours the nearer, or the one whose last bit is 0.
        let below = exact.bitPattern >> 16
        let (low, high) = (value(UInt16(below)), value(UInt16(below + 1)))
        let (toLow, toHigh) = (abs(Double(exact) - Double(low)), abs(Double(high) - Double(exact)))
        let expected = toLow < toHigh || (toLow == toHigh && below % 2 == 0) ? low : high
        #expect(value(half) == expected)
      }
    }
    #expect(value(rounded([.nan], kernels)[0]).isNaN)
    #expect(value(rounded([-.infinity], kernels)[0]) == -.infinity)
  }

  @Test(arguments: InstructionSet.available)
  func agreesWithPlainLoops(set: InstructionSet) {
    let kernels = Kernels(set)
    var numbers = Numbers(seed: 22)
    for inner in [1, 2, 7, 8, 15, 31, 32, 33, 64, 100, 160] {
      let (rows, tokens) = (9, 13)
      let weights = rounded(numbers.array(rows * inner), kernels)
      let input = rounded(numbers.array(tokens * inner), kernels)
      let whole = multiply(kernels, weights, rows: rows, inner: inner, input[...])
      for t in 0..<tokens {
        for row in 0..<rows {
          var sum = 0.0
          for k in 0..<inner { sum += Double(value(weights[row * inner + k])) * Double(value(input[t * inner + k])) }
          #expect(abs(Double(whole[t * rows + row]) - sum) < 1e-6 * Double(inner).squareRoot() + 1e-7)
        }
      }
      // Bits do not depend on how many tokens and rows there are.
      for count in 1..<tokens {
        let part = multiply(kernels, weights, rows: rows, inner: inner, input[..<(count * inner)])
        #expect(sameBits(part, Array(whole[..<(count * rows)])))
      }
      for count in 1..<rows {
        let part = multiply(kernels, Array(weights[..<(count * inner)]), rows: count, inner: inner, input[...])
        #expect(sameBits(part, (0..<tokens).flatMap { whole[$0 * rows..<$0 * rows + count] }))
      }
    }
  }
}
