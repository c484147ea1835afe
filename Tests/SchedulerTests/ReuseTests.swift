@testable import Scheduler
import TestSupport
import Testing

@Suite struct ReuseTests {
  /// Different tokens for different seeds.
  private func text(_ count: Int, seed: UInt64) -> [Int32] {
    var random = SplitMix64(seed: seed)
    return (0..<count).map { _ in Int32.random(in: 0..<30_000, using: &random) }
  }

  @Test func fiftyConversationsShareOneSystemPrompt() throws {
    let system = text(8003, seed: 1)
    var server = try VirtualServer(SchedulerConfiguration(pageCount: 1000, slotCount: 120, maximumRunning: 8))
    var histories = (0..<50).map { _ in system }
    var next: UInt64 = 0
    for turn in 0..<4 {
      var requests: [RequestID] = []
      for conversation in histories.indices {
        let news = text(37 + conversation, seed: UInt64(1000 + turn * 100 + conversation))
        histories[conversation] += news
        let id = RequestID(rawValue: next)
        next += 1
        requests.append(id)
        try server.submit(
          .cached(
            id, histories[conversation], maximum: 20, breakpoints: [CacheBreakpoint(position: 8003, purpose: .shared)]))
      }
      try server.drain()
      for (conversation, id) in requests.enumerated() {
        let record = try #require(server.records[id])
        let known = turn == 0 ? (conversation == 0 ? 0 : 8003) : histories[conversation].count - 38 - conversation
        // The last token of a reply is never computed.
        #expect(record.admitted?.reusedTokens == known, "conversation \(conversation), turn \(turn)")
        histories[conversation] += record.tokens
      }
    }
    #expect(server.scheduler.counters.preemptions == 0)
  }

  /// The state in front of a prompt's last tokens is kept without a step of its own, where it can be taken back to.
  @Test func aPromptsEndIsNoStepOfItsOwn() throws {
    // In front of the last token, and of the last three; of more than can be taken back; with a multiple of 16 between.
    for (count, turn, chunks) in [
      (210, 209, [210]), (213, 210, [213]), (210, 205, [205, 5]), (209, 206, [206, 3]), (208, 206, [208]),
      (209, 208, [209]),
    ] {
      var server = try VirtualServer(
        SchedulerConfiguration(pageCount: 40, slotCount: 4, maximumRunning: 1, rewindLimit: 3))
      let tokens = text(count, seed: UInt64(count))
      let place = CacheBreakpoint(position: turn, purpose: .turn)
      try server.submit(.cached(RequestID(rawValue: 1), tokens, maximum: 1, breakpoints: [place]))
      var computed: [Int] = []
      while !server.scheduler.isIdle { computed.append(server.step().chunks[0].count) }
      #expect(computed == chunks, "\(turn) of \(count)")
      try server.scheduler.checkInvariants()
      // Another prompt that parts there starts there.
      let other = Array(tokens[..<turn]) + text(40, seed: 77)
      try server.submit(.cached(RequestID(rawValue: 2), other, maximum: 1, breakpoints: []))
      try server.drain()
      #expect(server.records[RequestID(rawValue: 2)]?.admitted?.reusedTokens == turn)
    }
  }

  @Test(arguments: [true, false]) func aConversationOfTwentyTurnsComputesOnlyWhatIsNew(states: Bool) throws {
    var server = try VirtualServer(
      SchedulerConfiguration(pageCount: 300, slotCount: 6, maximumRunning: 2, needsCheckpoints: states))
    var history = text(500, seed: 2)
    var reused = 0
    for turn in 0..<20 {
      let record = try server.answer(.cached(RequestID(rawValue: UInt64(turn)), history, maximum: 100))
      #expect(record.admitted?.reusedTokens == reused)
      #expect(record.computed == history.count - reused + 99)
      reused = history.count + 99
      history += record.tokens + text(700, seed: UInt64(100 + turn))
    }
    #expect(history.count > 16_000)
  }

  @Test func theLeastRecentlyUsedGoFirst() throws {
    // Room for the pages of four conversations of two pages, and a page over.
    var server = try VirtualServer(
      SchedulerConfiguration(pageCount: 9, slotCount: 20, maximumRunning: 1, checkpointMinimumSpacing: 50))
    let prompts = (0..<5).map { text(100, seed: UInt64($0)) }
    for (number, prompt) in prompts.prefix(4).enumerated() {
      _ = try server.answer(.cached(RequestID(rawValue: UInt64(number)), prompt, maximum: 20))
    }
    // The first is used again; the fifth needs room, and the second goes, its last page first.
    let again = try server.answer(.cached(10, prompts[0] + [7], maximum: 1))
    #expect(again.admitted?.reusedTokens == 99)
    _ = try server.answer(.cached(11, prompts[4], maximum: 20))
    for (number, isThere) in [(0, true), (4, true), (3, true), (2, true), (1, false)] {
      let match = server.scheduler.predictedReuse(prompts[number])
      #expect((match > 0) == isThere, "prompt \(number)")
    }
    let second = try server.answer(.cached(12, prompts[1], maximum: 1))
    #expect(second.admitted?.reusedTokens == 0 && second.admitted?.report?.reason == .evicted)
  }

