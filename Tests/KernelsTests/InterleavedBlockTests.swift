import Kernels
import Tensor
import Testing

/// Rows of block formats that lie together by sixteen stand for the same numbers, and give the same bits.
@Suite struct InterleavedBlockTests {
  private static let rows = 48

  private func interleaved(_ weights: BlockWeights) -> [UInt8] {
    var result = [UInt8](repeating: 0, count: weights.bytes.count - 1)
    weights.bytes.withUnsafeBytes { source in
      result.withUnsafeMutableBytes { destination in
        Interleaving.interleave(
          weights.type, source.baseAddress! + 1, rows: weights.rows, columns: weights.columns,
          to: destination.baseAddress!)
      }
    }
    return result
  }

  @Test(arguments: ElementType.blockFormats)
  func rowsHaveTheSameValues(type: ElementType) {
    let weights = BlockWeights.random(type, rows: Self.rows, columns: 512, seed: 3)
    let bytes = interleaved(weights)
    var row = [Float](repeating: 0, count: weights.columns)
    for index in 0..<Self.rows {
      bytes.withUnsafeBytes {
        Interleaving.dequantizeRow(type, $0.baseAddress!, row: index, columns: weights.columns, to: &row)
      }
      #expect(row == Array(weights.values[index * weights.columns..<(index + 1) * weights.columns]))
    }
  }

  /// Byte b of row r is at 16 · b and on, beside the same field's of the other rows.
  @Test func fieldsLieTogether() {
    let weights = BlockWeights.random(.q40, rows: 16, columns: 64, seed: 4)
    let bytes = interleaved(weights)
    for row in 0..<16 {
      let source = Array(weights.bytes[(1 + 36 * row)..<(1 + 36 * (row + 1))])
      for block in 0..<2 {
        let place = 16 * 18 * block
        #expect(Array(bytes[place + 2 * row..<place + 2 * row + 2]) == Array(source[18 * block..<18 * block + 2]))
        for word in 0..<4 {
          let target = place + 32 + 64 * word + 4 * row
          let from = 18 * block + 2 + 4 * word
          #expect(Array(bytes[target..<target + 4]) == Array(source[from..<from + 4]))
        }
      }
    }
  }

  @Test(arguments: InstructionSet.available, ElementType.blockFormats)
  func productsHaveTheSameBits(set: InstructionSet, type: ElementType) {
    let kernels = Kernels(set)
    guard kernels.blockLayout == .interleaved else { return }
    for columns in [256, 768] {
      let weights = BlockWeights.random(type, rows: Self.rows, columns: columns, seed: UInt64(columns))
      let bytes = interleaved(weights)
      var numbers = Numbers(seed: 1)
      let input = QuantizedInput(
        numbers.array(30 * columns), count: 30, scaleLength: QuantizedRows.scaleLength(for: type), kernels)
      for tokens in 1...30 {
        let separate = weights.bytes.withUnsafeBytes {
          multiply(kernels, $0.baseAddress! + 1, type, .rows, input, tokens)
        }
        let together = bytes.withUnsafeBytes { multiply(kernels, $0.baseAddress!, type, .interleaved, input, tokens) }
        #expect(sameBits(together, separate), "\(type), \(columns) columns, \(tokens) tokens")
      }
    }
  }

  private func multiply(
    _ kernels: Kernels, _ weights: UnsafeRawPointer, _ type: ElementType, _ layout: BlockLayout,
    _ input: QuantizedInput,
    _ tokens: Int
  ) -> [Float] {
    let scratch = UnsafeMutableRawPointer.allocate(
      byteCount: Kernels.blockScratchBytes(columns: input.rows.columns), alignment: 64)
    defer { scratch.deallocate() }
    var output = [Float](repeating: 7, count: tokens * Self.rows)
    kernels.multiply(
      weights, type, layout: layout, rows: Self.rows, input: input.rows, tokens: tokens, output: &output,
      outputStride: Self.rows, scratch: scratch)
    return output
  }
}
