import Synchronization

/// The job on offer, and which of its tiles are claimed and finished.
///
/// One word holds the job's number and how many tiles are not claimed yet. A tile is claimed by lowering the count if
/// the word has not changed since the job was read, so a thread that comes late can neither run a tile of a job that
/// is over nor take one of the next for it. The caller waits for tiles, not for threads: who is kept from running
/// holds nothing up unless it has claimed a tile.
final class JobBoard: @unchecked Sendable {
  private let offer: UnsafeMutablePointer<Offer>
  /// Tiles of the job that are not finished; the caller sleeps on it.
  private let unfinished = FutexWord()
  /// Counts calls to wake up; workers sleep on it.
  private let calls = FutexWord()
  /// Workers that sleep or are about to.
  private let sleepers = FutexWord()
  private let callerSleeps = Atomic<Bool>(false)
  private let stopping = Atomic<Bool>(false)
  private let spin: SpinWait
  /// The last job's number; the caller's own.
  private var number: UInt32 = 0

  /// What workers read of a job, in one cache line.
  private struct Offer: ~Copyable {
    /// The job's number, then 32 bits that count the tiles nobody has claimed.
    let claims = Atomic<UInt64>(0)
    let tileCount = Atomic<Int>(0)
    let code = Atomic<UnsafeRawPointer?>(nil)
    let context = Atomic<UnsafeRawPointer?>(nil)
  }

  init(spin: SpinWait) {
    self.spin = spin
    let memory = UnsafeMutableRawPointer.allocate(byteCount: cacheLine, alignment: cacheLine)
    offer = memory.bindMemory(to: Offer.self, capacity: 1)
    offer.initialize(to: Offer())
  }

  deinit {
    offer.deinitialize(count: 1)
    UnsafeMutableRawPointer(offer).deallocate()
  }

  // MARK: - The caller's side

  /// Offers a job, works on it as worker 0, and returns when all its tiles are finished.
  func run(_ tileCount: Int, _ body: BorrowedClosure) {
    number &+= 1
    offer.pointee.tileCount.store(tileCount, ordering: .relaxed)
    offer.pointee.code.store(body.code, ordering: .relaxed)
    offer.pointee.context.store(body.context, ordering: .relaxed)
    unfinished.set(UInt32(tileCount))
    publish(tiles: UInt32(tileCount), wake: tileCount - 1)
    let done = runTiles(of: number, worker: 0)
    if unfinished.subtract(done) != 0 { waitUntilFinished() }
  }

  /// Makes every worker return from `work`.
  func stop() {
    stopping.store(true, ordering: .sequentiallyConsistent)
    number &+= 1
    publish(tiles: 0, wake: .max)
  }

  private func publish(tiles: UInt32, wake count: Int) {
    offer.pointee.claims.store(UInt64(number) << 32 | UInt64(tiles), ordering: .sequentiallyConsistent)
    // A worker counts itself as a sleeper before its last look at the offer: it is woken or it sees this one.
    let sleeping = Int(sleepers.value)
    guard sleeping > 0 else { return }
    calls.add(1)
    calls.wake(min(sleeping, count))
  }

  private func waitUntilFinished() {
    if spin.wait(for: { unfinished.value == 0 }) { return }
    callerSleeps.store(true, ordering: .sequentiallyConsistent)
    while true {
      let left = unfinished.value
      if left == 0 { break }
      unfinished.sleep(while: left)
    }
    callerSleeps.store(false, ordering: .relaxed)
  }

  // MARK: - A worker's side

  /// Works on every job, until `stop`.
  func work(_ worker: Int) {
    var seen: UInt32 = 0
    while true {
      waitForJob(after: seen)
      if stopping.load(ordering: .sequentiallyConsistent) { return }
      seen = currentNumber
      let done = runTiles(of: seen, worker: worker)
      if done > 0, unfinished.subtract(done) == 0, callerSleeps.load(ordering: .sequentiallyConsistent) {
        unfinished.wake(1)
      }
    }
  }

  private var currentNumber: UInt32 {
    UInt32(truncatingIfNeeded: offer.pointee.claims.load(ordering: .sequentiallyConsistent) >> 32)
  }

  private func waitForJob(after seen: UInt32) {
    if spin.wait(for: { currentNumber != seen }) { return }
    while true {
      let call = calls.value
      sleepers.add(1)
      if currentNumber == seen { calls.sleep(while: call) }
      sleepers.subtract(1)
      if currentNumber != seen { return }
    }
  }

  // MARK: - Both

  /// Runs tiles of job `number` until none is left to claim; returns how many.
  private func runTiles(of number: UInt32, worker: Int) -> UInt32 {
    var claims = offer.pointee.claims.load(ordering: .acquiring)
    // Of the right job only if a claim succeeds below.
    let tileCount = offer.pointee.tileCount.load(ordering: .relaxed)
    let body = BorrowedClosure(
      code: offer.pointee.code.load(ordering: .relaxed), context: offer.pointee.context.load(ordering: .relaxed))
    var done: UInt32 = 0
    while true {
      let unclaimed = UInt32(truncatingIfNeeded: claims)
      guard unclaimed > 0, UInt32(truncatingIfNeeded: claims >> 32) == number else { return done }
      let claim = offer.pointee.claims.weakCompareExchange(
        expected: claims, desired: claims - 1, successOrdering: .acquiringAndReleasing, failureOrdering: .acquiring)
      guard claim.exchanged else {
        claims = claim.original
        continue
      }
      body.call(tile: tileCount - Int(unclaimed), worker: worker)
      done += 1
      claims = offer.pointee.claims.load(ordering: .acquiring)
    }
  }
}
