import Testing

@testable public import Scheduler

extension RequestID: ExpressibleByIntegerLiteral {
  /// The request of that number.
  public init(integerLiteral value: UInt64) { self.init(rawValue: value) }
}

extension Scheduler {
  /// Submits a request of which nothing is kept.
  mutating func submit(_ id: RequestID, promptTokens: Int, maximumTokens: Int) throws(SchedulerError) {
    try submit(SequenceRequest(id: id, promptTokens: promptTokens, maximumTokens: maximumTokens), at: 0)
  }

  /// Plans a step with the books checked before and after.
  mutating func checkedPlan() throws -> StepPlan {
    try checkInvariants()
    let plan = plan(at: 0)
    try checkInvariants()
    return plan
  }

  /// Completes a step in which every token sampled is 0.
  mutating func complete(_ plan: StepPlan) {
    complete(plan, sampled: Array(repeating: 0, count: plan.sampledCount), seconds: 0)
  }

  /// Plans and completes a step.
  @discardableResult mutating func step() throws -> StepPlan {
    let plan = try checkedPlan()
    complete(plan)
    try checkInvariants()
    return plan
  }
}

extension StepPlan {
  var admittedIDs: [RequestID] { admitted.map(\.request) }

  /// Request, first position, count; then a star if a token is sampled.
  var summary: [String] {
    chunks.map { "\($0.request.rawValue):\($0.position)+\($0.count)\($0.samples ? "*" : "")" }
  }
}

@Suite struct SchedulerTests {
  /// Pages of 4 tokens, 8 tokens a step, unless told otherwise.
  private func scheduler(
    pages: Int = 100, slots: Int = 4, budget: Int = 8, running: Int = 4, queued: Int = 100, headroom: Int = 1
  ) throws -> Scheduler {
    try Scheduler(
      SchedulerConfiguration(
        pageSize: 4, pageCount: pages, slotCount: slots, stepTokenBudget: budget, maximumRunning: running,
        maximumQueued: queued, admissionHeadroomPages: headroom))
  }

  @Test func aPromptIsComputedInChunksAndThenTokenByToken() throws {
    var scheduler = try scheduler()
    try scheduler.submit(1, promptTokens: 19, maximumTokens: 3)
    #expect(scheduler.waitingCount == 1 && scheduler.runningCount == 0)
    var plan = try scheduler.step()
    #expect(plan.admittedIDs == [1])
    #expect(plan.summary == ["1:0+8"])
    #expect(plan.chunks[0].pages == [0, 1])
    #expect(plan.chunks[0].slot == 0)
    #expect(scheduler.waitingCount == 0 && scheduler.runningCount == 1)
    #expect(try scheduler.step().summary == ["1:8+8"])
    plan = try scheduler.step()
    #expect(plan.summary == ["1:16+3*"])
    #expect(plan.chunks[0].pages == [0, 1, 2, 3, 4])
    #expect(try scheduler.step().summary == ["1:19+1*"])
    #expect(!scheduler.isIdle)
    // The third new token is the last, and is not computed any more.
    plan = try scheduler.step()
    #expect(plan.summary == ["1:20+1*"])
    #expect(plan.chunks[0].pages.count == 6)
    #expect(scheduler.isIdle && scheduler.availablePageCount == 100 && scheduler.availableSlotCount == 4)
    plan = try scheduler.step()
    #expect(plan.chunks.isEmpty)
    #expect(scheduler.counters.finished == 1 && scheduler.counters.generatedTokens == 3)
    #expect(scheduler.counters.computedTokens == 21 && scheduler.counters.steps == 5)
  }

  @Test func decodesGoFirstAndPromptsFillTheRestInOrder() throws {
    var scheduler = try scheduler()
    try scheduler.submit(1, promptTokens: 2, maximumTokens: 50)
    try scheduler.submit(2, promptTokens: 3, maximumTokens: 50)
    #expect(try scheduler.step().summary == ["1:0+2*", "2:0+3*"])
    try scheduler.submit(3, promptTokens: 10, maximumTokens: 5)
    try scheduler.submit(4, promptTokens: 4, maximumTokens: 5)
    // The first prompt has half of what the streams leave, and what shorter ones do not need.
    #expect(try scheduler.step().summary == ["1:2+1*", "2:3+1*", "3:0+3", "4:0+3"])
    #expect(try scheduler.step().summary == ["1:3+1*", "2:4+1*", "3:3+5", "4:3+1*"])
    #expect(try scheduler.step().summary == ["1:4+1*", "2:5+1*", "3:8+2*", "4:4+1*"])
  }

