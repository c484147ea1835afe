import JSON
import Scheduler
import Testing
import Workload

@testable import Simulation

@Suite struct SimulatorTests {
  /// Every step takes a second, whatever is in it.
  private let flat = CostModel(tokens: [CostModel.TokenCost(tokens: 1, seconds: 1)])

  private func configuration(
    running: Int = 8, budget: Int = 512, queued: Int = 1_000_000, pages: Int = 1024
  ) -> SchedulerConfiguration {
    SchedulerConfiguration(
      pageCount: pages, slotCount: 4 * running, stepTokenBudget: budget, maximumRunning: running,
      maximumQueued: queued)
  }

  private func run(
    _ trace: Trace, _ configuration: SchedulerConfiguration, _ cost: CostModel, isolatesTenants: Bool = false
  ) throws -> Simulator.Result {
    var simulator = try Simulator(
      trace, scheduler: configuration, cost: cost, isolatesTenants: isolatesTenants)
    return try simulator.run()
  }

  @Test func countsStepsOfOneRequest() throws {
    var cost = flat
    cost.request = 0.25
    let trace = Trace([Conversation(arrival: 10, turns: [Turn(prompt: 1000, output: 3)])])
    var configuration = configuration()
    // The state in front of the prompt's last token is kept without a step of its own.
    configuration.rewindLimit = 1
    let result = try run(trace, configuration, cost)
    let measurements = result.measurements
    // Two chunks of the prompt, the second with the first token; then two steps more.
    #expect(measurements.timeToFirstToken.greatest == 2.25)
    #expect(measurements.endToEnd.greatest == 4.25)
    #expect(measurements.interToken.count == 2 && measurements.interToken.mean == 1)
    #expect(measurements.outputTokens == 3 && measurements.promptTokens == 1000)
  }

  /// Sums of times are rounded; whatever way, time goes on.
  @Test func arrivalsAreSeenAtTheirTime() throws {
    for request in [0.0096, 0.016, 0.1, 1 / 3.0] {
      var cost = flat
      cost.request = request
      let trace = Trace(
        (0..<300).map { Conversation(arrival: 0.1 * Double($0) + 1 / 7.0, turns: [Turn(prompt: 10, output: 1)]) })
      #expect(try run(trace, configuration(running: 64), cost).measurements.answered == 300)
    }
  }

  /// One request at a time, each for a second, at random times, is a queue whose mean waiting time is known (Pollaczek and
  /// Khinchine): ρ / (2 (1 − ρ)) for constant service.
  @Test(arguments: [0.3, 0.6])
  func waitsAsQueueingTheorySays(_ load: Double) throws {
    var recipe = TraceRecipe(conversations: 10_000, rate: load)
    recipe.prompt = .fixed(10)
    recipe.output = .fixed(1)
    let result = try run(try recipe.make(), configuration(running: 1, budget: 10), flat)
    let expected = 1 + load / (2 * (1 - load))
    #expect(abs(result.measurements.timeToFirstToken.mean / expected - 1) < 0.06)
  }

  @Test func theSameTraceGivesTheSameResult() throws {
    var recipe = TraceRecipe(conversations: 60, rate: 0.5)
    recipe.turns = 3
    recipe.prefixes = 2
    recipe.tenants = 2
    recipe.output = .skewed(mean: 20)
    let trace = try recipe.make()
    let first = try run(trace, configuration(), flat).measurements.json
    #expect(try run(trace, configuration(), flat).measurements.json == first)
  }

  @Test func laterTurnsReadOnlyWhatIsNew() throws {
    let turns = (0..<5).map { _ in Turn(prompt: 300, output: 50, pause: 1) }
    let trace = Trace([Conversation(arrival: 0, prefix: SharedPrefix(id: 1, tokens: 500), turns: turns)])
    let result = try run(trace, configuration(), flat).measurements
    let prefilled = result.promptTokens - result.cachedTokens
    // All of the first prompt, then what is new, within a page a turn.
    #expect(prefilled >= 800 + 4 * 300)
    #expect(prefilled <= 800 + 4 * (300 + 64))
  }

