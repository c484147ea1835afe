import Foundation
import Kernels
import Testing

/// Sums over panels, and the online softmax between two of them, against plain loops in F64.
@Suite struct PanelTests {
  /// A number as a panel stores it: its bytes and the value they stand for.
  private static func stored(_ x: Float, _ element: CacheElement) -> (bytes: [UInt8], value: Float) {
    switch element {
    case .f32: return (withUnsafeBytes(of: x) { Array($0) }, x)
    case .f16: return (withUnsafeBytes(of: Float16(x)) { Array($0) }, Float(Float16(x)))
    case .bf16:
      let bits = UInt16(x.bitPattern >> 16)
      return (withUnsafeBytes(of: bits) { Array($0) }, Float(bitPattern: UInt32(bits) << 16))
    case .int8:
      let integer = Int8((x * 127).rounded())
      return ([UInt8(bitPattern: integer)], Float(integer))
    }
  }

  /// Panels of random numbers at an odd address, a gap after each.
  private struct Panels {
    let bytes: [UInt8]
    let stride: Int
    let values: [[Float]]

    init(_ element: CacheElement, panels: Int, count: Int, numbers: inout Numbers) {
      let size = max(1, count) * Kernels.panelWidth
      stride = size * element.byteCount + 3
      let elements = (0..<panels).map { _ in numbers.array(size).map { PanelTests.stored($0, element) } }
      bytes = [0xff] + elements.flatMap { $0.flatMap(\.bytes) + [0xff, 0xff, 0xff] }
      values = elements.map { $0.map(\.value) }
    }
  }

  @Test(arguments: InstructionSet.available, CacheElement.allCases)
  func sumsAgreeWithPlainLoops(set: InstructionSet, element: CacheElement) {
    let kernels = Kernels(set)
    var numbers = Numbers(seed: 9)
    for (rows, count, panelCount) in [
      (1, 0, 1), (1, 1, 3), (2, 5, 1), (3, 16, 2), (4, 7, 1), (5, 64, 2), (7, 3, 2), (8, 33, 1), (9, 2, 1),
      (16, 64, 3), (31, 9, 1),
    ] {
      let panels = Panels(element, panels: panelCount, count: count, numbers: &numbers)
      let width = panelCount * Kernels.panelWidth
      let (coefficientStride, outputStride) = (count + 1, width + 3)
      let coefficients = numbers.array(rows * coefficientStride)
      let scales = numbers.array(rows)
      let before = numbers.array(rows * outputStride)
      for useScales in [true, false] {
        func run(rows: Range<Int>, into output: inout [Float]) {
          panels.bytes.withUnsafeBytes { bytes in
            coefficients.withUnsafeBufferPointer { coefficients in
              scales.withUnsafeBufferPointer { scales in
                output.withUnsafeMutableBufferPointer { output in
                  kernels.accumulate(
                    panels: bytes.baseAddress! + 1, element, panelCount: panelCount, panelBytes: panels.stride,
                    count: count, coefficients: coefficients.baseAddress! + rows.lowerBound * coefficientStride,
                    coefficientStride: coefficientStride, rows: rows.count,
                    scales: useScales ? scales.baseAddress! + rows.lowerBound : nil,
                    output: output.baseAddress! + rows.lowerBound * outputStride, outputStride: outputStride)
                }
              }
            }
          }
        }
        var output = before
        run(rows: 0..<rows, into: &output)
        let tolerance = element == .int8 ? 127e-6 : 1e-6
        for row in 0..<rows {
          for column in 0..<width {
            var sum = useScales ? Double(before[row * outputStride + column]) * Double(scales[row]) : 0
            for i in 0..<count {
              let value = panels.values[column / 32][i * 32 + column % 32]
              sum += Double(coefficients[row * coefficientStride + i]) * Double(value)
            }
            #expect(abs(Double(output[row * outputStride + column]) - sum) <= tolerance * Double(count + 1))
          }
          let gap = row * outputStride + width..<(row + 1) * outputStride
          #expect(output[gap] == before[gap])
        }
        var single = before
        for row in 0..<rows { run(rows: row..<row + 1, into: &single) }
        #expect(sameBits(single, output), "a row's bits do not depend on its company")
      }
    }
  }

