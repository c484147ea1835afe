import Tensor

/// A weight matrix in its file's format, in the file or copied. The model that holds it keeps what it points to.
struct Matrix: @unchecked Sendable {
  let address: UnsafeRawPointer
  let type: ElementType
  let layout: BlockLayout
  /// Output features.
  let rows: Int
  /// Input features.
  let columns: Int

  /// Row `index` as F32.
  func copyRow(_ index: Int, to output: UnsafeMutablePointer<Float>) {
    switch layout {
    case .rows:
      let row = address + index * type.byteCount(elements: columns)
      Dequantization.dequantize(type, row, count: columns, to: output)
    case .interleaved: Interleaving.dequantizeRow(type, address, row: index, columns: columns, to: output)
    }
  }
}

/// Small weights, converted to F32 when the model is loaded.
struct Vector: @unchecked Sendable {
  let values: UnsafePointer<Float>
  let count: Int
}