  @Test func checkpointsBeyondTheBudgetGoSupersededOnesFirst() throws {
    var server = try VirtualServer(
      SchedulerConfiguration(pageCount: 500, slotCount: 10, maximumRunning: 1, checkpointLimit: 3))
    let prompts = (0..<4).map { text(50, seed: UInt64($0)) }
    var first = prompts[0]
    first += try server.answer(.cached(0, first)).tokens
    _ = try server.answer(.cached(1, prompts[1]))
    // The second turn of the first conversation supersedes its first turn's end.
    first += text(30, seed: 77)
    first += try server.answer(.cached(2, first)).tokens
    #expect(server.scheduler.checkpointCount == 3)
    _ = try server.answer(.cached(3, prompts[2]))
    #expect(server.scheduler.checkpointCount == 3)
    #expect(server.scheduler.predictedReuse(first + [1]) == first.count - 1)
    #expect(server.scheduler.predictedReuse(prompts[1] + server.records[1, default: .init(submitted: 0)].tokens) == 57)
    // Now the second conversation is the one used least recently.
    _ = try server.answer(.cached(4, prompts[3]))
    #expect(server.scheduler.predictedReuse(prompts[1] + server.records[1, default: .init(submitted: 0)].tokens) == 0)
    #expect(server.scheduler.predictedReuse(first + [1]) == first.count - 1)
    try server.scheduler.checkInvariants()
  }

  @Test func aPreemptedSequenceGoesOnWhereItWas() throws {
    var server = try VirtualServer(SchedulerConfiguration(pageCount: 40, slotCount: 3, maximumRunning: 1))
    try server.submit(.cached(1, text(200, seed: 1), maximum: 80))
    for _ in 0..<20 { server.step() }
    var urgent = SequenceRequest.cached(2, text(200, seed: 2), maximum: 80)
    urgent.priority = 1
    try server.submit(urgent)
    try server.drain()
    #expect(server.records[1]?.preemptions == 1 && server.records[2]?.preemptions == 0)
    for id in [1, 2] as [RequestID] {
      // Not a token was computed twice.
      #expect(server.records[id]?.tokens.count == 80 && server.records[id]?.computed == 279)
    }
    #expect(server.scheduler.counters.reusedTokens > 200)
  }

  @Test func whereMemoryIsShortAPreemptedSequenceGoesOnFromWhatIsLeft() throws {
    // They grow to 13 and 15 pages, and there are 20: the second is preempted, and its last pages are taken.
    var server = try VirtualServer(
      SchedulerConfiguration(
        pageSize: 4, pageCount: 20, slotCount: 6, stepTokenBudget: 64, maximumRunning: 2, admissionHeadroomPages: 0,
        checkpointMinimumSpacing: 4))
    try server.submit(.cached(1, text(20, seed: 1), maximum: 30))
    try server.submit(.cached(2, text(20, seed: 2), maximum: 40))
    try server.drain()
    let second = try #require(server.records[2])
    #expect(server.records[1]?.preemptions == 0 && second.preemptions == 1)
    #expect(second.tokens.count == 40)
    #expect(second.computed > 59 && server.scheduler.counters.reusedTokens >= 19)
  }

  @Test func everyTokenIsAPlaceToStartAtWithoutStates() throws {
    var server = try VirtualServer(
      SchedulerConfiguration(pageCount: 100, slotCount: 2, maximumRunning: 2, needsCheckpoints: false))
    let prompt = text(200, seed: 1)
    _ = try server.answer(.cached(1, prompt))
    for cut in [1, 63, 64, 65, 130, 199] {
      let record = try server.answer(
        .cached(RequestID(rawValue: UInt64(100 + cut)), Array(prompt.prefix(cut)) + [-1, -2]))
      #expect(record.admitted?.reusedTokens == cut)
      #expect(record.admitted?.report?.reason == .differs)
    }
    let same = try server.answer(.cached(2, prompt))
    #expect(same.admitted?.reusedTokens == 199 && same.admitted?.report?.reason == .complete)
    #expect(same.computed == 8)
  }

