package import Kernels
import Tensor

/// What blocks compute with: the kernels, the threads, the workspace, and a queue of matrix products.
package final class Executor {
  package let kernels: Kernels
  package let workers: WorkerPool
  package let workspace: Workspace
  private let scratch: UnsafeMutablePointer<Float>
  private let scratchStride: Int
  private let leastSharedWork: Int
  private var queue: [Product] = []
  private var tileCount = 0
  private var queuedWork = 0

  /// - Parameters:
  ///   - workspace: gives the threads' scratch memory first, then what blocks take in a step.
  ///   - scratchFloats: floats a thread needs for itself.
  ///   - leastSharedWork: multiplications below which a job stays on the caller's thread.
  ///   - productCapacity: products a block queues before running them; room is made for them once.
  package init(
    kernels: Kernels, workers: WorkerPool, workspace: Workspace, scratchFloats: Int, productCapacity: Int,
    leastSharedWork: Int = defaultLeastSharedWork
  ) {
    self.leastSharedWork = leastSharedWork
    self.kernels = kernels
    self.workers = workers
    self.workspace = workspace
    scratchStride = Self.roundedScratch(scratchFloats)
    scratch = workspace.floats(scratchStride * workers.threadCount)
    queue.reserveCapacity(productCapacity)
  }

  /// The workspace bytes that `init` takes.
  package static func workspaceBytes(scratchFloats: Int, threads: Int) -> Int {
    Workspace.bytes(of: Float.self, roundedScratch(scratchFloats) * threads)
  }

  private static func roundedScratch(_ floats: Int) -> Int { (floats + 15) / 16 * 16 }

  /// A thread's own memory, of undefined content.
  package func scratch(of worker: Int) -> UnsafeMutablePointer<Float> { scratch + worker * scratchStride }

  /// A few microseconds of one core: less than it takes to wake another thread, or to wait for one whose core is
  /// wanted by the rest of the process.
  package static let defaultLeastSharedWork = 1 << 18

  /// Runs `body` for every tile, on all threads where the whole job's `work` (about as many multiplications) is worth
  /// sharing.
  func run(_ tileCount: Int, work: Int, _ body: (_ tile: Int, _ worker: Int) -> Void) {
    if work < leastSharedWork {
      for tile in 0..<tileCount { body(tile, 0) }
    } else {
      workers.run(tileCount, body)
    }
  }

  /// Calls `body` for every row; it touches about `width` elements.
  func forEachRow(_ count: Int, width: Int, _ body: (_ row: Int) -> Void) {
    let rowsPerTile = 8
    // An element costs about as much as eight multiplications of a product.
    run((count + rowsPerTile - 1) / rowsPerTile, work: count * width * 8) { tile, _ in
      for row in tile * rowsPerTile..<min(count, (tile + 1) * rowsPerTile) { body(row) }
    }
  }

  // MARK: - Products

  /// Queues `output[t] = matrix · input[t]`, rows of the output `outputStride` floats apart.
  func enqueue(
    _ matrix: Matrix, input: UnsafePointer<Float>, tokens: Int, output: UnsafeMutablePointer<Float>,
    outputStride: Int? = nil
  ) {
    enqueue(matrix, gate: nil, input: input, tokens: tokens, output: output, outputStride: outputStride)
  }

  /// Queues a gated unit: `output[t] = silu(gate · input[t]) · (up · input[t])`, element by element.
  func enqueue(
    gate: Matrix, up: Matrix, input: UnsafePointer<Float>, tokens: Int, output: UnsafeMutablePointer<Float>
  ) {
    enqueue(up, gate: gate, input: input, tokens: tokens, output: output, outputStride: nil)
  }

  private func enqueue(
    _ matrix: Matrix, gate: Matrix?, input: UnsafePointer<Float>, tokens: Int, output: UnsafeMutablePointer<Float>,
    outputStride: Int?
  ) {
    guard tokens > 0 else { return }
    let tileRows = Self.tileRows(matrix, tokens: tokens)
    queue.append(
      Product(
        matrix: matrix, gate: gate, input: input, tokens: tokens, output: output,
        outputStride: outputStride ?? matrix.rows, tileRows: tileRows, firstTile: tileCount))
    tileCount += (matrix.rows + tileRows - 1) / tileRows
    queuedWork += matrix.rows * matrix.columns * tokens * (gate == nil ? 1 : 2)
  }

  /// Runs what is queued.
  func runProducts() {
    queue.withUnsafeBufferPointer { products in
      run(tileCount, work: queuedWork) { tile, worker in
        let product = products[Self.index(of: tile, in: products)]
        product.run(tile - product.firstTile, kernels, scratch(of: worker))
      }
    }
    queue.removeAll(keepingCapacity: true)
    tileCount = 0
    queuedWork = 0
  }

  /// The product that a tile belongs to.
  private static func index(of tile: Int, in products: UnsafeBufferPointer<Product>) -> Int {
    var (low, high) = (0, products.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if products[middle].firstTile <= tile { low = middle } else { high = middle }
    }
    return low
  }

  /// Multiplications worth handing to another thread.
  private static let tileWork = 1 << 16
  /// Results a tile has at most where it has more than 32 rows.
  private static let tileResults = 4096

  /// Scratch floats that gated products of so many tokens need.
  static func productScratchFloats(tokens: Int) -> Int { max(tileResults, 36 * tokens) }

  /// Weight rows a tile takes: enough work, and with many tokens enough reuse of what was loaded.
  private static func tileRows(_ matrix: Matrix, tokens: Int) -> Int {
    let work = tileWork / (matrix.columns * tokens)
    let rows = min(max(tokens > 6 ? 32 : 4, work), max(32, tileResults / tokens))
    return (rows + 3) / 4 * 4
  }
}

/// A matrix times the rows of an input, in tiles of some matrix rows.
private struct Product {
  let matrix: Matrix
  let gate: Matrix?
  let input: UnsafePointer<Float>
  let tokens: Int
  let output: UnsafeMutablePointer<Float>
  let outputStride: Int
  let tileRows: Int
  let firstTile: Int

  func run(_ tile: Int, _ kernels: Kernels, _ scratch: UnsafeMutablePointer<Float>) {
    let first = tile * tileRows
    let rows = min(tileRows, matrix.rows - first)
    multiply(matrix, first, rows, kernels, output + first, outputStride)
    guard let gate else { return }
    multiply(gate, first, rows, kernels, scratch, rows)
    for t in 0..<tokens {
      Elementwise.multiply(bySiLUOf: scratch + t * rows, output + t * outputStride + first, count: rows)
    }
  }

  private func multiply(
    _ matrix: Matrix, _ first: Int, _ rows: Int, _ kernels: Kernels, _ output: UnsafeMutablePointer<Float>,
    _ outputStride: Int
  ) {
    guard let type = matrix.type.floatType else { preconditionFailure("the loader admits plain floats only") }
    kernels.multiply(
      matrix.address + first * matrix.type.byteCount(elements: matrix.columns), type, rows: rows,
      inner: matrix.columns, input: input, tokens: tokens, inputStride: matrix.columns, output: output,
      outputStride: outputStride)
  }
}
