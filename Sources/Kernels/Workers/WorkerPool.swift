import Foundation

/// A fixed pool of threads that share out the tiles of one job at a time.
///
/// The caller of `run` works too, and every thread claims the next tile when it has finished one: a thread that the
/// operating system holds back is waited for only while it has a tile. Between jobs workers spin for a moment, then
/// sleep, so that other threads get the processors.
public final class WorkerPool: @unchecked Sendable {
  /// Threads that may run tiles, the caller of `run` included.
  public let threadCount: Int
  private let board: JobBoard
  private var threads: [pthread_t] = []

  /// Nanoseconds a thread spins: longer than the sequential work between two jobs of a step.
  private static let longSpin: UInt64 = 50_000
  /// The same where threads take turns on a processor: whoever spins keeps it from one that has work.
  private static let shortSpin: UInt64 = 1_000

  /// Starts `threadCount − 1` threads.
  ///
  /// - Parameter processorCount: threads that can run at the same time; nil asks the operating system.
  /// - Throws: `WorkerPoolError` where the operating system refuses one.
  public init(threadCount: Int, processorCount: Int? = nil) throws(WorkerPoolError) {
    self.threadCount = max(1, threadCount)
    let processors = processorCount ?? ProcessInfo.processInfo.activeProcessorCount
    board = JobBoard(spin: SpinWait(limit: threadCount > processors ? Self.shortSpin : Self.longSpin))
    for index in 1..<self.threadCount {
      let argument = Unmanaged.passRetained(WorkerStart(board: board, worker: index))
      var thread = pthread_t()
      let code = pthread_create(&thread, nil, workerMain, argument.toOpaque())
      guard code == 0 else {
        argument.release()
        stop()
        throw WorkerPoolError(code: code)
      }
      threads.append(thread)
    }
  }

  deinit { stop() }

  private func stop() {
    board.stop()
    for thread in threads { pthread_join(thread, nil) }
    threads = []
  }

  /// Runs `body` once for every tile, on this thread and the workers, and returns when all are done. Allocates nothing.
  ///
  /// `body` gets the tile and the index of the thread that runs it, below `threadCount`; this thread's is 0. Must not
  /// be called from within `body`, nor from two threads at once.
  public func run(_ tileCount: Int, _ body: (_ tile: Int, _ worker: Int) -> Void) {
    guard threadCount > 1, tileCount > 1 else {
      for tile in 0..<tileCount { body(tile, 0) }
      return
    }
    BorrowedClosure.withBorrowed(body) { board.run(tileCount, $0) }
  }
}

/// A worker thread could not be started.
public struct WorkerPoolError: Error {
  /// The error number `pthread_create` returned.
  public let code: Int32
}

/// What a worker thread gets to start with.
private final class WorkerStart {
  let board: JobBoard
  let worker: Int

  init(board: JobBoard, worker: Int) {
    self.board = board
    self.worker = worker
  }
}

private func workerMain(_ argument: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
  guard let argument else { return nil }
  let start = Unmanaged<WorkerStart>.fromOpaque(argument).takeRetainedValue()
  start.board.work(start.worker)
  return nil
}
