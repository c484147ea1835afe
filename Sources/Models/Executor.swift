package import Kernels
import Tensor

/// What blocks compute with: the kernels, the threads, the workspace, and a queue of matrix products.
package final class Executor {
  package let kernels: Kernels
  package let workers: WorkerPool
  package let workspace: Workspace
  let compute: BF16Compute
  private let scratch: UnsafeMutablePointer<Float>
  private let scratchStride: Int
  private let blockScratch: UnsafeMutableRawPointer
  private let blockScratchStride: Int
  private let leastSharedWork: Int
  private var queue: ProductQueue

  /// - Parameters:
  ///   - workspace: gives the threads' scratch memory first, then what blocks take in a step.
  ///   - need: of the model that is run, for the most tokens of a step.
  ///   - compute: what BF16 weights are multiplied with.
  ///   - leastSharedWork: multiplications below which a job stays on the caller's thread.
  package init(
    kernels: Kernels, workers: WorkerPool, workspace: Workspace, need: WorkspaceNeed,
    compute: BF16Compute = .f32, leastSharedWork: Int = defaultLeastSharedWork
  ) {
    self.compute = compute
    self.leastSharedWork = leastSharedWork
    self.kernels = kernels
    self.workers = workers
    self.workspace = workspace
    scratchStride = Self.roundedScratch(need.scratchFloats)
    scratch = workspace.floats(scratchStride * workers.threadCount)
    blockScratchStride = Self.blockScratchBytes(need)
    blockScratch = UnsafeMutableRawPointer(
      workspace.take(UInt8.self, blockScratchStride * workers.threadCount))
    queue = ProductQueue(
      capacity: need.productCapacity, threads: workers.threadCount,
      inputs: workspace.take(UInt8.self, need.convertedInputBytes),
      inputBytes: need.convertedInputBytes)
  }

  /// The workspace bytes that `init` takes.
  package static func workspaceBytes(_ need: WorkspaceNeed, threads: Int) -> Int {
    Workspace.bytes(
      (Float.self, roundedScratch(need.scratchFloats) * threads), (UInt8.self, blockScratchBytes(need) * threads),
      (UInt8.self, need.convertedInputBytes))
  }

  private static func blockScratchBytes(_ need: WorkspaceNeed) -> Int {
    (Kernels.blockScratchBytes(columns: need.largestColumns) + 63) / 64 * 64
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
    forEachRow(count, width: width) { row, _ in body(row) }
  }

  /// Calls `body` for every row, with the thread it runs on; it touches about `width` elements.
  func forEachRow(_ count: Int, width: Int, _ body: (_ row: Int, _ worker: Int) -> Void) {
    let rowsPerTile = 8
    // An element costs about as much as eight multiplications of a product.
    run((count + rowsPerTile - 1) / rowsPerTile, work: count * width * 8) { tile, worker in
      for row in tile * rowsPerTile..<min(count, (tile + 1) * rowsPerTile) { body(row, worker) }
    }
  }

  // MARK: - Products

  /// Queues `output[t] = matrix · input[t]`, rows of the output `outputStride` floats apart.
  func enqueue(
    _ matrix: Matrix, input: UnsafePointer<Float>, tokens: Int, output: UnsafeMutablePointer<Float>,
    outputStride: Int? = nil
  ) {
    let input = queue.input(input, tokens, for: matrix, compute)
    queue.append(matrix, gate: nil, input, tokens: tokens, output: output, outputStride: outputStride ?? matrix.rows)
  }

  /// Queues a gated unit: `output[t] = silu(gate · input[t]) · (up · input[t])`, element by element.
  func enqueue(
    gate: Matrix, up: Matrix, input: UnsafePointer<Float>, tokens: Int, output: UnsafeMutablePointer<Float>
  ) {
    enqueue(gate: gate, up: up, input: queue.input(input, tokens, for: up, compute), tokens: tokens, output: output)
  }

  /// Queues a product with an input that was prepared for the matrix.
  func enqueue(
    _ matrix: Matrix, input: MatrixInput, tokens: Int, output: UnsafeMutablePointer<Float>
  ) {
    queue.append(matrix, gate: nil, input, tokens: tokens, output: output, outputStride: matrix.rows)
  }

  /// Queues a gated unit with an input that was prepared for its matrices, which have one format.
  func enqueue(
    gate: Matrix, up: Matrix, input: MatrixInput, tokens: Int, output: UnsafeMutablePointer<Float>
  ) {
    queue.append(up, gate: gate, input, tokens: tokens, output: output, outputStride: up.rows)
  }

  /// Runs what is queued.
  func runProducts() {
    queue.pendingInputs.withUnsafeBufferPointer { pending in
      for pending in pending { convert(pending.input, rows: pending.rows) }
    }
    queue.products.withUnsafeBufferPointer { products in
      let tileCount = queue.tileCount
      run(tileCount, work: queue.work) { tile, worker in
        let product = products[ProductQueue.index(of: tile, in: products)]
        // Threads claim tiles in order, so this is the one that this thread will probably get next.
        let next = tile + workers.threadCount
        let upcoming = next < tileCount ? ProductQueue.weights(ofTile: next, in: products) : nil
        product.run(
          tile - product.firstTile, kernels, scratch(of: worker),
          blockScratch: blockScratch + worker * blockScratchStride, upcoming: upcoming)
      }
    }
    queue.removeAll()
  }
}