  /// Every 16-bit pattern, subnormals, infinities and NaNs included, times one.
  @Test(arguments: InstructionSet.available, [CacheElement.f16, .bf16])
  func allStoredValuesAreExact(set: InstructionSet, element: CacheElement) {
    let patterns = (0...UInt16.max).map { $0 }
    let expected = patterns.map {
      element == .f16 ? Float(Float16(bitPattern: $0)) : Float(bitPattern: UInt32($0) << 16)
    }
    var output = [Float](repeating: 0, count: patterns.count)
    let panelCount = patterns.count / Kernels.panelWidth
    patterns.withUnsafeBytes { bytes in
      Kernels(set).accumulate(
        panels: bytes.baseAddress!, element, panelCount: panelCount, panelBytes: 2 * Kernels.panelWidth, count: 1,
        coefficients: [1], coefficientStride: 1, rows: 1, scales: nil, output: &output, outputStride: 0)
    }
    // The sum with the accumulator turns −0 into 0.
    #expect(sameBits(output.map { $0 + 0 }, expected.map { $0 + 0 }))
  }

  @Test(arguments: InstructionSet.available, [1, 7, 8, 15, 16, 17, 40, 64])
  func onlineSoftmax(set: InstructionSet, count: Int) {
    let kernels = Kernels(set)
    var numbers = Numbers(seed: UInt64(count))
    let (rows, blocks, stride) = (3, 4, 80)
    let scoreFactors = numbers.array(count).map { $0 + 2 }
    let weightFactors = numbers.array(count)
    for useFactors in [false, true] {
      var maxima = [Float](repeating: -.infinity, count: rows)
      var sums = [Float](repeating: 0, count: rows)
      var weights: [[Float]] = Array(repeating: [], count: rows)
      var raw: [[Double]] = Array(repeating: [], count: rows)
      for block in 0..<blocks {
        // Room up to a multiple of 16, of any content.
        var scores = numbers.array(rows * stride).map { $0 * 40 }
        for row in 0..<rows {
          for i in 0..<count {
            raw[row].append(Double(scores[row * stride + i]) * 0.25 * (useFactors ? Double(scoreFactors[i]) : 1))
          }
          for i in count..<stride { scores[row * stride + i] = i < (count + 15) / 16 * 16 ? .nan : 5 }
        }
        var corrections = [Float](repeating: -1, count: rows)
        scoreFactors.withUnsafeBufferPointer { scoreFactors in
          weightFactors.withUnsafeBufferPointer { weightFactors in
            kernels.accumulateSoftmax(
              &scores, stride: stride, rows: rows, count: count, scale: 0.25,
              scoreFactors: useFactors ? scoreFactors.baseAddress : nil,
              weightFactors: useFactors ? weightFactors.baseAddress : nil, maxima: &maxima, sums: &sums,
              corrections: &corrections)
          }
        }
        for row in 0..<rows {
          #expect(block > 0 || corrections[row] == 0)
          weights[row] = weights[row].map { $0 * corrections[row] } + scores[row * stride..<row * stride + count]
          #expect(scores[row * stride + 79] == 5)
        }
      }
      for row in 0..<rows {
        let maximum = raw[row].max() ?? 0
        #expect(abs(Double(maxima[row]) - maximum) < 1e-5)
        let total = raw[row].reduce(0) { $0 + exp($1 - maximum) }
        for (i, score) in raw[row].enumerated() {
          let expected = exp(score - maximum) / total * (useFactors ? Double(weightFactors[i % count]) : 1)
          #expect(abs(Double(weights[row][i] / sums[row]) - expected) < 1e-5)
        }
      }
    }
  }

  @Test func joinedSoftmaxes() {
    // Weights of scores 1 and 2 (relative to 2), then of 4 (relative to 4); values 1, 2 and 3.
    var (sums, maximum, total) = ([Float](repeating: Float(exp(-1.0)) + 2, count: 9), Float(2), Float(1 + exp(-1.0)))
    Softmax.join(
      sums: &sums, maximum: &maximum, total: &total, later: [Float](repeating: 3, count: 9), laterMaximum: 4,
      laterTotal: 1, count: 9)
    let weights = [1.0, 2, 4].map { exp($0 - 4) }
    #expect(maximum == 4)
    #expect(abs(Double(total) - weights.reduce(0, +)) < 1e-6)
    let expected = weights[0] + 2 * weights[1] + 3 * weights[2]
    #expect(sums.allSatisfy { abs(Double($0) - expected) < 1e-6 })
  }
}
