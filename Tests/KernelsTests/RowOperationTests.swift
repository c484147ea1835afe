import Foundation
import Kernels
import Testing

/// Norms, softmax and element-wise operations against plain loops in F64. Sizes cross the vector's width.
@Suite struct RowOperationTests {
  private static let sizes = [1, 3, 7, 8, 9, 16, 20, 64, 67]

  private func expectClose(_ found: [Float], _ expected: [Double], tolerance: Double = 2e-6) {
    #expect(found.count == expected.count)
    for (a, b) in zip(found, expected) { #expect(abs(Double(a) - b) <= tolerance * max(1, abs(b))) }
  }

  private func sigmoid(_ x: Float) -> Double { 1 / (1 + exp(-Double(x))) }

  @Test(arguments: sizes) func rootMeanSquareNorms(count: Int) {
    var numbers = Numbers(seed: 1)
    let (x, weights, gate) = (numbers.array(count), numbers.array(count), numbers.array(count).map { $0 * 9 })
    let epsilon: Float = 1e-3
    let meanSquare = x.reduce(0) { $0 + Double($1) * Double($1) } / Double(count)
    let scale = 1 / (meanSquare + Double(epsilon)).squareRoot()

    var output = [Float](repeating: 0, count: count)
    Normalization.rootMeanSquare(x, weights: weights, epsilon: epsilon, count: count, output: &output)
    expectClose(output, zip(x, weights).map { Double($0) * scale * Double($1) })

    Normalization.gatedRootMeanSquare(
      x, gate: gate, weights: weights, epsilon: epsilon, count: count, output: &output)
    expectClose(
      output, (0..<count).map { Double(x[$0]) * scale * Double(weights[$0]) * Double(gate[$0]) * sigmoid(gate[$0]) })

    Normalization.unitLength(x, epsilon: epsilon, scale: 0.5, count: count, output: &output)
    let length = 1 / (meanSquare * Double(count) + Double(epsilon)).squareRoot()
    expectClose(output, x.map { Double($0) * length * 0.5 })
  }

  @Test(arguments: sizes) func elementwise(count: Int) {
    var numbers = Numbers(seed: 2)
    let (x, y) = (numbers.array(count).map { $0 * 20 }, numbers.array(count))
    var output = y
    Elementwise.add(x, to: &output, count: count)
    expectClose(output, zip(x, y).map { Double($0) + Double($1) })
    output = y
    Elementwise.add(x, times: 0.3, to: &output, count: count)
    expectClose(output, zip(x, y).map { Double($0) * Double(Float(0.3)) + Double($1) })
    output = y
    Elementwise.scale(&output, by: 0.7, count: count)
    expectClose(output, y.map { Double($0) * Double(Float(0.7)) })
    output = y
    Elementwise.multiply(bySiLUOf: x, &output, count: count)
    expectClose(output, zip(x, y).map { Double($0) * sigmoid($0) * Double($1) })
    output = y
    Elementwise.multiply(bySigmoidOf: x, &output, count: count)
    expectClose(output, zip(x, y).map { sigmoid($0) * Double($1) })
  }

  /// The exponential, through softmax: from where it vanishes to where it is one.
  @Test func exponentialIsAccurate() {
    for step in 0..<4000 {
      let x = Float(step) * -0.0218
      var scores = [x, 0]
      Softmax.normalize(&scores, count: 2)
      let expected = exp(Double(x)) / (1 + exp(Double(x)))
      #expect(abs(Double(scores[0]) - expected) <= 3e-7 * expected, "e^\(x)")
    }
    var extreme: [Float] = [-200, 0, -.infinity, -87.5]
    Softmax.normalize(&extreme, count: 4)
    #expect(extreme == [0, 1, 0, 0])
    var saturated: [Float] = [1, 1, 1]
    Elementwise.multiply(bySigmoidOf: [-1000, 1000, 0], &saturated, count: 3)
    #expect(saturated == [0, 1, 0.5])
  }

  @Test(arguments: sizes) func softmax(count: Int) {
    var numbers = Numbers(seed: 3)
    let scores = numbers.array(count).map { $0 * 30 }
    let maximum = Double(scores.max() ?? 0)
    let total = scores.reduce(0) { $0 + exp(Double($1) - maximum) }
    let expected = scores.map { exp(Double($0) - maximum) / total }
    var normalized = scores
    Softmax.normalize(&normalized, count: count)
    expectClose(normalized, expected)
  }

  @Test(arguments: sizes) func convolution(count: Int) {
    var numbers = Numbers(seed: 4)
    let taps = (0..<4).map { _ in numbers.array(count) }
    let stride = count + 2
    let weights = numbers.array(4 * stride).map { $0 * 3 }
    var output = [Float](repeating: 0, count: count)
    taps[0].withUnsafeBufferPointer { t0 in
      taps[1].withUnsafeBufferPointer { t1 in
        taps[2].withUnsafeBufferPointer { t2 in
          taps[3].withUnsafeBufferPointer { t3 in
            [t0, t1, t2, t3].map { $0.baseAddress! }.withUnsafeBufferPointer { pointers in
              Elementwise.convolve(
                taps: pointers, weights: weights, weightStride: stride, count: count, output: &output)
            }
          }
        }
      }
    }
    let expected = (0..<count).map { channel in
      let sum = (0..<4).reduce(0.0) { $0 + Double(taps[$1][channel]) * Double(weights[$1 * stride + channel]) }
      return sum * sigmoid(Float(sum))
    }
    expectClose(output, expected)
  }

  @Test func rotation() {
    var x: [Float] = [1, 2, 3, 4, 5]
    Elementwise.rotate(&x, cosines: [0, 0.6], sines: [1, 0.8], half: 2)
    expectClose(x, [-3, 2 * 0.6 - 4 * 0.8, 1, 4 * 0.6 + 2 * 0.8, 5])
  }

  @Test func deltaRuleLoops() {
    var output = [Float](repeating: 0, count: 6)
    DeltaRule.decayedTranspose(keys: [1, 2, 3, 4, 5, 6], dimension: 3, decays: [2, 10], count: 2, output: &output)
    #expect(output == [2, 40, 4, 50, 6, 60])
    output = [0, 0]
    DeltaRule.decay([3, 4], decays: [0.5, 2], count: 2, output: &output)
    #expect(output == [1.5, 8])
    DeltaRule.update(value: [3, 4], recalled: [1, 6], beta: 0.5, count: 2, output: &output)
    #expect(output == [1, -1])
  }
}
