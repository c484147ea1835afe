import Dispatch
import Engine
import Scheduler
import ServingTestSupport
import Testing

@testable import Serving

/// Cancelling, refusing and stopping. A gate holds the step loop, so that the tests decide when a step happens.
@Suite struct LifecycleTests {
  private static let endless = String(repeating: "on and on ", count: 1000)

  /// Waits until the service is as it should be; the loop's thread gets there on its own.
  private func wait(_ service: ChatService, until isReached: (ServiceStatistics) -> Bool) async throws {
    while !isReached(service.statistics) { try await Task.sleep(for: .milliseconds(1)) }
  }

  @Test func aCancelledRequestIsInNoFurtherStep() async throws {
    let gate = DispatchSemaphore(value: 0)
    let fixture = try ServiceFixture(beforeStep: { _ in gate.wait() }, reply: { _, _ in Self.endless })
    let generation = try await fixture.service.generate(.asking("?"))
    let reader = Task {
      for await _ in generation.events {}
    }
    for _ in 0..<5 { gate.signal() }
    // The sixth step is planned and waits at the gate: it is the one in flight when the client goes.
    try await wait(fixture.service) { $0.steps == 6 }
    reader.cancel()
    await reader.value
    gate.signal()
    try await wait(fixture.service) { $0.cancelled == 1 }
    #expect(fixture.log.steps.count == 6)
    #expect(fixture.service.statistics.running == 0)
    for _ in 0..<1000 { gate.signal() }
    var request = ChatRequest.asking("?")
    request.options.maximumTokens = 3
    #expect(await CollectedReply(try await fixture.service.generate(request)).finish == .length)
  }

  @Test func droppingAGenerationCancelsIt() async throws {
    let fixture = try ServiceFixture { _, _ in Self.endless }
    _ = try await fixture.service.generate(.asking("?"))
    try await wait(fixture.service) { $0.cancelled == 1 && $0.running == 0 }
  }

  @Test func moreThanRunAndWaitAreRefused() async throws {
    let gate = DispatchSemaphore(value: 0)
    let scheduler = SchedulerConfiguration(
      pageCount: 100, slotCount: 2, stepTokenBudget: 64, maximumRunning: 2, maximumQueued: 1)
    let fixture = try ServiceFixture(
      scheduler: scheduler, beforeStep: { _ in gate.wait() }, reply: { _, _ in "yes" })
    var accepted: [Generation] = []
    for _ in 0..<3 { accepted.append(try await fixture.service.generate(.asking("?"))) }
    let error = await #expect(throws: GenerationError.self) { try await fixture.service.generate(.asking("?")) }
    guard case .queueFull(limit: 3) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    for _ in 0..<1000 { gate.signal() }
    for generation in accepted { #expect(await CollectedReply(generation).content == "yes") }
    #expect(await CollectedReply(try await fixture.service.generate(.asking("?"))).content == "yes")
  }

  @Test func drainingRefusesNewRequestsAndFinishesRunningOnes() async throws {
    let gate = DispatchSemaphore(value: 0)
    let fixture = try ServiceFixture(beforeStep: { _ in gate.wait() }, reply: { _, _ in "to the end" })
    let running = try await fixture.service.generate(.asking("?"))
    async let drained: Void = fixture.service.drain(grace: .seconds(3600))
    while !fixture.service.isDraining { await Task.yield() }
    let error = await #expect(throws: GenerationError.self) { try await fixture.service.generate(.asking("?")) }
    guard case .draining = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    for _ in 0..<1000 { gate.signal() }
    let reply = await CollectedReply(running)
    #expect(reply.content == "to the end" && reply.finish == .stop)
    await drained
  }

  @Test func whatIsLeftAfterTheGraceFails() async throws {
    let fixture = try ServiceFixture { _, _ in Self.endless }
    let running = try await fixture.service.generate(.asking("?"))
    await fixture.service.drain(grace: .zero)
    let reply = await CollectedReply(running)
    // It may just have made it.
    guard reply.finish == nil else { return }
    guard case .draining = reply.error else {
      Issue.record("\(String(describing: reply.error))")
      return
    }
  }

  @Test func weightsThatWereChangedEndTheService() async throws {
    let gate = DispatchSemaphore(value: 0)
    let fixture = try ServiceFixture(
      beforeStep: { number throws(EngineError) in
        gate.wait()
        if number == 2 { throw .weightsChanged(path: "/models/weights") }
      }, reply: { _, _ in Self.endless })
    let generations = [
      try await fixture.service.generate(.asking("?")), try await fixture.service.generate(.asking("!")),
    ]
    for _ in 0..<3 { gate.signal() }
    #expect(await fixture.service.failure() == .weightsChanged(path: "/models/weights"))
    for generation in generations {
      let reply = await CollectedReply(generation)
      #expect(reply.finish == nil)
      // Clients do not learn where files are.
      let said = reply.error.map { "\($0)" } ?? ""
      #expect(said.contains("'weights'") && !said.contains("/models"))
    }
    let error = await #expect(throws: GenerationError.self) { try await fixture.service.generate(.asking("?")) }
    guard case .fileChanged("weights") = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    await fixture.service.drain(grace: .zero)
    #expect(fixture.log.steps.count == 3)
  }

  @Test func anIdleServiceDrainsAtOnceAndTwice() async throws {
    let fixture = try ServiceFixture { _, _ in "" }
    await fixture.service.drain(grace: .seconds(3600))
    await fixture.service.drain(grace: .seconds(3600))
  }

  @Test func preemptionChangesNothing() async throws {
    let replies = ["alpha ", "beta ", "gamma ", "delta "].map { String(repeating: $0, count: 60) }
    let reply: ScriptedChat.Reply = { prompt, _ in
      replies.first { prompt.contains("say " + $0.prefix(4)) } ?? "?"
    }
    // Each needs about four pages; together they have seven.
    let small = SchedulerConfiguration(
      pageCount: 7, slotCount: 4, stepTokenBudget: 32, maximumRunning: 4, admissionHeadroomPages: 0)
    let gate = DispatchSemaphore(value: 0)
    let fixture = try ServiceFixture(
      scheduler: small,
      beforeStep: { number in
        if number == 0 { gate.wait() }
      }, reply: reply)
    let requests = replies.map { text in
      var request = ChatRequest.asking("say " + text.prefix(4))
      request.options.maximumTokens = 180
      return request
    }
    var generations: [Generation] = []
    for request in requests { generations.append(try await fixture.service.generate(request)) }
    gate.signal()
    var together: [CollectedReply] = []
    for generation in generations { together.append(await CollectedReply(generation)) }
    let roomy = try ServiceFixture(reply: reply)
    for (request, crowded) in zip(requests, together) {
      let alone = await CollectedReply(try await roomy.service.generate(request))
      #expect(alone.content == crowded.content && alone.usage == crowded.usage && alone.finish == crowded.finish)
      #expect(!alone.content.isEmpty)
    }
    #expect(fixture.service.statistics.preemptions > 0)
    #expect(roomy.service.statistics.preemptions == 0)
  }
}
