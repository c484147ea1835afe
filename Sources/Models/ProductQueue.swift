import Kernels
import Tensor

/// Matrix products that are to run together, and the inputs that have to be converted before.
struct ProductQueue {
  /// An input whose other forms are still to be filled from its floats.
  struct PendingInput: BitwiseCopyable {
    let input: MatrixInput
    let rows: Int
  }

  private(set) var products: [Product] = []
  private(set) var pendingInputs: [PendingInput] = []
  private(set) var tileCount = 0
  /// Multiplications in all.
  private(set) var work = 0
  /// Bytes of weights that a tile of few tokens takes.
  private let directTileBytes: Int
  private let inputs: UnsafeMutablePointer<UInt8>
  private let inputBytes: Int
  private var usedInputBytes = 0

  /// - Parameters:
  ///   - capacity: products a block queues before running them; room is made for them once.
  ///   - threads: how many run them.
  ///   - inputs: memory for converted inputs.
  init(capacity: Int, threads: Int, inputs: UnsafeMutablePointer<UInt8>, inputBytes: Int) {
    directTileBytes = max(1 << 16, (1 << 19) / threads)
    self.inputs = inputs
    self.inputBytes = inputBytes
    products.reserveCapacity(capacity)
    pendingInputs.reserveCapacity(capacity)
  }

  /// The input in the form `matrix` takes; what has to be converted is noted, once for all matrices of one format.
  mutating func input(
    _ floats: UnsafePointer<Float>, _ tokens: Int, for matrix: Matrix, _ compute: BF16Compute
  ) -> MatrixInput {
    var input = MatrixInput(floats: floats, columns: matrix.columns)
    let isHalf = matrix.type == .bf16 && compute == .bf16
    guard isHalf || matrix.type.isQuantized, tokens > 0 else { return input }
    for known in pendingInputs.reversed().prefix(2)
    where known.input.floats == floats && known.rows == tokens && known.input.columns == matrix.columns {
      if isHalf ? known.input.halves != nil : known.input.quantized(for: matrix.type) != nil { return known.input }
    }
    let start = UnsafeMutableRawPointer(inputs + usedInputBytes)
    let elements = tokens * matrix.columns
    let byteCount = isHalf ? 2 * elements : QuantizedRows.byteCount(rows: tokens, columns: matrix.columns)
    usedInputBytes += (byteCount + 63) / 64 * 64
    precondition(usedInputBytes <= inputBytes, "\(inputBytes) bytes for converted inputs are too few")
    if isHalf {
      input.halves = UnsafePointer(start.bindMemory(to: UInt16.self, capacity: elements))
    } else {
      let scaleLength = QuantizedRows.scaleLength(for: matrix.type)
      let quantized = QuantizedRows(memory: start, rows: tokens, columns: matrix.columns, scaleLength: scaleLength)
      if scaleLength == 256 { input.blocks256 = quantized } else { input.blocks32 = quantized }
    }
    pendingInputs.append(PendingInput(input: input, rows: tokens))
    return input
  }

  mutating func append(
    _ matrix: Matrix, gate: Matrix?, _ input: MatrixInput, tokens: Int, output: UnsafeMutablePointer<Float>,
    outputStride: Int
  ) {
    guard tokens > 0 else { return }
    let tileRows = tileRows(matrix, tokens: tokens)
    products.append(
      Product(
        matrix: matrix, gate: gate, input: input, tokens: tokens, output: output, outputStride: outputStride,
        tileRows: tileRows, firstTile: tileCount))
    tileCount += (matrix.rows + tileRows - 1) / tileRows
    work += matrix.rows * matrix.columns * tokens * (gate == nil ? 1 : 2)
  }

  mutating func removeAll() {
    products.removeAll(keepingCapacity: true)
    pendingInputs.removeAll(keepingCapacity: true)
    tileCount = 0
    work = 0
    usedInputBytes = 0
  }

  /// The product that a tile belongs to.
  static func index(of tile: Int, in products: UnsafeBufferPointer<Product>) -> Int {
    var (low, high) = (0, products.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if products[middle].firstTile <= tile { low = middle } else { high = middle }
    }
    return low
  }

