import CIntrinsics
import Foundation
import Synchronization

/// A fixed pool of threads that share out the tiles of one job at a time.
///
/// The caller of `run` works too, and workers join while tiles are left: a worker that the operating system holds
/// back is not waited for unless it has taken a tile. Between jobs workers spin for a moment, then sleep, so that
/// other threads of the process get the cores.
public final class WorkerPool: @unchecked Sendable {
  /// Threads that may run tiles, the caller of `run` included.
  public let threadCount: Int
  private let board: JobBoard
  private var threads: [pthread_t] = []

  /// Starts `threadCount − 1` threads.
  ///
  /// - Throws: `WorkerPoolError` where the operating system refuses one.
  public init(threadCount: Int) throws(WorkerPoolError) {
    self.threadCount = max(1, threadCount)
    board = JobBoard()
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

  /// Runs `body` once for every tile, on this thread and the workers, and returns when all are done.
  ///
  /// `body` gets the tile and the index of the thread that runs it, below `threadCount`; this thread's is 0. Must not
  /// be called from within `body`, nor from two threads at once.
  public func run(_ tileCount: Int, _ body: (_ tile: Int, _ worker: Int) -> Void) {
    guard threadCount > 1, tileCount > 1 else {
      for tile in 0..<tileCount { body(tile, 0) }
      return
    }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { board.run(tileCount, $0) }
    }
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

/// The job on offer and who is inside it.
private final class JobBoard: @unchecked Sendable {
  typealias Body = (_ tile: Int, _ worker: Int) -> Void

  /// Turns of a spin loop before a thread sleeps; some tens of microseconds.
  private static let spins = 2_000
  /// Set in `occupancy` while workers may still join; the other bits count the workers inside.
  private static let open = 1 << 32

  /// Counts jobs; a change wakes spinning workers.
  private let epoch = Atomic<Int>(0)
  private let occupancy = Atomic<Int>(0)
  private let nextTile = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let callerSleeps = Atomic<Bool>(false)
  private let stopping = Atomic<Bool>(false)
  /// Written before a job is opened and read by workers inside it only.
  private var body: UnsafePointer<Body>?
  private var tileCount = 0
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let jobPosted: UnsafeMutablePointer<pthread_cond_t>
  private let jobLeft: UnsafeMutablePointer<pthread_cond_t>

  init() {
    mutex = .allocate(capacity: 1)
    jobPosted = .allocate(capacity: 1)
    jobLeft = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(jobPosted, nil)
    pthread_cond_init(jobLeft, nil)
  }

  deinit {
    pthread_cond_destroy(jobLeft)
    pthread_cond_destroy(jobPosted)
    pthread_mutex_destroy(mutex)
    jobLeft.deallocate()
    jobPosted.deallocate()
    mutex.deallocate()
  }

  func run(_ tileCount: Int, _ body: UnsafePointer<Body>) {
    self.body = body
    self.tileCount = tileCount
    nextTile.store(0, ordering: .relaxed)
    occupancy.store(Self.open, ordering: .releasing)
    post()
    claimTiles(worker: 0)
    // Nobody joins from here on; those inside finish the tile they hold.
    if occupancy.wrappingSubtract(Self.open, ordering: .acquiringAndReleasing).newValue != 0 { waitUntilLeft() }
  }

  func stop() {
    stopping.store(true, ordering: .sequentiallyConsistent)
    post()
  }

  /// Announces a new epoch and wakes the workers that sleep.
  private func post() {
    epoch.wrappingAdd(1, ordering: .sequentiallyConsistent)
    guard sleepers.load(ordering: .sequentiallyConsistent) > 0 else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_broadcast(jobPosted)
    pthread_mutex_unlock(mutex)
  }

  func work(_ worker: Int) {
    var seen = 0
    while true {
      seen = waitForJob(after: seen)
      if stopping.load(ordering: .sequentiallyConsistent) { return }
      if join() {
        claimTiles(worker: worker)
        leave()
      }
    }
  }

  private func claimTiles(worker: Int) {
    guard let body = body?.pointee else { return }
    let count = tileCount
    while true {
      let tile = nextTile.wrappingAdd(1, ordering: .relaxed).oldValue
      guard tile < count else { return }
      body(tile, worker)
    }
  }

  /// Enters the open job, if there is one.
  private func join() -> Bool {
    var current = occupancy.load(ordering: .relaxed)
    while current & Self.open != 0 {
      let result = occupancy.weakCompareExchange(
        expected: current, desired: current + 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      if result.exchanged { return true }
      current = result.original
    }
    return false
  }

  private func leave() {
    guard occupancy.wrappingSubtract(1, ordering: .sequentiallyConsistent).newValue == 0 else { return }
    guard callerSleeps.load(ordering: .sequentiallyConsistent) else { return }
    pthread_mutex_lock(mutex)
    pthread_cond_signal(jobLeft)
    pthread_mutex_unlock(mutex)
  }

  private func waitUntilLeft() {
    for _ in 0..<Self.spins {
      if occupancy.load(ordering: .acquiring) == 0 { return }
      spin_hint()
    }
    pthread_mutex_lock(mutex)
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    while occupancy.load(ordering: .sequentiallyConsistent) != 0 { pthread_cond_wait(jobLeft, mutex) }
    callerSleeps.store(false, ordering: .relaxed)
    pthread_mutex_unlock(mutex)
  }

  private func waitForJob(after seen: Int) -> Int {
    for _ in 0..<Self.spins {
      let current = epoch.load(ordering: .acquiring)
      if current != seen { return current }
      spin_hint()
    }
    pthread_mutex_lock(mutex)
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    while epoch.load(ordering: .sequentiallyConsistent) == seen { pthread_cond_wait(jobPosted, mutex) }
    sleepers.wrappingSubtract(1, ordering: .relaxed)
    let current = epoch.load(ordering: .acquiring)
    pthread_mutex_unlock(mutex)
    return current
  }
}
