/// Rows of activations as bytes: 32 consecutive columns share a scale. Rows lie one after another.
///
/// A value is `scale · byte`; the scale is the block's largest magnitude over 127, so bytes lie in −127 ... 127.
public struct QuantizedRows: BitwiseCopyable, @unchecked Sendable {
  /// Columns that share a scale.
  public static let blockLength = 32

  /// `columns` bytes a row.
  public let values: UnsafeMutablePointer<Int8>
  /// A scale a block.
  public let scales: UnsafeMutablePointer<Float>
  /// Two sums of bytes a block: of its first and of its last sixteen.
  public let sums: UnsafeMutablePointer<Int32>
  /// Columns of a row, a multiple of `blockLength`.
  public let columns: Int

  /// Blocks of a row.
  public var blocks: Int { columns / Self.blockLength }

  /// Bytes that `rows` rows take.
  public static func byteCount(rows: Int, columns: Int) -> Int { rows * (columns + columns / blockLength * 12) }

  /// Rows in memory of `byteCount(rows:columns:)` bytes, aligned to 64.
  public init(memory: UnsafeMutableRawPointer, rows: Int, columns: Int) {
    let blocks = rows * columns / Self.blockLength
    values = memory.bindMemory(to: Int8.self, capacity: rows * columns)
    scales = (memory + rows * columns).bindMemory(to: Float.self, capacity: blocks)
    sums = (memory + rows * columns + blocks * 4).bindMemory(to: Int32.self, capacity: 2 * blocks)
    self.columns = columns
  }

  private init(
    values: UnsafeMutablePointer<Int8>, scales: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Int32>,
    columns: Int
  ) {
    self.values = values
    self.scales = scales
    self.sums = sums
    self.columns = columns
  }

  /// The rows from `row` on.
  public func from(row: Int) -> QuantizedRows {
    QuantizedRows(
      values: values + row * columns, scales: scales + row * blocks, sums: sums + 2 * row * blocks, columns: columns)
  }

  /// Copies the first row of `source`, which has as many columns, to the first row.
  public func copyRow(_ source: QuantizedRows) {
    values.update(from: source.values, count: columns)
    scales.update(from: source.scales, count: blocks)
    sums.update(from: source.sums, count: 2 * blocks)
  }
}
