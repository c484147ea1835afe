import Dispatch
import Engine
import Logging
import Metrics
import Scheduler
import ServingTestSupport
import Synchronization
import TestSupport
import Testing

@testable import Serving

/// A pool of scripted models, whose loading waits for the test.
@Suite struct ModelPoolTests {
  /// Models of which each load waits at a gate, and may fail.
  private final class Models: Sendable {
    private struct State {
      var loads: [String: Int] = [:]
      var failures = 0
      var isBroken = false
      var engines: [EngineTrace] = []
    }

    private let state = Mutex(State())
    let gate = DispatchSemaphore(value: 0)

    var loads: [String: Int] { state.withLock { $0.loads } }
    var livingEngines: Int { state.withLock { $0.engines.count { $0.log != nil } } }

    /// Whether the engine of the model "a" finds its files changed.
    func breakFiles(_ isBroken: Bool) { state.withLock { $0.isBroken = isBroken } }

    /// So many loads fail.
    func fail(_ count: Int) { state.withLock { $0.failures = count } }

    func pool(
      _ names: [String], memoryLimit: Int, _ residence: ModelResidence = ModelResidence()
    ) throws -> ModelPool {
      var residence = residence
      residence.loadsAtStart = false
      let chat = try ScriptedChat { _, _ in "It is 42." }
      let outline = ModelOutline(modes: chat.format.modes, contextLength: 4096, memory: ModelMemory(weights: 10))
      let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
      return try ModelPool(
        names.map { name in
          let record = ServiceRecord()
          return PooledModel(
            names: [name], outline: outline, residence: residence,
            parts: [PooledModel.Part(suffix: "", record: record)]
          ) { [self] _, _ in
            gate.wait()
            if state.withLock({ state in
              state.loads[name, default: 0] += 1
              state.failures -= 1
              return state.failures >= 0
            }) {
              throw ServingError.noChatTemplate(path: "/secret/path/a.gguf")
            }
            let log = StepLog()
            state.withLock { $0.engines.append(EngineTrace(log: log)) }
            return Checkpoints(
              try ChatService(
                format: chat.format,
                engine: ObservedEngine(chat.engine(), log: log) { [self] _ throws(EngineError) in
                  if name == "a", state.withLock({ $0.isBroken }) { throw .weightsChanged(path: "/secret/a.gguf") }
                }, contextLength: 4096, scheduler: ServiceFixture.plenty, record: record, logger: logger))
          }
        }, memoryLimit: memoryLimit, logger: logger)
    }
  }

  private func wait(until isReached: () -> Bool) async throws {
    while !isReached() { try await Task.sleep(for: .milliseconds(1)) }
  }

  private func ask(_ pool: ModelPool, _ model: Int) async throws -> String {
    let checkpoints = try await pool.acquire(model)
    defer { pool.release(model) }
    return await CollectedReply(try await checkpoints.main.generate(.asking("?"))).content
  }

  private func refusal(_ work: () async throws -> Checkpoints) async -> ModelRefusal? {
    await #expect(throws: ModelRefusal.self) { _ = try await work() }
  }