  @Test func aLongPromptNeverKeepsStreamsFromAStep() throws {
    var scheduler = try scheduler(pages: 1000)
    try scheduler.submit(1, promptTokens: 1, maximumTokens: 1000)
    try scheduler.submit(2, promptTokens: 1, maximumTokens: 1000)
    try scheduler.step()
    try scheduler.submit(3, promptTokens: 900, maximumTokens: 1)
    for _ in 0..<150 {
      let plan = try scheduler.step()
      #expect(plan.summary.count == 3)
      #expect(plan.chunks.reduce(0) { $0 + $1.count } == 8)
    }
    #expect(scheduler.runningCount == 2)
  }

  @Test func eightTogetherTakeHardlyMoreStepsThanTheLongest() throws {
    let requests = (1...8).map { (id: RequestID(rawValue: $0), prompt: Int($0) * 20, maximum: 40 + Int($0 * 7 % 5)) }
    var alone: [Int] = []
    for request in requests {
      var scheduler = try Scheduler(SchedulerConfiguration(pageCount: 200, slotCount: 8))
      try scheduler.submit(request.id, promptTokens: request.prompt, maximumTokens: request.maximum)
      while !scheduler.isIdle { try scheduler.step() }
      alone.append(scheduler.counters.steps)
    }
    var scheduler = try Scheduler(SchedulerConfiguration(pageCount: 200, slotCount: 8))
    for request in requests {
      try scheduler.submit(request.id, promptTokens: request.prompt, maximumTokens: request.maximum)
    }
    while !scheduler.isIdle { try scheduler.step() }
    let longest = try #require(alone.max())
    #expect(Double(scheduler.counters.steps) <= 1.2 * Double(longest))
  }

  @Test func admissionNeedsASlotAPlaceAndPagesWithHeadroom() throws {
    var bySlots = try scheduler(slots: 1)
    var byRunning = try scheduler(running: 1)
    for id in [1, 2] as [RequestID] {
      try bySlots.submit(id, promptTokens: 2, maximumTokens: 9)
      try byRunning.submit(id, promptTokens: 2, maximumTokens: 9)
    }
    #expect(try bySlots.step().admittedIDs == [1])
    #expect(try byRunning.step().admittedIDs == [1])

    // 10 pages; the first prompt has a claim on 6, also on those it does not hold yet.
    var byPages = try scheduler(pages: 10, budget: 30, headroom: 2)
    try byPages.submit(1, promptTokens: 24, maximumTokens: 8)
    try byPages.submit(2, promptTokens: 9, maximumTokens: 9)
    try byPages.submit(3, promptTokens: 1, maximumTokens: 1)
    // The third would fit, but it is not its turn.
    #expect(try byPages.step().admittedIDs == [1])
    byPages.cancel(2)
    #expect(try byPages.step().admittedIDs == [3])

    // Headroom is not asked for beyond what a request can ever use.
    var whole = try scheduler(pages: 10, budget: 40, headroom: 5)
    try whole.submit(1, promptTokens: 38, maximumTokens: 3)
    #expect(try whole.step().admittedIDs == [1])
  }

  @Test func theYoungestGivesWayAndIsComputedAnew() throws {
    var scheduler = try scheduler(pages: 4, budget: 16, headroom: 0)
    try scheduler.submit(1, promptTokens: 7, maximumTokens: 9)
    try scheduler.submit(2, promptTokens: 7, maximumTokens: 5)
    try scheduler.submit(3, promptTokens: 4, maximumTokens: 1)
    #expect(try scheduler.step().summary == ["1:0+7*", "2:0+7*"])
    #expect(try scheduler.step().summary == ["1:7+1*", "2:7+1*"])
    // Both need a third page, and there is none.
    let plan = try scheduler.step()
    #expect(plan.summary == ["1:8+1*"])
    #expect(plan.preempted == [2] && plan.admittedIDs == [])
    #expect(scheduler.waitingCount == 2 && scheduler.runningCount == 1)
    #expect(scheduler.counters.preemptions == 1)
    // It is first in the queue, and with what it generated it does not fit beside the first.
    #expect(try scheduler.step().summary == ["1:9+1*"])
    while scheduler.counters.finished == 0 { try scheduler.step() }
    let again = try scheduler.step()
    // Its 7 prompt tokens and the 2 it had generated. The third request waits for its turn no longer.
    #expect(again.summary == ["2:0+9*", "3:0+4*"])
    while !scheduler.isIdle { try scheduler.step() }
    #expect(scheduler.counters.finished == 3)
    #expect(scheduler.counters.generatedTokens == 15)
  }

