import Engine
import Models
import Scheduler
import Testing

@testable import Serving

@Suite struct MemoryPlanTests {
  /// A page is 1,000 bytes, a slot 10, a token of workspace 1.
  private func plan(
    context: Int, available: Int, weightBytes: Int = 0, offersHugePages: Bool = true,
    _ configuration: ServingConfiguration
  ) throws -> MemoryPlan {
    try MemoryPlan(
      modelContextLength: context, weightBytes: weightBytes, configuration,
      MemoryPlan.Machine(availableBytes: available, threadCount: 3, offersHugePages: offersHugePages)
    ) {
      MemoryNeed(pages: $0.pageCount * 1000, slots: $0.slotCount * 10, workspace: $0.maximumStepTokens)
    }
  }

  @Test func wholeContextsForRunningRequestsAndKeptPromptsIfMemoryAllows() throws {
    let plan = try plan(context: 4096, available: 10_000_000, ServingConfiguration(maximumRunning: 4))
    #expect(plan.contextLength == 4096)
    #expect(plan.engine == EngineConfiguration(pageCount: 1024, slotCount: 260, maximumStepTokens: 512, threads: 3))
    #expect(
      plan.scheduler
        == SchedulerConfiguration(
          pageCount: 1024, slotCount: 260, stepTokenBudget: 512, maximumRunning: 4, maximumQueued: 256,
          checkpointLimit: 256))
    #expect(plan.need.total == 1_024_000 + 2600 + 512)
  }

  @Test func aModelThatHasGrownIsRefused() throws {
    var configuration = ServingConfiguration(maximumRunning: 4)
    let first = try plan(context: 64, available: 1_000_000, weightBytes: 5000, configuration)
    configuration.mostBytes = 5000 + first.need.total
    #expect(try plan(context: 64, available: 1_000_000, weightBytes: 5000, configuration).need == first.need)
    let error = #expect(throws: ServingError.self) {
      try plan(context: 64, available: 1_000_000, weightBytes: 5001, configuration)
    }
    #expect("\(String(describing: error))".contains("changed since the server started"))
  }

  @Test func halfOfTheMemoryOtherwise() throws {
    let plan = try plan(context: 4096, available: 200_000, ServingConfiguration(maximumRunning: 4))
    #expect(plan.engine.pageCount == 96)
    #expect(plan.contextLength == 4096)
  }

  @Test func checkpointsHaveABudgetOfTheirOwn() throws {
    func slots(_ bytes: Int?, available: Int = 8_000) throws -> Int {
      let plan = try plan(
        context: 64, available: available, ServingConfiguration(maximumRunning: 4, checkpointBytes: bytes))
      #expect(plan.scheduler.checkpointLimit == plan.engine.slotCount - 4)
      #expect(plan.scheduler.slotCount == plan.engine.slotCount)
      return plan.scheduler.checkpointLimit
    }
    #expect(try slots(nil) == 100)
    #expect(try slots(nil, available: 1 << 40) == 256)
    #expect(try slots(0) == 0)
    #expect(try slots(999) == 99)
    #expect(try slots(1_000_000, available: 1 << 40) == 32_768)
  }

  @Test func aModelWithoutStatesNeedsNoCheckpoints() throws {
    let plan = try MemoryPlan(
      modelContextLength: 64, weightBytes: 0, ServingConfiguration(maximumRunning: 2, checkpointBytes: 1 << 30),
      MemoryPlan.Machine(availableBytes: 1 << 30, threadCount: 1, offersHugePages: false)
    ) { MemoryNeed(pages: $0.pageCount * 1000, slots: 0, workspace: 1) }
    #expect(plan.engine.slotCount == 2 && !plan.scheduler.needsCheckpoints && plan.scheduler.checkpointLimit == 0)
  }

  @Test func theContextIsCutWhereNotEvenOneFits() throws {
    let plan = try plan(context: 262_144, available: 21_000, ServingConfiguration(maximumRunning: 2))
    #expect(plan.engine.pageCount == 7)
    #expect(plan.contextLength == 7 * 64)
  }

  @Test func configuredBytesAndContextAreTakenAtTheirWord() throws {
    let plan = try plan(
      context: 4096, available: 0, ServingConfiguration(contextLength: 640, keyValueBytes: 15_999, threads: 7))
    #expect(plan.contextLength == 640)
    #expect(plan.engine.pageCount == 15)
    #expect(plan.engine.threads == 7)
    #expect(throws: ServingError.self) {
      try self.plan(context: 4096, available: 0, ServingConfiguration(contextLength: 640, keyValueBytes: 9_999))
    }
    #expect(throws: ServingError.self) {
      try self.plan(context: 4096, available: 1 << 40, ServingConfiguration(contextLength: 4097))
    }
    #expect(throws: ServingError.self) { try self.plan(context: 4096, available: 2_000, ServingConfiguration()) }
  }

  @Test func aStepHasRoomForEveryRunningRequest() throws {
    let plan = try plan(
      context: 64, available: 1 << 30, ServingConfiguration(maximumRunning: 100, stepTokens: 10))
    #expect(plan.engine.maximumStepTokens == 100)
    #expect(plan.scheduler.stepTokenBudget == 100)
  }

  @Test func weightsAreCopiedWhereMemoryAllows() throws {
    func placement(
      _ weights: WeightSetting, _ weightBytes: Int, available: Int, offersHugePages: Bool = true
    ) throws -> WeightPlacement {
      try plan(
        context: 64, available: available, weightBytes: weightBytes, offersHugePages: offersHugePages,
        ServingConfiguration(maximumRunning: 1, stepTokens: 1, checkpointBytes: 0, threads: 2, weights: weights)
      ).weights
    }
    let (size, others) = (100 << 20, 4000 + 10 + 1)
    let enough = size + others + WeightSetting.margin
    #expect(try placement(.automatic, size, available: enough) == .hugePages(threads: 2))
    #expect(try placement(.automatic, size, available: enough - 1) == .mapped)
    #expect(try placement(.automatic, size, available: enough, offersHugePages: false) == .mapped)
    #expect(try placement(.automatic, WeightSetting.leastCopied - 1, available: enough) == .mapped)
    #expect(try placement(.mapped, size, available: enough) == .mapped)
    #expect(try placement(.hugePages, size, available: size + others) == .hugePages(threads: 2))
    #expect(throws: ServingError.self) { try placement(.hugePages, size, available: size + others - 1) }
    // A model larger than memory runs from its files.
    #expect(try placement(.automatic, 1 << 40, available: 1 << 33) == .mapped)
  }

  @Test func cachesTakeHalfOfWhatWeightsLeave() throws {
    let configuration = ServingConfiguration(maximumRunning: 4, stepTokens: 460, checkpointBytes: 0)
    #expect(try plan(context: 1 << 20, available: 201_000, weightBytes: 100_000, configuration).engine.pageCount == 50)
    // Weights that do not fit anyhow leave a quarter.
    #expect(try plan(context: 1 << 20, available: 202_000, weightBytes: .max / 4, configuration).engine.pageCount == 50)
  }
}
