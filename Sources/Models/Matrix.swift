import Tensor

/// A weight matrix in its file's format and place. The model that holds it keeps the file mapped.
struct Matrix: @unchecked Sendable {
  let address: UnsafeRawPointer
  let type: ElementType
  /// Output features.
  let rows: Int
  /// Input features.
  let columns: Int

  /// Row `index` as F32.
  func copyRow(_ index: Int, to output: UnsafeMutablePointer<Float>) {
    let row = address + index * type.byteCount(elements: columns)
    Dequantization.dequantize(type, row, count: columns, to: output)
  }
}

/// Small weights, converted to F32 when the model is loaded.
struct Vector: @unchecked Sendable {
  let values: UnsafePointer<Float>
  let count: Int
}
