import Foundation
import Kernels
import Testing

/// Row operations of every instruction set against plain loops in F64.
@Suite struct RowKernelTests {
  private static let counts = [1, 7, 15, 16, 17, 40, 128]

  private func silu(_ x: Float) -> Double { Double(x) / (1 + exp(-Double(x))) }

  private func expectClose(_ found: [Float], _ expected: [Double]) {
    for (found, expected) in zip(found, expected) {
      #expect(abs(Double(found) - expected) <= 2e-6 * max(1, abs(expected)))
    }
    #expect(found.count == expected.count)
  }

  @Test(arguments: InstructionSet.available, counts) func gatedUnits(set: InstructionSet, count: Int) {
    var numbers = Numbers(seed: 11)
    let gates = numbers.array(count).map { $0 * 20 }
    let before = numbers.array(count + 3)
    var y = before
    Kernels(set).multiply(bySiLUOf: gates, &y, count: count)
    expectClose(Array(y[..<count]), (0..<count).map { silu(gates[$0]) * Double(before[$0]) })
    #expect(y[count...] == before[count...])
    var extremes: [Float] = [1, 1, 1]
    Kernels(set).multiply(bySiLUOf: [-1000, 1000, 0], &extremes, count: 3)
    #expect(extremes == [0, 1000, 0])
  }

  @Test(arguments: InstructionSet.available, counts) func gatedNorms(set: InstructionSet, count: Int) {
    var numbers = Numbers(seed: 12)
    let (x, weights) = (numbers.array(count), numbers.array(count))
    let gates = numbers.array(count).map { $0 * 9 }
    var output = [Float](repeating: 7, count: count + 1)
    Kernels(set).normalize(x, gate: gates, weights: weights, epsilon: 1e-3, count: count, output: &output)
    let mean = x.reduce(0) { $0 + Double($1) * Double($1) } / Double(count)
    let scale = 1 / (mean + Double(Float(1e-3))).squareRoot()
    expectClose(
      Array(output[..<count]), (0..<count).map { Double(x[$0]) * scale * Double(weights[$0]) * silu(gates[$0]) })
    #expect(output[count] == 7)
  }

  @Test(arguments: InstructionSet.available, counts) func convolutions(set: InstructionSet, count: Int) {
    var numbers = Numbers(seed: 13)
    let inputs = numbers.array(3 * count)
    let stride = count + 2
    let weights = numbers.array(3 * stride).map { $0 * 4 }
    var output = [Float](repeating: 7, count: count + 1)
    inputs.withUnsafeBufferPointer { inputs in
      let start = inputs.baseAddress!
      [start, start + count, start + 2 * count].withUnsafeBufferPointer {
        Kernels(set).convolve(taps: $0, weights: weights, weightStride: stride, count: count, output: &output)
      }
    }
    let expected = (0..<count).map { channel -> Double in
      var sum: Float = 0
      for tap in 0..<3 { sum += inputs[tap * count + channel] * weights[tap * stride + channel] }
      return silu(sum)
    }
    for (found, expected) in zip(output, expected) { #expect(abs(Double(found) - expected) < 1e-5) }
    #expect(output[count] == 7)
  }
}
