/// Rows of activations as bytes. Rows lie one after another.
///
/// A value is `scale · byte`; bytes lie in −127 ... 127. How many columns share a scale, and how a scale is rounded, is
/// what llama.cpp does for weights of the same format, so that both programs multiply by the same numbers: 32 columns
/// for blocks of 32 weights, with the scale rounded to F16 where that is a normal number; 256 for blocks of 256, F32.
public struct QuantizedRows: BitwiseCopyable, @unchecked Sendable {
  /// Columns of a block, the unit products are computed in.
  public static let blockLength = 32

  /// Columns that share a scale for weights of a block format.
  public static func scaleLength(for type: ElementType) -> Int { max(blockLength, type.blockLength) }

  /// `columns` bytes a row.
  public let values: UnsafeMutablePointer<Int8>
  /// A scale a block.
  public let scales: UnsafeMutablePointer<Float>
  /// Two sums of bytes a block: of its first and of its last sixteen.
  public let sums: UnsafeMutablePointer<Int32>
  /// What a block's minimum is multiplied by: scale · sum of its bytes, rounded as the scale is.
  public let minimumFactors: UnsafeMutablePointer<Float>
  /// Columns of a row, a multiple of `scaleLength`.
  public let columns: Int
  /// Columns that share a scale: 32 or 256.
  public let scaleLength: Int

  /// Blocks of a row.
  public var blocks: Int { columns / Self.blockLength }

  /// Bytes that `rows` rows take.
  public static func byteCount(rows: Int, columns: Int) -> Int { rows * (columns + columns / blockLength * 16) }

  /// Rows in memory of `byteCount(rows:columns:)` bytes, aligned to 64.
  public init(memory: UnsafeMutableRawPointer, rows: Int, columns: Int, scaleLength: Int) {
    let blocks = rows * columns / Self.blockLength
    values = memory.bindMemory(to: Int8.self, capacity: rows * columns)
    scales = (memory + rows * columns).bindMemory(to: Float.self, capacity: blocks)
    sums = (memory + rows * columns + blocks * 4).bindMemory(to: Int32.self, capacity: 2 * blocks)
    minimumFactors = (memory + rows * columns + blocks * 12).bindMemory(to: Float.self, capacity: blocks)
    self.columns = columns
    self.scaleLength = scaleLength
  }

  private init(
    values: UnsafeMutablePointer<Int8>, scales: UnsafeMutablePointer<Float>, sums: UnsafeMutablePointer<Int32>,
    minimumFactors: UnsafeMutablePointer<Float>, columns: Int, scaleLength: Int
  ) {
    self.values = values
    self.scales = scales
    self.sums = sums
    self.minimumFactors = minimumFactors
    self.columns = columns
    self.scaleLength = scaleLength
  }

  /// The rows from `row` on.
  public func from(row: Int) -> QuantizedRows {
    QuantizedRows(
      values: values + row * columns, scales: scales + row * blocks, sums: sums + 2 * row * blocks,
      minimumFactors: minimumFactors + row * blocks, columns: columns, scaleLength: scaleLength)
  }

  /// Copies the first row of `source`, which has as many columns, to the first row.
  public func copyRow(_ source: QuantizedRows) {
    values.update(from: source.values, count: columns)
    scales.update(from: source.scales, count: blocks)
    sums.update(from: source.sums, count: 2 * blocks)
    minimumFactors.update(from: source.minimumFactors, count: blocks)
  }

  /// Stores the scale and the factor of a block whose bytes are the inputs times `inverse`, from its sums.
  ///
  /// - Parameter inverse: 127 over the largest magnitude of the columns that share the scale; 0 where all are zero.
  @inline(__always)
  public func storeScale(block: Int, maximum: Float, inverse: Float) {
    let sum = Float(sums[2 * block] &+ sums[2 * block + 1])
    guard inverse != 0 else {
      scales[block] = 0
      minimumFactors[block] = 0
      return
    }
    if scaleLength == Self.blockLength {
      let scale = maximum / 127
      scales[block] = Self.rounded(scale)
      minimumFactors[block] = Self.rounded(scale * sum)
    } else {
      let scale = 1 / inverse
      scales[block] = scale
      minimumFactors[block] = scale * sum
    }
  }

  /// A number rounded to F16 where F16 has it as a normal number.
  @inline(__always)
  private static func rounded(_ value: Float) -> Float {
    let magnitude = abs(value)
    return magnitude >= 0x1p-14 && magnitude <= 65_504 ? Float(Float16(value)) : value
  }
}
