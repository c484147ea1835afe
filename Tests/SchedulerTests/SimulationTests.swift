import Scheduler
import TestSupport
import Testing

/// What an engine's memory would hold: which token of which request lies in every place of every page, and how far each
/// slot's state has come. Finds every page that is shared, stale or lost, and every token out of order.
private struct CacheModel {
  struct Token: Equatable {
    var request: RequestID
    var index: Int
  }

  let pageSize: Int
  var pages: [[Token?]]
  var slots: [Token?]

  init(_ configuration: SchedulerConfiguration) {
    pageSize = configuration.pageSize
    pages = Array(repeating: Array(repeating: nil, count: pageSize), count: configuration.pageCount)
    slots = Array(repeating: nil, count: configuration.slotCount)
  }

  /// Writes the chunk's tokens, and returns whether everything in front of them was there.
  mutating func compute(_ chunk: SequenceChunk) -> Bool {
    var isSound = chunk.position == 0 || slots[chunk.slot] == Token(request: chunk.request, index: chunk.position)
    for index in 0..<chunk.position {
      isSound =
        isSound
        && pages[Int(chunk.pages[index / pageSize])][index % pageSize]
          == Token(request: chunk.request, index: index)
    }
    for index in chunk.position..<(chunk.position + chunk.count) {
      pages[Int(chunk.pages[index / pageSize])][index % pageSize] = Token(request: chunk.request, index: index)
    }
    slots[chunk.slot] = Token(request: chunk.request, index: chunk.position + chunk.count)
    return isSound
  }
}

/// Random clients in front of a scheduler.
private struct Simulation {
  struct Client {
    var prompt: Int
    var maximum: Int
    var generated = 0
    var computed = 0
  }

  var scheduler: Scheduler
  var cache: CacheModel
  var clients: [RequestID: Client] = [:]
  /// In order of submission.
  var alive: [RequestID] = []
  var nextID: UInt64 = 0
  var random: SplitMix64
  var finished = 0
  var needed = 0

  init(seed: UInt64, _ configuration: SchedulerConfiguration) throws {
    scheduler = try Scheduler(configuration)
    cache = CacheModel(configuration)
    random = SplitMix64(seed: seed)
  }

  /// Submits, cancels or finishes something.
  mutating func disturb() throws {
    switch Int.random(in: 0..<10, using: &random) {
    case 0..<6:
      let id = RequestID(rawValue: nextID)
      let client = Client(prompt: .random(in: 1...50, using: &random), maximum: .random(in: 1...30, using: &random))
      do {
        try scheduler.submit(id, promptTokens: client.prompt, maximumTokens: client.maximum)
        nextID += 1
        clients[id] = client
        alive.append(id)
      } catch {
        switch error {
        case .promptTooLong(let needed, let available):
          #expect(needed == client.prompt + client.maximum - 1 && available < needed)
        case .queueFull(let limit): #expect(scheduler.waitingCount >= limit)
        default: throw error
        }
      }
    case 6..<8:
      guard let id = alive.randomElement(using: &random) else { return }
      scheduler.cancel(id)
      end(id)
    default:
      // As a stop string or an end token would.
      guard let id = alive.randomElement(using: &random), clients[id]?.generated ?? 0 > 0 else { return }
      scheduler.finish(id)
      finished += 1
      end(id)
    }
    try scheduler.checkInvariants()
  }

