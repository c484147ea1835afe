import Foundation
import Kernels
import Synchronization
import Testing

@Suite struct WorkerPoolTests {
  @Test(arguments: [1, 2, 3, 8]) func everyTileRunsOnce(threads: Int) throws {
    let pool = try WorkerPool(threadCount: threads)
    #expect(pool.threadCount == threads)
    // Few tiles, many tiles, and often enough that threads come late, spin and sleep.
    for round in 0..<400 {
      let count = [0, 1, 2, 7, 100][round % 5]
      let runs = UnsafeMutablePointer<Int>.allocate(capacity: max(1, count))
      defer { runs.deallocate() }
      runs.initialize(repeating: 0, count: count)
      let badWorkers = Atomic<Int>(0)
      pool.run(count) { tile, worker in
        runs[tile] += 1
        if !(0..<threads).contains(worker) { badWorkers.wrappingAdd(1, ordering: .relaxed) }
      }
      #expect((0..<count).allSatisfy { runs[$0] == 1 })
      #expect(badWorkers.load(ordering: .relaxed) == 0)
    }
  }

  @Test func resultsOfWorkersAreVisible() throws {
    let pool = try WorkerPool(threadCount: 4)
    let values = UnsafeMutablePointer<Int>.allocate(capacity: 64)
    defer { values.deallocate() }
    values.initialize(repeating: 0, count: 64)
    for round in 1...1000 {
      // Each tile reads what another tile wrote in the round before.
      let (from, to) = (values + (round + 1) % 2 * 32, values + round % 2 * 32)
      pool.run(32) { tile, _ in to[tile] = from[31 - tile] + 1 }
      #expect((0..<32).allSatisfy { to[$0] == round })
    }
  }

  /// Every tile waits for all others to have started, so this ends only if each thread takes one.
  @Test(.timeLimit(.minutes(1)), arguments: [2, 3, 8]) func everyThreadIsCalledAndWoken(threads: Int) throws {
    let pool = try WorkerPool(threadCount: threads)
    for round in 0..<100 {
      // Sometimes longer than threads spin, so that they sleep.
      if round % 10 == 0 { usleep(2_000) }
      let started = Atomic<Int>(0)
      let workers = Atomic<Int>(0)
      pool.run(threads) { _, worker in
        started.wrappingAdd(1, ordering: .sequentiallyConsistent)
        workers.bitwiseOr(1 << worker, ordering: .sequentiallyConsistent)
        while started.load(ordering: .sequentiallyConsistent) < threads { sched_yield() }
      }
      #expect(workers.load(ordering: .sequentiallyConsistent) == 1 << threads - 1)
    }
  }

  @Test(.timeLimit(.minutes(1))) func aSlowTileHoldsUpItsOwnJobOnly() throws {
    let pool = try WorkerPool(threadCount: 3)
    let finished = Atomic<Int>(0)
    for round in 1...20 {
      pool.run(9) { tile, _ in
        // The caller runs out of tiles, stops spinning and sleeps.
        if tile == 4 { usleep(1_000) }
        finished.wrappingAdd(1, ordering: .relaxed)
      }
      #expect(finished.load(ordering: .relaxed) == 9 * round)
    }
  }

  /// Far more threads than processors, and jobs that are over before most of them hear of them.
  @Test(.timeLimit(.minutes(2)), arguments: [1, 1 << 20]) func tinyJobsOnTooManyThreads(processors: Int) throws {
    let pool = try WorkerPool(threadCount: 8, processorCount: processors)
    let sums = UnsafeMutablePointer<Int>.allocate(capacity: 8)
    defer { sums.deallocate() }
    sums.initialize(repeating: 0, count: 8)
    var expected = 0
    for round in 0..<5_000 {
      let tiles = 2 + round % 5
      pool.run(tiles) { tile, worker in sums[worker] += round * 10 + tile }
      expected += tiles * round * 10 + tiles * (tiles - 1) / 2
    }
    #expect((0..<8).reduce(0) { $0 + sums[$1] } == expected)
  }

  @Test(.timeLimit(.minutes(1))) func poolsEndWithTheirThreads() throws {
    for round in 0..<60 {
      let pool = try WorkerPool(threadCount: 1 + round % 8)
      if round % 3 > 0 { pool.run(4) { _, _ in } }
      // By then the threads sleep.
      if round % 3 > 1 { usleep(1_000) }
    }
  }
}