  @Test func prefixesAreSharedWithinATenantOnly() throws {
    func trace(tenants: Int) -> Trace {
      Trace(
        (0..<10).map {
          Conversation(
            arrival: 100 * Double($0), tenant: $0 % tenants, prefix: SharedPrefix(id: 1, tokens: 640),
            turns: [Turn(prompt: 100, output: 2)])
        })
    }
    func cached(_ tenants: Int, isolated: Bool) throws -> Int {
      try run(trace(tenants: tenants), configuration(), flat, isolatesTenants: isolated).measurements.cachedTokens
    }
    #expect(try cached(2, isolated: false) == 9 * 640)
    #expect(try cached(2, isolated: true) == 8 * 640)
    #expect(try cached(5, isolated: true) == 5 * 640)
  }

  @Test func refusesWhatTheQueueDoesNotHold() throws {
    let trace = Trace((0..<10).map { _ in Conversation(arrival: 0, turns: [Turn(prompt: 10, output: 5)]) })
    let result = try run(trace, configuration(running: 1, queued: 4), flat).measurements
    #expect(result.answered == 4)
    #expect(result.refused.values.reduce(0, +) == 6)
  }

  /// While a prompt of forty thousand tokens is read, a stream waits no longer for a token than the bound says, and
  /// much longer without one. Its first steps teach the scheduler what prompt tokens cost.
  @Test(arguments: [0.05, 0.2])
  func boundsGapsBesideALongPrompt(_ bound: Double) throws {
    var cost = CostModel(tokens: [
      CostModel.TokenCost(tokens: 1, seconds: 0.01), CostModel.TokenCost(tokens: 1001, seconds: 1.01),
    ])
    cost.request = 0.001
    let trace = Trace([
      Conversation(arrival: 0, turns: [Turn(prompt: 100, output: 3500)]),
      Conversation(arrival: 1, turns: [Turn(prompt: 40_000, output: 1)]),
    ])
    func gaps(_ bound: Double) throws -> Distribution {
      var configuration = configuration(budget: 2000, pages: 1024)
      configuration.maximumGapSeconds = bound
      return try run(trace, configuration, cost).measurements.interToken
    }
    #expect(try gaps(bound).quantile(0.99) <= bound * 1.01)
    #expect(try gaps(.infinity).greatest > 1.9)
  }

  @Test func refusesWhatWouldComeTooLate() throws {
    var recipe = TraceRecipe(conversations: 200, rate: 2)
    recipe.prompt = .fixed(100)
    recipe.output = .fixed(4)
    // A step takes a second and four make a reply, so four running replies are one request a second.
    let level = ServiceLevel(timeToFirstToken: 10, secondsPerToken: 10)
    var patient = try Simulator(
      try recipe.make(), scheduler: configuration(running: 4), cost: flat, level: level)
    var strict = try Simulator(
      try recipe.make(), scheduler: configuration(running: 4), cost: flat, level: level, hasDeadlines: true)
    let (all, some) = (try patient.run().measurements, try strict.run().measurements)
    #expect(all.answered == 200)
    #expect(some.refused.values.reduce(0, +) > 50)
    #expect(some.answered + some.refused.values.reduce(0, +) == 200)
    // Whoever is served is served in time, and more of them than when all wait.
    #expect(some.timeToFirstToken.greatest <= 11)
    #expect(some.good > all.good)
  }

  @Test func failsWhatNeverFits() throws {
    let trace = Trace([Conversation(arrival: 0, turns: [Turn(prompt: 1000, output: 5)])])
    let result = try run(trace, configuration(pages: 8), flat).measurements
    #expect(result.failed.count == 1 && result.answered == 0)
  }

  /// With little memory requests are preempted, and every one is answered all the same.
  @Test func answersAllUnderPressure() throws {
    var recipe = TraceRecipe(conversations: 100, rate: 10)
    recipe.prompt = .uniform(50...400)
    recipe.output = .uniform(50...300)
    let result = try run(try recipe.make(), configuration(pages: 40), flat)
    #expect(result.measurements.answered == 100)
    #expect(result.counters.preemptions > 0)
  }

  @Test func measuresTheSchedulerItself() throws {
    let result = try SchedulerCost.measure(running: 16, waiting: 100, steps: 200, prompt: 100, output: 20)
    #expect(result.schedulerMicroseconds.count == 200)
    #expect(result.schedulerMicroseconds.mean > 0)
    #expect(result.batch.mean > 14)
    #expect(result.waiting.least >= 100)
  }
}