  /// Where a tile's weights start.
  static func weights(ofTile tile: Int, in products: UnsafeBufferPointer<Product>) -> UnsafeRawPointer {
    let product = products[index(of: tile, in: products)]
    return product.weights(product.matrix, fromRow: (tile - product.firstTile) * product.tileRows)
  }

  /// Multiplications worth handing to another thread.
  private static let tileWork = 1 << 17
  /// Results a tile has at most where it has more than 64 rows.
  private static let tileResults = 4096

  /// Rows of block formats that a tile of many tokens has.
  private static let rowsOfManyTokens = 128

  /// Scratch floats that gated products of so many tokens need.
  static func scratchFloats(tokens: Int) -> Int { max(tileResults, rowsOfManyTokens * tokens) }

  /// Weight rows a tile takes: enough work, and with many tokens enough reuse of what was loaded. Kernels of block
  /// formats take sixteen or 32 rows at a time, and a multiple with many tokens, which share what is done for a tile of
  /// tokens. With few tokens they read as fast as memory allows: the longer a stretch, the better it is foreseen, but no
  /// thread must be left without.
  private func tileRows(_ matrix: Matrix, tokens: Int) -> Int {
    let work = Self.tileWork / (matrix.columns * tokens)
    if matrix.type.isQuantized {
      if tokens > 12 { return Self.rowsOfManyTokens }
      let rows = tokens > 4 ? min(work, 256) : directTileBytes / matrix.type.byteCount(elements: matrix.columns)
      return max(32, min(rows, Self.tileResults / 4) / 16 * 16)
    }
    let rows = min(max(tokens > 6 ? 32 : 4, work), max(32, Self.tileResults / tokens))
    return (rows + 3) / 4 * 4
  }
}

/// A matrix times the rows of an input, in tiles of some matrix rows.
struct Product {
  let matrix: Matrix
  let gate: Matrix?
  let input: MatrixInput
  let tokens: Int
  let output: UnsafeMutablePointer<Float>
  let outputStride: Int
  let tileRows: Int
  let firstTile: Int

  func run(
    _ tile: Int, _ kernels: Kernels, _ scratch: UnsafeMutablePointer<Float>, blockScratch: UnsafeMutableRawPointer,
    upcoming: UnsafeRawPointer?
  ) {
    let first = tile * tileRows
    let rows = min(tileRows, matrix.rows - first)
    guard let gate else {
      multiply(matrix, first, rows, kernels, output + first, outputStride, blockScratch, upcoming)
      return
    }
    let gateWeights = weights(gate, fromRow: first)
    multiply(matrix, first, rows, kernels, output + first, outputStride, blockScratch, gateWeights)
    multiply(gate, first, rows, kernels, scratch, rows, blockScratch, upcoming)
    for t in 0..<tokens {
      kernels.multiply(bySiLUOf: scratch + t * rows, output + t * outputStride + first, count: rows)
    }
  }

  func weights(_ matrix: Matrix, fromRow row: Int) -> UnsafeRawPointer {
    matrix.address + row * matrix.type.byteCount(elements: matrix.columns)
  }

  private func multiply(
    _ matrix: Matrix, _ first: Int, _ rows: Int, _ kernels: Kernels, _ output: UnsafeMutablePointer<Float>,
    _ outputStride: Int, _ blockScratch: UnsafeMutableRawPointer, _ upcoming: UnsafeRawPointer?
  ) {
    let weights = weights(matrix, fromRow: first)
    if matrix.type == .bf16, let halves = input.halves {
      kernels.multiply(
        bf16: weights, rows: rows, inner: matrix.columns, halves: halves, tokens: tokens, output: output,
        outputStride: outputStride)
    } else if let type = matrix.type.floatType {
      guard let floats = input.floats else { preconditionFailure("the input has no floats for \(type)") }
      kernels.multiply(
        weights, type, rows: rows, inner: matrix.columns, input: floats, tokens: tokens,
        inputStride: matrix.columns, output: output, outputStride: outputStride)
    } else {
      guard let quantized = input.quantized(for: matrix.type) else {
        preconditionFailure("the input is not quantised for \(matrix.type)")
      }
      kernels.multiply(
        weights, matrix.type, layout: matrix.layout, rows: rows, input: quantized, tokens: tokens, output: output,
        outputStride: outputStride, scratch: blockScratch, upcoming: upcoming)
    }
  }
}
