import TestSupport
import Testing

@testable import Scheduler

/// Taking out what is cached, and putting it back.
@Suite struct TransferTests {
  private static let namespace = CacheNamespace(1, 2, 3, 4)

  /// A scheduler, the memory it manages, and files that hold what was taken out.
  private struct Harness {
    var scheduler: Scheduler
    var memory: CacheMemory
    var random: SplitMix64
    var nextID: UInt64 = 0
    var now = 0.0

    init(_ configuration: SchedulerConfiguration, seed: UInt64) throws {
      scheduler = try Scheduler(configuration)
      memory = CacheMemory(configuration)
      random = SplitMix64(seed: seed)
    }

    mutating func newID() -> RequestID {
      nextID += 1
      return RequestID(rawValue: nextID)
    }

    /// Computes one step; new tokens are zeros.
    mutating func step(_ sequences: inout [RequestID: [Int32]]) throws {
      now += 1
      let plan = scheduler.plan(at: now)
      memory.perform(plan.copies)
      var sampled: [Int32] = []
      for chunk in plan.chunks {
        let digests = CacheMemory.digests(of: sequences[chunk.request] ?? [])
        let isSound = memory.compute(chunk, digests: digests)
        #expect(isSound, "request \(chunk.request.rawValue) at \(chunk.position)")
        if chunk.samples {
          sampled.append(0)
          sequences[chunk.request]?.append(0)
        }
      }
      memory.perform(plan.checkpoints)
      scheduler.complete(plan, sampled: sampled, seconds: 0.1)
      try scheduler.checkInvariants()
    }

    /// Computes a prompt and some tokens. Returns how many of the prompt's were reused.
    mutating func run(_ tokens: [Int32], breakpoints: [Int] = []) throws -> Int {
      let id = newID()
      let before = scheduler.counters.reusedTokens
      try scheduler.submit(
        SequenceRequest(
          id: id,
          prompt: CachedPrompt(
            tokens: tokens, namespace: TransferTests.namespace,
            breakpoints: breakpoints.map { CacheBreakpoint(position: $0, purpose: .shared) }),
          maximumTokens: 2), at: now)
      var sequences = [id: tokens]
      while scheduler.holds(id) { try step(&sequences) }
      return scheduler.counters.reusedTokens - before
    }

    /// Checks that what is said to be kept is what the memory holds.
    func checkKept(_ tokens: [Int32]) -> KeptPrefix {
      let kept = scheduler.kept(tokens, in: TransferTests.namespace)
      let digests = CacheMemory.digests(of: tokens)
      let size = scheduler.configuration.pageSize
      for (number, page) in kept.pages.enumerated() {
        #expect(memory.page(page) == Array(digests[(number * size + 1)...((number + 1) * size)]))
      }
      for state in kept.states {
        if let slot = state.slot { #expect(memory.slot(slot) == digests[state.position]) }
        #expect(state.position / size <= kept.pages.count)
        #expect((state.tail == nil) == (state.position % size == 0))
        let start = state.position / size * size
        if let tail = state.tail {
          #expect(memory.page(tail).starts(with: digests[(start + 1)..<(state.position + 1)]))
        }
      }
      return kept
    }

    /// Puts the next item back. Returns false where there is no memory for it.
    mutating func restoreNext(_ id: RequestID, _ tokens: [Int32], number: Int, count: Int) throws -> Bool {
      let digests = CacheMemory.digests(of: tokens)
      let size = scheduler.configuration.pageSize
      let place = scheduler.restoreNext(for: id)
      switch place {
      case nil: return false
      case .present: break
      case .page(let page): memory.write(Array(digests[(number * size + 1)...((number + 1) * size)]), to: page)
      case .state(let slot, let tail):
        if let slot { memory.write(digests[count], toSlot: slot) }
        let rest = Array(digests[(count / size * size + 1)..<(count + 1)])
        if let tail { memory.write(rest + Array(repeating: 7, count: size - rest.count), to: tail) }
      }
      try scheduler.checkInvariants()
      return true
    }
  }

  private static func configuration(states: Bool, pages: Int = 24) -> SchedulerConfiguration {
    SchedulerConfiguration(
      pageSize: 4, pageCount: pages, slotCount: 6, stepTokenBudget: 8, maximumRunning: 2, admissionHeadroomPages: 0,
      needsCheckpoints: states, checkpointLimit: 4, checkpointMinimumSpacing: 2, rewindLimit: 2, rewindBoundary: 4)
  }

  @Test func whatARequestLeavesIsToldOf() throws {
    var harness = try Harness(Self.configuration(states: true), seed: 1)
    let tokens = (0..<18).map { Int32($0 % 5) }
    _ = try harness.run(tokens, breakpoints: [6])
    let kept = harness.checkKept(tokens + [0, 0])
    #expect(kept.pages.count == 4)
    // Where it was asked for, before the last token of the prompt, and at the end: the last new token is not computed.
    #expect(kept.states.map(\.position) == [6, 17, 19])
    #expect(harness.checkKept([9, 9]) == KeptPrefix())
  }

