import Kernels
import Tensor

/// What matrices of BF16 weights are multiplied with.
public enum BF16Compute: String, Sendable, CaseIterable {
  /// F32 activations: exact products, summed in F32.
  case f32
  /// Activations rounded to BF16, by dot-product instructions where the processor has them: twice as fast, and less
  /// precise.
  case bf16
}

/// The formats of some matrices, as far as their inputs differ.
struct InputForms: OptionSet, Sendable {
  let rawValue: Int
  /// F32 and F16 weights, which take floats.
  static let floats = InputForms(rawValue: 1)
  /// Formats of 32 weights a block, which take rows quantised by 32 columns.
  static let blocks32 = InputForms(rawValue: 2)
  /// Formats of 256 weights a block, which take rows quantised by 256 columns.
  static let blocks256 = InputForms(rawValue: 8)
  /// BF16 weights, which take what `BF16Compute` says.
  static let bf16 = InputForms(rawValue: 4)

  init(rawValue: Int) { self.rawValue = rawValue }

  /// The forms of one format's inputs.
  init(of type: ElementType) {
    switch type.floatType {
    case nil: self = type.blockLength == 256 ? .blocks256 : .blocks32
    case .bf16: self = .bf16
    case .f32, .f16: self = .floats
    }
  }

  /// What all of `matrices` together take.
  init(of matrices: [Matrix]) {
    self = []
    for matrix in matrices { formUnion(InputForms(of: matrix.type)) }
  }

  /// The most workspace bytes that `rows` rows take in memory of their own, whatever the forms.
  static func workspaceBytes(rows: Int, columns: Int) -> Int {
    Workspace.bytes(
      (Float.self, rows * columns), (UInt16.self, rows * columns),
      (UInt8.self, QuantizedRows.byteCount(rows: rows, columns: columns)),
      (UInt8.self, QuantizedRows.byteCount(rows: rows, columns: columns)))
  }
}

/// The rows a matrix is multiplied with, in the forms that some matrices take; the others are nil.
struct MatrixInput: BitwiseCopyable {
  /// Rows one after another.
  var floats: UnsafePointer<Float>?
  /// The same rows, rounded to BF16.
  var halves: UnsafePointer<UInt16>?
  /// The same rows, quantised by 32 columns.
  var blocks32: QuantizedRows?
  /// The same rows, quantised by 256 columns.
  var blocks256: QuantizedRows?
  let columns: Int

  /// The rows quantised for weights of a block format.
  func quantized(for type: ElementType) -> QuantizedRows? { type.blockLength == 256 ? blocks256 : blocks32 }

  /// The rows from `row` on.
  func from(row: Int) -> MatrixInput {
    MatrixInput(
      floats: floats.map { $0 + row * columns }, halves: halves.map { $0 + row * columns },
      blocks32: blocks32?.from(row: row), blocks256: blocks256?.from(row: row), columns: columns)
  }

  /// Copies a row of another input, which has at least the forms of this one. This one's memory is written.
  func copyRow(_ row: Int, from source: MatrixInput, _ sourceRow: Int) {
    if let floats, let from = source.floats {
      UnsafeMutablePointer(mutating: floats + row * columns).update(from: from + sourceRow * columns, count: columns)
    }
    if let halves, let from = source.halves {
      UnsafeMutablePointer(mutating: halves + row * columns).update(from: from + sourceRow * columns, count: columns)
    }
    if let blocks32, let from = source.blocks32 { blocks32.from(row: row).copyRow(from.from(row: sourceRow)) }
    if let blocks256, let from = source.blocks256 { blocks256.from(row: row).copyRow(from.from(row: sourceRow)) }
  }
}

extension Executor {
  /// Whether BF16 weights take rounded rows.
  private func takesHalves(_ forms: InputForms) -> Bool { compute == .bf16 && forms.contains(.bf16) }

  /// Whether some weights take floats.
  private func takesFloats(_ forms: InputForms) -> Bool {
    forms.contains(.floats) || (compute == .f32 && forms.contains(.bf16))
  }

  /// Memory of the workspace for `rows` rows in `forms`, with undefined content.
  func take(rows: Int, columns: Int, _ forms: InputForms) -> MatrixInput {
    var input = takeConverted(rows, columns, forms)
    if takesFloats(forms) { input.floats = UnsafePointer(workspace.floats(rows * columns)) }
    return input
  }

  /// `rows` rows of `floats` in `forms`; what is converted lies in the workspace.
  func prepare(_ floats: UnsafePointer<Float>, rows: Int, columns: Int, _ forms: InputForms) -> MatrixInput {
    var input = takeConverted(rows, columns, forms)
    input.floats = floats
    convert(input, rows: rows)
    return input
  }

  private func takeConverted(_ rows: Int, _ columns: Int, _ forms: InputForms) -> MatrixInput {
    var input = MatrixInput(columns: columns)
    if takesHalves(forms) { input.halves = UnsafePointer(workspace.take(UInt16.self, rows * columns)) }
    if forms.contains(.blocks32) { input.blocks32 = takeQuantized(rows, columns, scaleLength: 32) }
    if forms.contains(.blocks256) { input.blocks256 = takeQuantized(rows, columns, scaleLength: 256) }
    return input
  }

  private func takeQuantized(_ rows: Int, _ columns: Int, scaleLength: Int) -> QuantizedRows {
    let memory = workspace.take(UInt8.self, QuantizedRows.byteCount(rows: rows, columns: columns))
    return QuantizedRows(
      memory: UnsafeMutableRawPointer(memory), rows: rows, columns: columns, scaleLength: scaleLength)
  }

  /// Fills the other forms of `rows` rows from their floats.
  func convert(_ input: MatrixInput, rows: Int) {
    guard let floats = input.floats else { return }
    let columns = input.columns
    guard input.halves != nil || input.blocks32 != nil || input.blocks256 != nil else { return }
    forEachRow(rows, width: columns / 8) { row in
      let source = floats + row * columns
      if let halves = input.halves {
        kernels.roundToBF16(source, count: columns, output: UnsafeMutablePointer(mutating: halves + row * columns))
      }
      if let quantized = input.blocks32 { kernels.quantize(source, quantized.from(row: row)) }
      if let quantized = input.blocks256 { kernels.quantize(source, quantized.from(row: row)) }
    }
  }
}
