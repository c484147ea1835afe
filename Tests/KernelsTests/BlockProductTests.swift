import Kernels
import Tensor
import TestSupport
import Testing

/// Products with block formats against plain loops in F64 over the values of `Dequantization`, against themselves in
/// other shapes, and, where all numbers are whole, between instruction sets.
@Suite struct BlockProductTests {
  /// Some rows by some tokens of a product.
  private struct Part {
    let rows: Range<Int>
    let tokens: Range<Int>
  }

  private static let rows = 33
  private static let tokens = 30

  /// Results of a part, token after token.
  private func multiply(_ kernels: Kernels, _ weights: BlockWeights, _ input: QuantizedInput, _ part: Part) -> [Float] {
    let (rows, tokens) = (part.rows.count, part.tokens.count)
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: Kernels.blockScratchBytes(columns: weights.columns), alignment: 64)
    defer { scratch.deallocate() }
    // Output rows lie further apart than they are long; the gaps must stay untouched.
    let outputStride = rows + 2
    var output = [Float](repeating: 7, count: tokens * outputStride)
    let offset = 1 + part.rows.lowerBound * weights.type.byteCount(elements: weights.columns)
    weights.bytes.withUnsafeBytes { bytes in
      kernels.multiply(
        bytes.baseAddress! + offset, weights.type, rows: rows, input: input.rows.from(row: part.tokens.lowerBound),
        tokens: tokens, output: &output, outputStride: outputStride, scratch: scratch)
    }
    for t in 0..<tokens {
      #expect(output[t * outputStride + rows..<(t + 1) * outputStride].allSatisfy { $0 == 7 })
    }
    return (0..<tokens).flatMap { output[$0 * outputStride..<$0 * outputStride + rows] }
  }

  /// `Σk weight · scale · byte` of every row and token in F64, and the size of what was added: per block, the largest
  /// weight times the magnitudes of the inputs. Minima are multiplied by the inputs' rounded factors.
  private func reference(_ weights: BlockWeights, _ input: QuantizedInput) -> [(sum: Double, size: Double)] {
    let (bytes, scales, sums) = input.content
    let columns = weights.columns
    return (0..<input.count).flatMap { token in
      (0..<weights.rows).map { row in
        var (sum, size) = (0.0, 0.0)
        for block in 0..<columns / 32 {
          var (blockSum, magnitudes) = (0.0, 0.0)
          var largest: Float = 0
          for k in 32 * block..<32 * block + 32 {
            let weight = weights.values[row * columns + k]
            let byte = Double(bytes[token * columns + k])
            blockSum += Double(weight) * byte
            magnitudes += abs(byte)
            largest = max(largest, abs(weight))
          }
          let scale = Double(scales[token * columns / 32 + block])
          sum += scale * blockSum
          if let minimum = weights.minimum(row: row, block: block) {
            let index = token * columns / 32 + block
            let exact = scale * Double(sums[2 * index] + sums[2 * index + 1])
            sum += minimum * (exact - Double(input.minimumFactors[index]))
          }
          size += scale * magnitudes * Double(largest)
        }
        return (sum, size)
      }
    }
  }

  private func columns(_ type: ElementType) -> [Int] {
    type.blockLength == 32 ? [32, 96, 416, 1024] : [256, 768, 1024]
  }

  @Test(arguments: InstructionSet.available, ElementType.blockFormats)
  func agreesWithPlainLoops(set: InstructionSet, type: ElementType) {
    let kernels = Kernels(set)
    for columns in columns(type) {
      let weights = BlockWeights.random(type, rows: Self.rows, columns: columns, seed: UInt64(columns))
      var numbers = Numbers(seed: UInt64(columns))
      let input = QuantizedInput(
        numbers.array(Self.tokens * columns), count: Self.tokens, scaleLength: QuantizedRows.scaleLength(for: type),
        kernels)
      let expected = reference(weights, input)
      let output = multiply(kernels, weights, input, Part(rows: 0..<Self.rows, tokens: 0..<Self.tokens))
      for (value, expected) in zip(output, expected) {
        #expect(abs(Double(value) - expected.sum) <= 1e-6 * expected.size)
      }
    }
  }

  @Test(arguments: InstructionSet.available, ElementType.blockFormats)
  func bitsDoNotDependOnTheTile(set: InstructionSet, type: ElementType) {
    let kernels = Kernels(set)
    let columns = type.blockLength == 32 ? 96 : 512
    let weights = BlockWeights.random(type, rows: Self.rows, columns: columns, seed: 5)
    var numbers = Numbers(seed: 6)
    let input = QuantizedInput(
      numbers.array(Self.tokens * columns), count: Self.tokens, scaleLength: QuantizedRows.scaleLength(for: type),
      kernels)
    let whole = multiply(kernels, weights, input, Part(rows: 0..<Self.rows, tokens: 0..<Self.tokens))
    for rowCount in 1...Self.rows {
      for tokenCount in 1...Self.tokens where rowCount * tokenCount % 3 == 1 || rowCount < 3 || tokenCount < 3 {
        let part = Part(
          rows: Self.rows - rowCount..<Self.rows, tokens: Self.tokens - tokenCount..<Self.tokens)
        let expected = part.tokens.flatMap { whole[$0 * Self.rows + part.rows.lowerBound..<($0 + 1) * Self.rows] }
        #expect(sameBits(multiply(kernels, weights, input, part), expected))
      }
    }
  }

  /// Sums of whole numbers below 2²⁴ are exact in F32 whatever their order, so every set gives the same. Codes of all
  /// ones or zeros and inputs of ±127 are the most that intermediate integers have to hold.
  @Test(arguments: InstructionSet.available, ElementType.blockFormats)
  func wholeNumbersAreExact(set: InstructionSet, type: ElementType) {
    let kernels = Kernels(set)
    let columns = 512
    let codes: [(inout SplitMix64) -> UInt8] = [
      { .random(in: 0...255, using: &$0) }, { _ in 0xff }, { _ in 0 }, { _ in 0x80 }, { _ in 0x7f },
    ]
    for code in codes {
      let weights = BlockWeights.whole(type, rows: 19, columns: columns, seed: 7, code: code)
      var generator = SplitMix64(seed: 8)
      let tokens = (0..<7).map { token -> [Float] in
        switch token {
        case 0: return [Float](repeating: 127, count: columns)
        case 1: return [Float](repeating: -127, count: columns)
        case 2: return (0..<columns).map { $0 % 2 == 0 ? 127 : -127 }
        default:
          // A byte of ±127 in each block makes its scale 1.
          return (0..<columns).map { $0 % 32 == token ? 127 : Float(Int.random(in: -127...127, using: &generator)) }
        }
      }
      let input = QuantizedInput(
        tokens.flatMap(\.self), count: tokens.count, scaleLength: QuantizedRows.scaleLength(for: type), kernels)
      #expect(input.content.scales.allSatisfy { $0 == 1 })
      let output = multiply(kernels, weights, input, Part(rows: 0..<19, tokens: 0..<tokens.count))
      for (value, expected) in zip(output, reference(weights, input)) {
        #expect(Double(value) == expected.sum)
      }
    }
  }

  @Test(arguments: InstructionSet.available)
  func zeroInputsGiveZeros(set: InstructionSet) {
    let kernels = Kernels(set)
    for type in ElementType.blockFormats {
      let weights = BlockWeights.random(type, rows: 3, columns: 256, seed: 1)
      let input = QuantizedInput([Float](repeating: 0, count: 512), count: 2, kernels)
      #expect(multiply(kernels, weights, input, Part(rows: 0..<3, tokens: 0..<2)).allSatisfy { $0 == 0 })
    }
  }
}
