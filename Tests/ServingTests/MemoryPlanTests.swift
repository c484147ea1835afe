import Engine
import Scheduler
import Testing

@testable import Serving

@Suite struct MemoryPlanTests {
  /// A page is 1,000 bytes, a slot 10, a token of workspace 1.
  private func plan(
    context: Int, available: Int, _ configuration: ServingConfiguration
  ) throws -> MemoryPlan {
    try MemoryPlan(
      modelContextLength: context, configuration, availableBytes: available, threadCount: 3
    ) {
      MemoryNeed(pages: $0.pageCount * 1000, slots: $0.slotCount * 10, workspace: $0.maximumStepTokens)
    }
  }

  @Test func wholeContextsOfAllRunningRequestsIfMemoryAllows() throws {
    let plan = try plan(context: 4096, available: 10_000_000, ServingConfiguration(maximumRunning: 4))
    #expect(plan.contextLength == 4096)
    #expect(plan.engine == EngineConfiguration(pageCount: 256, slotCount: 4, maximumStepTokens: 512, threads: 3))
    #expect(plan.scheduler.pageCount == 256 && plan.scheduler.slotCount == 4 && plan.scheduler.stepTokenBudget == 512)
    #expect(plan.need.total == 256_000 + 40 + 512)
  }

  @Test func halfOfTheMemoryOtherwise() throws {
    let plan = try plan(context: 4096, available: 200_000, ServingConfiguration(maximumRunning: 4))
    #expect(plan.engine.pageCount == 99)
    #expect(plan.contextLength == 4096)
  }

  @Test func theContextIsCutWhereNotEvenOneFits() throws {
    let plan = try plan(context: 262_144, available: 21_000, ServingConfiguration(maximumRunning: 2))
    #expect(plan.engine.pageCount == 9)
    #expect(plan.contextLength == 9 * 64)
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
}
