import Kernels
import Tensor
import TestSupport

extension ElementType {
  /// The formats whose elements share scales.
  static var blockFormats: [ElementType] { allCases.filter(\.isQuantized) }

  /// Where a block holds 16-bit floats.
  private var halfOffsets: [Int] {
    switch self {
    case .f32, .f16, .bf16: []
    case .q80, .q40, .q50: [0]
    case .q41, .q51, .q4K, .q5K: [0, 2]
    case .q6K: [208]
    }
  }

  /// Sets the floats of a block.
  fileprivate func setHalves(_ block: inout [UInt8], _ next: () -> Float16) {
    for offset in halfOffsets { withUnsafeBytes(of: next()) { block.replaceSubrange(offset..<offset + 2, with: $0) } }
  }
}

/// Weights of a block format at an odd address, and the values they stand for.
struct BlockWeights {
  let type: ElementType
  let rows: Int
  let columns: Int
  /// One byte, then the blocks; nothing follows them.
  let bytes: [UInt8]
  let values: [Float]

  init(_ type: ElementType, rows: Int, columns: Int, block: () -> [UInt8]) {
    self.type = type
    self.rows = rows
    self.columns = columns
    bytes = [0xff] + (0..<rows * columns / type.blockLength).flatMap { _ in block() }
    var values = [Float](repeating: 0, count: rows * columns)
    bytes.withUnsafeBytes { bytes in
      for index in stride(from: 0, to: values.count, by: type.blockLength) {
        let address = bytes.baseAddress! + 1 + index / type.blockLength * type.blockByteCount
        values.withUnsafeMutableBufferPointer {
          Dequantization.dequantize(type, address, count: type.blockLength, to: $0.baseAddress! + index)
        }
      }
    }
    self.values = values
  }

  /// What 32 weights of a row have in common below zero, where the inputs' factor for it is rounded: Q4_1 and Q5_1.
  func minimum(row: Int, block: Int) -> Double? {
    guard type == .q41 || type == .q51 else { return nil }
    let offset = 1 + (row * columns / 32 + block) * type.blockByteCount + 2
    let bits = UInt16(bytes[offset]) | UInt16(bytes[offset + 1]) << 8
    return -Double(Float16(bitPattern: bits))
  }

  /// Blocks of any content, with scales and minima in −1 ..< 1.
  static func random(_ type: ElementType, rows: Int, columns: Int, seed: UInt64) -> BlockWeights {
    var generator = SplitMix64(seed: seed)
    return BlockWeights(type, rows: rows, columns: columns) {
      var block = (0..<type.blockByteCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
      type.setHalves(&block) { Float16(Float.random(in: -1..<1, using: &generator)) }
      return block
    }
  }

  /// Blocks whose values are small whole numbers: every float is 1, integer scales and minima lie within ±3.
  ///
  /// - Parameter code: a byte of codes.
  static func whole(
    _ type: ElementType, rows: Int, columns: Int, seed: UInt64, code: (inout SplitMix64) -> UInt8
  ) -> BlockWeights {
    var generator = SplitMix64(seed: seed)
    return BlockWeights(type, rows: rows, columns: columns) {
      var block = (0..<type.blockByteCount).map { _ in code(&generator) }
      type.setHalves(&block) { 1 }
      switch type {
      case .q4K, .q5K:
        for i in 4..<12 { block[i] = .random(in: 0...3, using: &generator) }
        for i in 12..<16 { block[i] = .random(in: 0...255, using: &generator) & 0x33 }
      case .q6K:
        for i in 192..<208 { block[i] = UInt8(bitPattern: .random(in: -2...2, using: &generator)) }
      default: break
      }
      return block
    }
  }
}

/// Rows of floats and what they are quantised to.
final class QuantizedInput {
  let rows: QuantizedRows
  let count: Int
  private let memory: UnsafeMutableRawPointer

  /// - Parameters:
  ///   - input: `count` rows.
  ///   - scaleLength: columns that share a scale.
  init(_ input: [Float], count: Int, scaleLength: Int = 32, _ kernels: Kernels) {
    let columns = input.count / count
    memory = .allocate(byteCount: QuantizedRows.byteCount(rows: count, columns: columns), alignment: 64)
    rows = QuantizedRows(memory: memory, rows: count, columns: columns, scaleLength: scaleLength)
    self.count = count
    input.withUnsafeBufferPointer {
      for row in 0..<count { kernels.quantize($0.baseAddress! + row * columns, rows.from(row: row)) }
    }
  }

  deinit { memory.deallocate() }

  /// What minima are multiplied by, block by block.
  var minimumFactors: [Float] {
    Array(UnsafeBufferPointer(start: rows.minimumFactors, count: count * rows.columns / 32))
  }

  /// All bytes, scales and sums of bytes.
  var content: (bytes: [Int8], scales: [Float], sums: [Int32]) {
    let elements = count * rows.columns
    return (
      Array(UnsafeBufferPointer(start: rows.values, count: elements)),
      Array(UnsafeBufferPointer(start: rows.scales, count: elements / 32)),
      Array(UnsafeBufferPointer(start: rows.sums, count: elements / 16))
    )
  }
}
