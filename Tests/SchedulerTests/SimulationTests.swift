import Scheduler
import TestSupport
import Testing

@Suite struct SimulationTests {
  @Test(arguments: [
    // Few pages, so that sequences are preempted all the time; then few slots; then plenty of both; then no states; then
    // guesses, with few pages and with plenty.
    (seed: 1, pages: 21, slots: 8, budget: 16, headroom: 0, states: true, drafts: 0),
    (seed: 2, pages: 20, slots: 9, budget: 8, headroom: 1, states: true, drafts: 0),
    (seed: 3, pages: 60, slots: 2, budget: 5, headroom: 2, states: true, drafts: 0),
    (seed: 4, pages: 200, slots: 40, budget: 64, headroom: 2, states: true, drafts: 0),
    (seed: 5, pages: 25, slots: 8, budget: 16, headroom: 1, states: false, drafts: 0),
    (seed: 6, pages: 21, slots: 8, budget: 16, headroom: 0, states: true, drafts: 3),
    (seed: 7, pages: 200, slots: 40, budget: 64, headroom: 2, states: true, drafts: 4),
    (seed: 8, pages: 25, slots: 8, budget: 24, headroom: 1, states: false, drafts: 2),
  ])
  func everyTokenIsComputedBehindItsOwn(
    seed: UInt64, pages: Int, slots: Int, budget: Int, headroom: Int, states: Bool, drafts: Int
  ) throws {
    var clients = try RandomClients(
      seed: seed,
      SchedulerConfiguration(
        pageSize: 4, pageCount: pages, slotCount: slots, stepTokenBudget: budget, maximumRunning: 8,
        maximumQueued: 12, admissionHeadroomPages: headroom, needsCheckpoints: states, checkpointLimit: 30,
        checkpointSpacing: 8, checkpointMinimumSpacing: 3, spacedCheckpointsPerPrompt: 3, rewindLimit: Int(seed % 4),
        rewindBoundary: 3, maximumDrafts: drafts))
    var events = 0
    while events < 1_500 {
      let (before, within) = (
        Int.random(in: 0...1, using: &clients.random), Int.random(in: 0...1, using: &clients.random)
      )
      for _ in 0..<before { try clients.disturb() }
      try clients.step(disturbances: within)
      events += before + within + 2
    }
    var steps = 0
    while !clients.scheduler.isIdle, steps < 10_000 {
      try clients.step(disturbances: 0)
      steps += 1
    }
    #expect(clients.alive.isEmpty && clients.scheduler.isIdle)
    let counters = clients.scheduler.counters
    #expect(counters.finished == clients.finished && counters.finished > 50)
    #expect(counters.computedTokens == clients.needed)
    #expect(counters.draftedTokens == clients.drafted && counters.acceptedTokens == clients.accepted)
    if drafts > 0 { #expect(clients.accepted > 100 && clients.drafted - clients.accepted > 100) }
    #expect(clients.scheduler.availablePageCount == pages && clients.scheduler.availableSlotCount == slots)
    // Where every slot is needed to run in, hardly a state survives.
    if slots > 2 { #expect(counters.reusedTokens > 200 && clients.forked > 0) }
    if seed <= 2 { #expect(counters.preemptions > 20) }
  }

  @Test func equalEventsGiveEqualPlans() throws {
    func plans() throws -> [StepPlan] {
      var scheduler = try Scheduler(
        SchedulerConfiguration(pageSize: 4, pageCount: 24, slotCount: 6, stepTokenBudget: 12, maximumRunning: 4))
      var plans: [StepPlan] = []
      for id in 0..<40 as Range<UInt64> {
        let tokens = (0..<(1 + Int32(id * 7 % 23))).map { $0 * Int32(id % 3) }
        let prompt = CachedPrompt(tokens: tokens, namespace: CacheNamespace(0, 0, 0, 0))
        try scheduler.submit(SequenceRequest(id: RequestID(rawValue: id), prompt: prompt, maximumTokens: 20), at: 0)
        plans.append(scheduler.plan(at: 0))
        if id % 5 == 0 { scheduler.cancel(RequestID(rawValue: id / 2)) }
        scheduler.complete(
          plans[plans.count - 1], sampled: Array(repeating: 1, count: plans[plans.count - 1].sampledCount), seconds: 0)
      }
      return plans
    }
    let expected = try plans()
    for _ in 0..<3 { #expect(try plans() == expected) }
  }
}