  mutating func step(disturbances: Int) throws {
    let plan = scheduler.plan()
    try scheduler.checkInvariants()
    for id in plan.preempted { clients[id]?.computed = 0 }
    #expect(plan.chunks.reduce(0) { $0 + $1.count } <= scheduler.configuration.stepTokenBudget)
    #expect(plan.chunks.map(\.request) == alive.filter { id in plan.chunks.contains { $0.request == id } })
    // Who decodes is served, unless it gave way; the oldest always is.
    for (id, client) in clients where client.computed > 0 && client.computed == client.prompt + client.generated - 1 {
      #expect(plan.chunks.contains { $0.request == id && $0.count == 1 && $0.samples })
    }
    #expect(plan.chunks.first?.request == alive.first)
    for chunk in plan.chunks {
      #expect(chunk.position == clients[chunk.request]?.computed)
      let isSound = cache.compute(chunk)
      #expect(isSound, "\(chunk)")
      clients[chunk.request]?.computed += chunk.count
      needed += chunk.count
    }
    for _ in 0..<disturbances { try disturb() }
    // A step that is in flight keeps its memory, whatever happened meanwhile.
    let taken = plan.chunks.flatMap(\.pages)
    #expect(Set(taken).count == taken.count)
    #expect(scheduler.freePageCount <= scheduler.configuration.pageCount - taken.count)
    scheduler.complete(plan)
    try scheduler.checkInvariants()
    for chunk in plan.chunks where chunk.samples {
      guard var client = clients[chunk.request] else { continue }
      #expect(client.computed == client.prompt + client.generated)
      client.generated += 1
      clients[chunk.request] = client
      if client.generated == client.maximum {
        #expect(!scheduler.holds(chunk.request))
        finished += 1
        end(chunk.request)
      }
    }
  }

  private mutating func end(_ id: RequestID) {
    clients[id] = nil
    alive.removeAll { $0 == id }
  }
}

@Suite struct SimulationTests {
  @Test(arguments: [
    // Few pages, so that sequences are preempted all the time; then few slots; then plenty of both.
    (seed: 1, pages: 21, slots: 6, budget: 16, headroom: 0), (seed: 2, pages: 20, slots: 8, budget: 8, headroom: 1),
    (seed: 3, pages: 60, slots: 2, budget: 5, headroom: 2), (seed: 4, pages: 200, slots: 8, budget: 64, headroom: 2),
  ])
  func aHundredThousandEvents(seed: UInt64, pages: Int, slots: Int, budget: Int, headroom: Int) throws {
    var simulation = try Simulation(
      seed: seed,
      SchedulerConfiguration(
        pageSize: 4, pageCount: pages, slotCount: slots, stepTokenBudget: budget, maximumRunning: 8,
        maximumQueued: 12, admissionHeadroomPages: headroom))
    var events = 0
    while events < 25_000 {
      let (before, within) = (
        Int.random(in: 0...1, using: &simulation.random), Int.random(in: 0...1, using: &simulation.random)
      )
      for _ in 0..<before { try simulation.disturb() }
      try simulation.step(disturbances: within)
      events += before + within + 2
    }
    var steps = 0
    while !simulation.scheduler.isIdle, steps < 10_000 {
      try simulation.step(disturbances: 0)
      steps += 1
    }
    #expect(simulation.alive.isEmpty && simulation.scheduler.isIdle)
    let counters = simulation.scheduler.counters
    #expect(counters.finished == simulation.finished && counters.finished > 100)
    #expect(counters.computedTokens == simulation.needed)
    #expect(simulation.scheduler.freePageCount == pages && simulation.scheduler.freeSlotCount == slots)
    if seed <= 2 { #expect(counters.preemptions > 20) }
  }

  @Test func equalEventsGiveEqualPlans() throws {
    func plans() throws -> [StepPlan] {
      var scheduler = try Scheduler(
        SchedulerConfiguration(pageSize: 4, pageCount: 24, slotCount: 4, stepTokenBudget: 12, maximumRunning: 4))
      var plans: [StepPlan] = []
      for id in 0..<40 as Range<UInt64> {
        try scheduler.submit(RequestID(rawValue: id), promptTokens: 1 + Int(id * 7 % 23), maximumTokens: 20)
        plans.append(scheduler.plan())
        if id % 5 == 0 { scheduler.cancel(RequestID(rawValue: id / 2)) }
        scheduler.complete(plans[plans.count - 1])
      }
      return plans
    }
    let expected = try plans()
    for _ in 0..<3 { #expect(try plans() == expected) }
  }
}