  @Test func statesAreKeptWhereItIsWorthWhile() throws {
    var server = try VirtualServer(
      SchedulerConfiguration(
        pageCount: 200, slotCount: 40, maximumRunning: 1, checkpointSpacing: 1000, spacedCheckpointsPerPrompt: 3))
    let prompt = text(5000, seed: 1)
    _ = try server.answer(
      .cached(
        1, prompt,
        breakpoints: [
          CacheBreakpoint(position: 777, purpose: .shared), CacheBreakpoint(position: 5000, purpose: .shared),
          CacheBreakpoint(position: 0, purpose: .shared),
        ]))
    // Asked for; spaced, doubled until there are no more than three; at the prompt's end but one; at the reply's.
    #expect(server.scheduler.checkpointCount == 5)
    let cuts = [(776, 0), (777, 777), (1999, 777), (2001, 2000), (4500, 4000), (4999, 4999)]
    for (cut, expected) in cuts {
      #expect(server.scheduler.predictedReuse(Array(prompt.prefix(cut)) + [-1]) == expected, "\(cut)")
    }
    let same = try server.answer(.cached(2, prompt, maximum: 1))
    #expect(same.computed == 1)
  }

  @Test func reportsTellWhy() throws {
    var server = try VirtualServer(SchedulerConfiguration(pageCount: 100, slotCount: 9, maximumRunning: 1))
    let prompt = text(300, seed: 1)
    func report(_ request: SequenceRequest) throws -> CacheReport? { try server.answer(request).admitted?.report }
    let first = try report(.cached(1, prompt, breakpoints: [CacheBreakpoint(position: 100, purpose: .shared)]))
    #expect(first == CacheReport.expected(300, reused: 0, cached: 0, .notCached))
    let edited = try report(.cached(2, Array(prompt.prefix(150)) + text(80, seed: 2)))
    #expect(edited == CacheReport.expected(230, reused: 100, cached: 150, .differs))
    let longer = try report(.cached(3, prompt + (server.records[1]?.tokens ?? []) + text(20, seed: 3)))
    #expect(longer == CacheReport.expected(328, reused: 307, cached: 307, .notCached))
    let other = try report(.cached(4, prompt, namespace: CacheNamespace(9, 9, 9, 9)))
    #expect(other == CacheReport.expected(300, reused: 0, cached: 0, .otherNamespace))
    var stranger = SequenceRequest.cached(5, prompt, namespace: CacheNamespace(8, 8, 8, 8))
    stranger.tenant = TenantID(rawValue: 5)
    #expect(try report(stranger) == CacheReport.expected(300, reused: 0, cached: 0, .notCached))
  }

  @Test func forksAreSampledFromOnePrompt() throws {
    var server = try VirtualServer(SchedulerConfiguration(pageCount: 40, slotCount: 4, maximumRunning: 4))
    let prompt = text(1000, seed: 1)
    for id in 1...6 as ClosedRange<UInt64> {
      try server.submit(.cached(RequestID(rawValue: id), prompt, maximum: 12, fork: id == 1 ? nil : 1))
    }
    #expect(server.scheduler.waitingCount == 6)
    server.cancel(6)
    var plan = server.step()
    while !plan.chunks.contains(where: \.samples) { plan = server.step() }
    let forks = try #require(plan.chunks.last).forks
    #expect(forks == [2, 3, 4])
    // The tail of the prompt is theirs alone, the rest is shared: 15 pages, and one for each of four.
    #expect(server.scheduler.availablePageCount == 40 - 19)
    #expect(plan.checkpoints.count { if case .page = $0 { true } else { false } } == 3)
    try server.drain()
    for id in [1, 2, 3, 4, 5] as [RequestID] { #expect(server.records[id]?.tokens.count == 12) }
    // There was no slot for the fifth; the prompt's checkpoint was given up for one of the others.
    #expect(server.records[1]?.computed == 1011 && server.records[2]?.computed == 11)
  }

  @Test func appendedTokensAreComputedAndKept() throws {
    var server = try VirtualServer(SchedulerConfiguration(pageCount: 40, slotCount: 4, maximumRunning: 4))
    let prompt = text(10, seed: 1)
    try server.submit(.cached(1, prompt, maximum: 20))
    server.step()
    #expect(server.scheduler.append([5, 6, 7], to: 1) == 3)
    #expect(server.scheduler.append([5], to: 2) == 0)
    let plan = server.step()
    #expect(plan.chunks.map(\.count) == [4] && plan.chunks[0].samples && plan.load.decodes == 4)
    #expect(server.scheduler.append(Array(repeating: 9, count: 100), to: 1) == 14)
    try server.drain()
    #expect(server.records[1]?.tokens.count == 3)
    let reply = try #require(server.records[1]).tokens
    let whole = prompt + [reply[0], 5, 6, 7, reply[1]] + Array(repeating: 9, count: 14) + [reply[2]]
    #expect(server.scheduler.predictedReuse(whole + [1]) == 29)
  }
}

extension Scheduler {
  /// Tokens that would be reused of a prompt.
  func predictedReuse(_ tokens: [Int32]) -> Int { expectedReuse(of: .cached(0, tokens)) }
}

extension CacheReport {
  static func expected(_ prompt: Int, reused: Int, cached: Int, _ reason: Reason) -> CacheReport {
    CacheReport(promptTokens: prompt, reusedTokens: reused, cachedTokens: cached, reason: reason)
  }
}