  @Test(arguments: [4, 3]) func whatIsRestoredMayTakeTheLastPageOfItsTree(count: Int) throws {
    // All there is of the tree gives way to the first page that is restored.
    var harness = try Harness(Self.configuration(states: false, pages: 1), seed: 5)
    let id = harness.newID()
    let old = CachedPrompt(tokens: [1, 2, 3], namespace: Self.namespace)
    try harness.scheduler.submit(SequenceRequest(id: id, prompt: old, maximumTokens: 1), at: 0)
    var sequences = [id: old.tokens]
    while harness.scheduler.holds(id) { try harness.step(&sequences) }
    #expect(harness.scheduler.keptPageCount == 1)
    let tokens: [Int32] = [5, 6, 7, 8]
    let restored = harness.newID()
    let prompt = CachedPrompt(tokens: tokens, namespace: Self.namespace)
    #expect(harness.scheduler.beginRestoring(restored, prompt, count: count) == 0)
    let isRestored = try harness.restoreNext(restored, tokens, number: 0, count: count)
    #expect(isRestored)
    harness.scheduler.endRestoring(restored)
    try harness.scheduler.checkInvariants()
    #expect(harness.scheduler.reusableTokens(of: prompt) == 3)
  }

  @Test(arguments: [true, false]) func restoredTokensAreReused(states: Bool) throws {
    var harness = try Harness(Self.configuration(states: states), seed: 2)
    let tokens = (0..<18).map { Int32($0 % 5) }
    for count in [14, 16, 17] {
      let own = tokens.map { $0 + Int32(count) }
      let prompt = CachedPrompt(tokens: own, namespace: Self.namespace)
      let id = harness.newID()
      let present = harness.scheduler.beginRestoring(id, prompt, count: count)
      #expect(present == 0)
      for number in 0..<(count / 4 + (states || count % 4 > 0 ? 1 : 0)) {
        let isRestored = try harness.restoreNext(id, own, number: number, count: count)
        #expect(isRestored)
      }
      harness.scheduler.endRestoring(id)
      try harness.scheduler.checkInvariants()
      #expect(harness.scheduler.reusableTokens(of: prompt) == count)
      _ = harness.checkKept(own)
      let reused = try harness.run(own)
      #expect(reused == count)
    }
  }

  @Test func whatIsBegunAndNotFinishedLeavesNothing() throws {
    var harness = try Harness(Self.configuration(states: true), seed: 3)
    let tokens = (0..<18).map { Int32($0 % 5) }
    let id = harness.newID()
    let present = harness.scheduler.beginRestoring(
      id, CachedPrompt(tokens: tokens, namespace: Self.namespace), count: 17)
    #expect(present == 0)
    for number in 0..<3 {
      let isRestored = try harness.restoreNext(id, tokens, number: number, count: 17)
      #expect(isRestored)
    }
    harness.scheduler.endRestoring(id)
    try harness.scheduler.checkInvariants()
    #expect(harness.scheduler.availablePageCount == 24 && harness.scheduler.keptPageCount == 0)
    let next = harness.scheduler.restoreNext(for: id)
    #expect(next == nil)
  }

  @Test func noMoreIsBegunThanThereIsRoomFor() throws {
    var harness = try Harness(Self.configuration(states: true, pages: 4), seed: 4)
    let prompt = CachedPrompt(tokens: Array(0..<18), namespace: Self.namespace)
    let begun = [17, 16, 19, 0].map { harness.scheduler.beginRestoring(harness.newID(), prompt, count: $0) }
    #expect(begun == [nil, 0, nil, nil])
  }

  /// Requests and restorations between one another's steps, in little memory.
  @Test(arguments: [true, false], 1...4) func restoringBesideRequests(states: Bool, seed: UInt64) throws {
    var harness = try Harness(Self.configuration(states: states), seed: seed)
    let stems = (0..<4).map { _ in (0..<24).map { _ in Int32.random(in: 0..<3, using: &harness.random) } }
    var sequences: [RequestID: [Int32]] = [:]
    var restorations: [RequestID: (tokens: [Int32], number: Int, count: Int)] = [:]
    var restored = 0
    for _ in 0..<600 {
      let stem = stems[Int.random(in: 0..<4, using: &harness.random)]
      let tokens = Array(stem.prefix(.random(in: 6...24, using: &harness.random)))
      let prompt = CachedPrompt(tokens: tokens, namespace: Self.namespace)
      switch Int.random(in: 0..<6, using: &harness.random) {
      case 0 where sequences.count < 6:
        let id = harness.newID()
        try harness.scheduler.submit(SequenceRequest(id: id, prompt: prompt, maximumTokens: 3), at: harness.now)
        sequences[id] = tokens
      case 1 where restorations.count < 2:
        let id = harness.newID()
        let count = Int.random(in: 1...tokens.count, using: &harness.random)
        if let number = harness.scheduler.beginRestoring(id, prompt, count: count) {
          restorations[id] = (tokens, number, count)
        }
      case 2...3:
        guard let (id, restoration) = restorations.min(by: { $0.key < $1.key }) else { continue }
        let isLast = (restoration.number + 1) * 4 > restoration.count
        let isDone = try !harness.restoreNext(
          id, restoration.tokens, number: restoration.number, count: restoration.count)
        restorations[id]?.number += 1
        guard isDone || isLast else { continue }
        harness.scheduler.endRestoring(id)
        restorations[id] = nil
        if !isDone { restored += 1 }
        try harness.scheduler.checkInvariants()
      default:
        try harness.step(&sequences)
        if harness.scheduler.runningCount == 0, harness.scheduler.waitingCount > 0 {
          // The pages that restorations hold are needed.
          for id in restorations.keys.sorted() { harness.scheduler.endRestoring(id) }
          restorations = [:]
        }
        for id in sequences.keys where !harness.scheduler.holds(id) { sequences[id] = nil }
      }
      _ = harness.checkKept(stem)
    }
    for id in restorations.keys.sorted() { harness.scheduler.endRestoring(id) }
    while !harness.scheduler.isIdle { try harness.step(&sequences) }
    #expect(restored > 10 && harness.scheduler.counters.reusedTokens > 100)
  }
}
