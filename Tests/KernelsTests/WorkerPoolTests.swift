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

  @Test func poolsEndWithTheirThreads() throws {
    for _ in 0..<50 {
      let pool = try WorkerPool(threadCount: 3)
      pool.run(4) { _, _ in }
    }
  }
}
