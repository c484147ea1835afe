import Tensor

/// The forms of input that some matrices take.
struct InputForms: OptionSet, Sendable {
  let rawValue: Int
  static let floats = InputForms(rawValue: 1)
  static let quantized = InputForms(rawValue: 2)

  init(rawValue: Int) { self.rawValue = rawValue }

  /// What all of `matrices` together take.
  init(of matrices: [Matrix]) {
    self = []
    for matrix in matrices { formUnion(matrix.type.isQuantized ? .quantized : .floats) }
  }

  /// The most workspace bytes that `rows` rows take in memory of their own, whatever the forms.
  static func workspaceBytes(rows: Int, columns: Int) -> Int {
    Workspace.bytes(
      (Float.self, rows * columns), (UInt8.self, QuantizedRows.byteCount(rows: rows, columns: columns)))
  }
}

/// The rows a matrix is multiplied with: as floats, quantised, or both.
struct MatrixInput: BitwiseCopyable {
  /// Rows one after another; nil where only matrices of block formats take this input.
  let floats: UnsafePointer<Float>?
  /// The same rows quantised; nil where only matrices of floats take this input.
  let quantized: QuantizedRows?
  let columns: Int

  /// The rows from `row` on.
  func from(row: Int) -> MatrixInput {
    MatrixInput(
      floats: floats.map { $0 + row * columns }, quantized: quantized?.from(row: row), columns: columns)
  }

  /// Copies a row of another input, which has at least the forms of this one. This one's memory is written.
  func copyRow(_ row: Int, from source: MatrixInput, _ sourceRow: Int) {
    if let floats, let from = source.floats {
      UnsafeMutablePointer(mutating: floats + row * columns).update(from: from + sourceRow * columns, count: columns)
    }
    if let quantized, let from = source.quantized { quantized.from(row: row).copyRow(from.from(row: sourceRow)) }
  }
}

extension Executor {
  /// Memory of the workspace for `rows` rows in `forms`, with undefined content.
  func take(rows: Int, columns: Int, _ forms: InputForms) -> MatrixInput {
    let floats = forms.contains(.floats) ? UnsafePointer(workspace.floats(rows * columns)) : nil
    return MatrixInput(floats: floats, quantized: takeQuantized(rows, columns, forms), columns: columns)
  }

  /// `rows` rows of `floats` in `forms`; what is quantised lies in the workspace.
  func prepare(_ floats: UnsafePointer<Float>, rows: Int, columns: Int, _ forms: InputForms) -> MatrixInput {
    let quantized = takeQuantized(rows, columns, forms)
    if let quantized { quantize(floats, rows: rows, into: quantized) }
    return MatrixInput(floats: floats, quantized: quantized, columns: columns)
  }

  private func takeQuantized(_ rows: Int, _ columns: Int, _ forms: InputForms) -> QuantizedRows? {
    guard forms.contains(.quantized) else { return nil }
    let memory = workspace.take(UInt8.self, QuantizedRows.byteCount(rows: rows, columns: columns))
    return QuantizedRows(memory: UnsafeMutableRawPointer(memory), rows: rows, columns: columns)
  }
}