  @Test func whatAStepInFlightUsesIsNotHandedOut() throws {
    var scheduler = try scheduler(pages: 5, slots: 2, budget: 20, running: 2)
    try scheduler.submit(1, promptTokens: 16, maximumTokens: 2)
    try scheduler.submit(2, promptTokens: 16, maximumTokens: 2)
    let plan = try scheduler.checkedPlan()
    #expect(plan.summary == ["1:0+16*"])
    scheduler.cancel(1)
    try scheduler.checkInvariants()
    #expect(scheduler.availablePageCount == 1 && scheduler.availableSlotCount == 1 && scheduler.runningCount == 0)
    #expect(scheduler.holds(1))
    #expect(throws: SchedulerError.duplicateRequest(1)) {
      try scheduler.submit(1, promptTokens: 1, maximumTokens: 1)
    }
    scheduler.cancel(1)
    scheduler.finish(1)
    scheduler.complete(plan)
    try scheduler.checkInvariants()
    #expect(scheduler.availablePageCount == 5 && scheduler.availableSlotCount == 2 && !scheduler.holds(1))
    #expect(scheduler.counters.cancelled == 1 && scheduler.counters.finished == 0)
    #expect(scheduler.counters.generatedTokens == 0)
    #expect(try scheduler.step().summary == ["2:0+16*"])
  }

  @Test func endsOfRequestsInEveryState() throws {
    var scheduler = try scheduler(slots: 2, running: 2)
    try scheduler.submit(1, promptTokens: 8, maximumTokens: 9)
    try scheduler.submit(2, promptTokens: 8, maximumTokens: 9)
    scheduler.cancel(2)
    #expect(scheduler.waitingCount == 1)
    try scheduler.step()
    try scheduler.submit(3, promptTokens: 8, maximumTokens: 9)
    scheduler.finish(1)
    #expect(scheduler.runningCount == 0 && scheduler.availablePageCount == 100)
    scheduler.finish(99)
    // Finished in flight.
    let plan = try scheduler.checkedPlan()
    #expect(plan.summary == ["3:0+8*"])
    scheduler.finish(3)
    scheduler.complete(plan)
    try scheduler.checkInvariants()
    #expect(scheduler.isIdle && scheduler.counters.finished == 2 && scheduler.counters.cancelled == 1)
    // A number may be used again.
    try scheduler.submit(3, promptTokens: 1, maximumTokens: 1)
    #expect(try scheduler.step().summary == ["3:0+1*"])
    #expect(scheduler.isIdle)
  }

  @Test func refusalsTellTheNumbers() throws {
    var scheduler = try scheduler(pages: 5, queued: 2)
    #expect(scheduler.tokenCapacity == 20)
    #expect(throws: SchedulerError.promptTooLong(needed: 21, available: 20)) {
      try scheduler.submit(1, promptTokens: 12, maximumTokens: 10)
    }
    #expect(throws: SchedulerError.promptTooLong(needed: .max, available: 20)) {
      try scheduler.submit(1, promptTokens: .max, maximumTokens: .max)
    }
    #expect(throws: SchedulerError.emptyRequest(promptTokens: 0, maximumTokens: 1)) {
      try scheduler.submit(1, promptTokens: 0, maximumTokens: 1)
    }
    #expect(throws: SchedulerError.emptyRequest(promptTokens: 1, maximumTokens: 0)) {
      try scheduler.submit(1, promptTokens: 1, maximumTokens: 0)
    }
    try scheduler.submit(1, promptTokens: 11, maximumTokens: 10)
    #expect(throws: SchedulerError.duplicateRequest(1)) {
      try scheduler.submit(1, promptTokens: 1, maximumTokens: 1)
    }
    try scheduler.submit(2, promptTokens: 1, maximumTokens: 1)
    #expect(throws: SchedulerError.queueFull(limit: 2, retryAfter: 1)) {
      try scheduler.submit(3, promptTokens: 1, maximumTokens: 1)
    }
    #expect(scheduler.counters.submitted == 2)
    try scheduler.checkInvariants()
    #expect("\(SchedulerError.promptTooLong(needed: 21, available: 20))".contains("21"))
  }

  @Test(arguments: [
    ("pageSize", SchedulerConfiguration(pageSize: 0, pageCount: 1, slotCount: 1)),
    ("pageCount", SchedulerConfiguration(pageCount: 0, slotCount: 1)),
    ("pageCount", SchedulerConfiguration(pageCount: .max, slotCount: 1)),
    ("slotCount", SchedulerConfiguration(pageCount: 1, slotCount: 0)),
    ("maximumRunning", SchedulerConfiguration(pageCount: 1, slotCount: 1, maximumRunning: 0)),
    ("maximumQueued", SchedulerConfiguration(pageCount: 1, slotCount: 1, maximumQueued: 0)),
    ("admissionHeadroomPages", SchedulerConfiguration(pageCount: 1, slotCount: 1, admissionHeadroomPages: -1)),
    ("checkpointLimit", SchedulerConfiguration(pageCount: 1, slotCount: 1, checkpointLimit: -1)),
    ("checkpointSpacing", SchedulerConfiguration(pageCount: 1, slotCount: 1, checkpointSpacing: 0)),
    ("maximumGapSeconds", SchedulerConfiguration(pageCount: 1, slotCount: 1, maximumGapSeconds: 0)),
    ("maximumQueueSeconds", SchedulerConfiguration(pageCount: 1, slotCount: 1, maximumQueueSeconds: .nan)),
    ("priorityAgingSeconds", SchedulerConfiguration(pageCount: 1, slotCount: 1, priorityAgingSeconds: .infinity)),
    ("stepTokenBudget", SchedulerConfiguration(pageCount: 1, slotCount: 8, stepTokenBudget: 7)),
  ])
  func configurationsAreChecked(setting: String, configuration: SchedulerConfiguration) {
    let error = #expect(throws: SchedulerError.self) { try Scheduler(configuration) }
    switch error {
    case .invalidConfiguration(setting, _, _), .invalidDuration(setting, _, _): break
    default: Issue.record("\(setting) expected, found \(String(describing: error))")
    }
  }

  @Test func brokenBooksAreFound() throws {
    var scheduler = try scheduler(budget: 40)
    for id in 1...2 as ClosedRange<UInt64> {
      let prompt = CachedPrompt(tokens: Array(0..<19), namespace: CacheNamespace(id, 0, 0, 0))
      try scheduler.submit(SequenceRequest(id: RequestID(rawValue: id), prompt: prompt, maximumTokens: 3), at: 0)
      try scheduler.step()
    }
    scheduler.cancel(2)
    let (running, kept) = (Int(scheduler.running[0]), try #require(scheduler.cache.pageOrder.first))
    let damages: [(inout Scheduler) -> Void] = [
      { $0.sequences[running].pages[0] = $0.sequences[running].pages[1] }, { _ = $0.cache.takePage() },
      { $0.cache.giveBackSlot(0) }, { $0.sequences[running].slot = nil }, { $0.sequences[running].computed = 21 },
      { $0.sequences[running].computed = 9 }, { $0.sequences[running].phase = .ended },
      { $0.sequences[running].isInFlight = true },
      { $0.queue.insert(Int32(running), account: 0, rank: $0.sequences[running].rank, isResumed: true) },
      { $0.sequences[running].known = 40 },
      { $0.counters.submitted += 1 }, { $0.running = [] }, { $0.claimedPages += 1 }, { $0.indices = [:] },
      { $0.sequences[running].tokens = [] }, { $0.cache.nodes[Int(kept)].filled = 1 },
      { $0.cache.nodes[Int(kept)].parent = kept }, { $0.cache.touchPage(kept) }, { $0.cache.checkpointAt = [:] },
      { $0.cache.checkpointOrder.remove(1) }, { $0.cache.nodes[Int(kept)].checkpoints = [] },
      { $0.cache.roots = [:] }, { $0.cache.references[Int(kept)] = 1 },
    ]
    for (index, damage) in damages.enumerated() {
      var broken = scheduler
      damage(&broken)
      #expect(throws: SchedulerError.self, "damage \(index)") { try broken.checkInvariants() }
    }
  }
}