  @Test func severalRequestsWaitForOneLoad() async throws {
    let models = Models()
    let pool = try models.pool(["a"], memoryLimit: 10)
    let replies = (0..<5).map { _ in Task { try await ask(pool, 0) } }
    try await wait { pool.waiting(for: 0) == 5 }
    #expect(pool.modelState(of: 0) == .loading && models.loads.isEmpty)
    models.gate.signal()
    for reply in replies { #expect(try await reply.value == "It is 42.") }
    #expect(models.loads == ["a": 1] && pool.modelState(of: 0) == .loaded && pool.memory == 10)
    #expect(pool.models[0].metrics.loads.total == 1)
    await pool.drain(grace: .seconds(3600))
  }

  @Test func whatMakesRoomIsGoneFromMemory() async throws {
    let models = Models()
    let pool = try models.pool(["a", "b"], memoryLimit: 10)
    for _ in 0..<4 { models.gate.signal() }
    #expect(try await ask(pool, 0) == "It is 42.")
    #expect(models.livingEngines == 1)
    #expect(try await ask(pool, 1) == "It is 42.")
    #expect(models.livingEngines == 1 && pool.modelState(of: 0) == .unloaded && pool.checkpoints(of: 0) == nil)
    #expect(try await ask(pool, 0) == "It is 42.")
    #expect(models.loads == ["a": 2, "b": 1] && models.livingEngines == 1)
    // What was counted goes on.
    #expect(pool.models[0].parts[0].record.metrics.finished[.stop]?.total == 2)
    await pool.drain(grace: .seconds(3600))
    #expect(models.livingEngines == 0)
  }

  @Test func aModelWithARequestIsNotUnloadedAndOthersWaitForItsMemory() async throws {
    let models = Models()
    let pool = try models.pool(["a", "b", "c"], memoryLimit: 10)
    for _ in 0..<3 { models.gate.signal() }
    let checkpoints = try await pool.acquire(0)
    // The generation is not read, so it stays until it is dropped.
    let generation = try await checkpoints.main.generate(.asking("?"))
    var waiting: [Task<String, any Error>] = []
    for model in [2, 1] {
      waiting.append(Task { try await ask(pool, model) })
      try await wait { pool.waiting(for: model) == 1 }
    }
    #expect(pool.modelState(of: 1) == .unloaded && pool.memory == 10)
    #expect(await !pool.unload(0))
    pool.release(0)
    #expect(await CollectedReply(generation).content == "It is 42.")
    for reply in waiting { #expect(try await reply.value == "It is 42.") }
    #expect(models.loads == ["a": 1, "c": 1, "b": 1] && pool.modelState(of: 1) == .loaded && pool.memory == 10)
    #expect(models.livingEngines == 1)
    await pool.drain(grace: .seconds(3600))
  }

  @Test func whoeverWaitsForMemoryInVainIsToldWhoHasIt() async throws {
    let models = Models()
    var residence = ModelResidence()
    residence.mostWaiters = 1
    residence.longestWaitForRoom = .milliseconds(100)
    let pool = try models.pool(["a", "b"], memoryLimit: 10, residence)
    for _ in 0..<2 { models.gate.signal() }
    _ = try await pool.acquire(0)
    let holders = [ModelRefusal.Holder(model: "a", bytes: 10)]
    let refusal = ModelRefusal.noRoom(model: "b", needed: 10, limit: 10, holders: holders)
    let begin = ContinuousClock.now
    let patient = Task { try await pool.acquire(1) }
    try await wait { pool.waiting(for: 1) == 1 }
    // As many wait as may.
    #expect(await self.refusal { try await pool.acquire(1) } == refusal)
    #expect(await self.refusal { try await patient.value } == refusal)
    #expect(ContinuousClock.now - begin >= .milliseconds(100))
    // A deadline comes first, and who leaves is forgotten.
    #expect(await self.refusal { try await pool.acquire(1, deadline: .now) } == refusal)
    let leaving = Task { try await pool.acquire(1) }
    try await wait { pool.waiting(for: 1) == 1 }
    leaving.cancel()
    #expect(await self.refusal { try await leaving.value } == .cancelled)
    #expect(pool.waiting(for: 1) == 0 && pool.models[1].metrics.refused.values.reduce(0) { $0 + $1.total } == 3)
    #expect(pool.models[1].metrics.refused[.noRoom]?.total == 3)
    pool.release(0)
    #expect(pool.modelState(of: 0) == .loaded)
    #expect(try await ask(pool, 1) == "It is 42.")
    await pool.drain(grace: .seconds(3600))
  }

  @Test func timeForLoadingIsNotTimeForWaiting() async throws {
    let models = Models()
    var residence = ModelResidence()
    residence.longestWaitForRoom = .milliseconds(100)
    let pool = try models.pool(["a", "b"], memoryLimit: 10, residence)
    models.gate.signal()
    _ = try await pool.acquire(0)
    let waiting = Task { try await ask(pool, 1) }
    try await wait { pool.waiting(for: 1) == 1 }
    pool.release(0)
    try await wait { pool.modelState(of: 1) == .loading }
    try await Task.sleep(for: .milliseconds(200))
    models.gate.signal()
    #expect(try await waiting.value == "It is 42.")
    await pool.drain(grace: .seconds(3600))
  }

  @Test func aFailedLoadIsToldToAllWhoWait() async throws {
    let models = Models()
    let pool = try models.pool(["a"], memoryLimit: 10)
    models.fail(1)
    let replies = (0..<3).map { _ in Task { try await ask(pool, 0) } }
    try await wait { pool.waiting(for: 0) == 3 }
    models.gate.signal()
    for reply in replies {
      let error = await #expect(throws: ModelRefusal.self) { try await reply.value }
      guard case .failed("a", let file, let reason, let retryAfter) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(reason.contains("/secret/path") && retryAfter == 10 && file == "a.gguf")
      let said = error?.description ?? ""
      #expect(said.contains("'a.gguf'") && !said.contains("secret"))
    }
    #expect(pool.hasFailed(0) && pool.models[0].metrics.failures.total == 1 && pool.memory == 0)
    await pool.drain(grace: .seconds(3600))
  }

  @Test func whoLeavesOrIsLateDoesNotWait() async throws {
    let models = Models()
    var residence = ModelResidence()
    residence.mostWaiters = 2
    let pool = try models.pool(["a"], memoryLimit: 10, residence)
    let leaving = Task { try await pool.acquire(0) }
    try await wait { pool.waiting(for: 0) == 1 }
    let late = await #expect(throws: ModelRefusal.self) { try await pool.acquire(0, deadline: .now) }
    #expect(late == .late(model: "a"))
    leaving.cancel()
    let cancelled = await #expect(throws: ModelRefusal.self) { try await leaving.value }
    #expect(cancelled == .cancelled && pool.waiting(for: 0) == 0)
    // The load goes on, and is there for the next.
    models.gate.signal()
    try await wait { pool.modelState(of: 0) == .loaded }
    #expect(try await ask(pool, 0) == "It is 42.")
    await pool.drain(grace: .seconds(3600))
  }

  @Test func anIdleModelIsUnloadedAndComesBack() async throws {
    let models = Models()
    var residence = ModelResidence()
    residence.idleLimit = .milliseconds(50)
    let pool = try models.pool(["a"], memoryLimit: 10, residence)
    for _ in 0..<2 { models.gate.signal() }
    let checkpoints = try await pool.acquire(0)
    // However long somebody has it, it stays.
    try await Task.sleep(for: .milliseconds(120))
    #expect(pool.modelState(of: 0) == .loaded && checkpoints.idleSince != nil)
    pool.release(0)
    try await wait { pool.modelState(of: 0) == .unloaded }
    #expect(pool.models[0].metrics.unloads.total == 1 && models.livingEngines == 0 && pool.memory == 0)
    #expect(try await ask(pool, 0) == "It is 42.")
    await pool.drain(grace: .seconds(3600))
  }

  @Test func aModelWhoseFilesChangeIsLostAloneAndComesBack() async throws {
    let models = Models()
    let pool = try models.pool(["a", "b"], memoryLimit: 20)
    for _ in 0..<3 { models.gate.signal() }
    for model in 0..<2 { #expect(try await ask(pool, model) == "It is 42.") }
    // Somebody has it who has not handed its request over yet.
    let early = try await pool.acquire(0)
    models.breakFiles(true)
    let running = try await early.main.generate(.asking("?"))
    guard case .fileChanged("a.gguf") = await CollectedReply(running).error else {
      Issue.record("the reply does not say what has become of the model")
      return
    }
    try await wait { pool.modelState(of: 0) == .unloaded }
    let late = await #expect(throws: GenerationError.self) { try await early.main.generate(.asking("?")) }
    #expect("\(String(describing: late))".contains("a.gguf"))
    #expect(pool.modelState(of: 1) == .loaded && models.livingEngines == 1 && pool.memory == 10)
    models.breakFiles(false)
    for model in 0..<2 { #expect(try await ask(pool, model) == "It is 42.") }
    pool.release(0)
    #expect(models.loads == ["a": 2, "b": 1] && pool.models[0].metrics.losses.total == 1)
    try await wait { pool.checkpoints(of: 0)?.idleSince != nil }
    #expect(await pool.unload(0))
    await pool.drain(grace: .seconds(3600))
  }

  @Test func drainingEndsTheWaitingAndLetsRepliesFinish() async throws {
    let models = Models()
    let pool = try models.pool(["a", "b"], memoryLimit: 20)
    models.gate.signal()
    let checkpoints = try await pool.acquire(0)
    let generation = try await checkpoints.main.generate(.asking("?"))
    pool.release(0)
    let waiting = Task { try await pool.acquire(1) }
    try await wait { pool.waiting(for: 1) == 1 }
    async let drained: Void = pool.drain(grace: .seconds(3600))
    let error = await #expect(throws: ModelRefusal.self) { try await waiting.value }
    #expect(error == .draining && pool.isDraining)
    #expect(await CollectedReply(generation).content == "It is 42.")
    await drained
    // What was being loaded is let go of as soon as it is there.
    models.gate.signal()
    try await wait { pool.models[1].metrics.unloads.total == 1 }
    #expect(models.livingEngines == 0)
  }

  @Test func whatNeverFitsIsRefusedAtOnce() throws {
    let models = Models()
    let error = #expect(throws: ServingError.self) { try models.pool(["a", "b"], memoryLimit: 9) }
    #expect("\(String(describing: error))".contains("'a'"))
  }
}

/// Lets a test see whether an engine is still there: it alone keeps its log.
private struct EngineTrace {
  weak let log: StepLog?
}
