import Dispatch
import Engine
import Foundation
import Logging
import Scheduler
import ServingTestSupport
import Testing

@testable import Serving

/// The embedded model, through everything but the network.
@Suite struct SwiftletTests {
  private static let questions = [
    "What is Apus?", "What is 12 + 30?", "Spell swift.", "What is the capital of France?", "Hello!",
    "What is 768 * 7?", "How many r's are in strawberry?", "Who are you?",
  ]

  private func service(
    _ model: LoadedModel, pages: Int = 512, log: StepLog = StepLog(), release: DispatchSemaphore? = nil
  ) throws -> ChatService {
    let engine = try Engine(
      model: model.model,
      configuration: EngineConfiguration(pageCount: pages, slotCount: 8, maximumStepTokens: 512, threads: 1))
    let observed = ObservedEngine(engine, log: log) { number in
      if number == 0 { release?.wait() }
    }
    return try ChatService(
      format: model.format, engine: observed, contextLength: 512,
      scheduler: SchedulerConfiguration(
        pageCount: pages, slotCount: 8, stepTokenBudget: 512, maximumRunning: 8, admissionHeadroomPages: 0),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func greedy(_ question: String, mode: Mode = .instruct, limit: Int = 40) -> ChatRequest {
    var request = ChatRequest.asking(question, mode: mode)
    request.options.sampling.temperature = 0
    request.options.maximumTokens = limit
    return request
  }

  private func text(_ reply: CollectedReply) -> String {
    "\(reply.reasoning)|\(reply.content)|\(String(describing: reply.finish))|\(String(describing: reply.usage))"
  }

  @Test func eightGreedyRequestsAtOnceGetWhatTheyGetAlone() async throws {
    let model = try LoadedModel.embedded()
    #expect(model.format.modes.names == ["instruct", "thinking"] && model.format.modes.default == .instruct)
    let requests = Self.questions.enumerated().map { greedy($1, mode: $0 % 2 == 0 ? .instruct : .thinking) }

    let alone = try service(model)
    var expected: [String] = []
    var longest = 0
    for request in requests {
      let before = alone.statistics.steps
      expected.append(text(await CollectedReply(try await alone.generate(request))))
      longest = max(longest, alone.statistics.steps - before)
    }

    let release = DispatchSemaphore(value: 0)
    let together = try service(model, release: release)
    var generations: [Generation] = []
    for request in requests { generations.append(try await together.generate(request)) }
    release.signal()
    for (generation, expected) in zip(generations, expected) {
      #expect(text(await CollectedReply(generation)) == expected)
    }
    #expect(Double(together.statistics.steps) <= 1.2 * Double(longest))
  }

  @Test func aPoolFarTooSmallPreemptsAndChangesNothing() async throws {
    let model = try LoadedModel.embedded()
    // Prompts that nearly fill a page, so that every reply needs another, and there are three for four requests.
    let requests = try Self.questions.prefix(4).map { question in
      var padding = 0
      while true {
        var request = greedy(String(repeating: "Hello! ", count: padding) + question, limit: 120)
        request.options.sampling.temperature = 1
        request.options.seed = 7
        if try model.format.prompt(for: request, now: .now).tokens.count > 56 { return request }
        padding += 1
      }
    }
    let roomy = try service(model)
    // The first step waits for all of them.
    let release = DispatchSemaphore(value: 0)
    let small = try service(model, pages: 3, release: release)
    var generations: [Generation] = []
    for request in requests { generations.append(try await small.generate(request)) }
    release.signal()
    for (request, generation) in zip(requests, generations) {
      let crowded = text(await CollectedReply(generation))
      #expect(crowded == text(await CollectedReply(try await roomy.generate(request))))
    }
    #expect(small.statistics.preemptions > 0)
  }

  @Test func aSeedRepeatsAReplyAndAnotherDoesNot() async throws {
    let service = try service(try LoadedModel.embedded())
    func reply(seed: UInt64) async throws -> String {
      var request = greedy("Tell me a joke.")
      request.options.sampling.temperature = 2
      request.options.sampling.topP = 1
      request.options.seed = seed
      return text(await CollectedReply(try await service.generate(request)))
    }
    #expect(try await reply(seed: 1) == reply(seed: 1))
    #expect(try await reply(seed: 1) != reply(seed: 2))
  }

  @Test func aModelPackageThatIsNoneIsAnErrorThatNamesIt() {
    let error = #expect(throws: ServingError.self) { try LoadedModel(path: "/does/not/exist") }
    #expect(error?.description.contains("/does/not/exist") == true)
    let template = #expect(throws: ServingError.self) {
      try LoadedModel.embedded(chatTemplatePath: "/no/template.jinja")
    }
    #expect(template?.description.contains("/no/template.jinja") == true)
  }

  @Test func startingWithDefaultsPlansAndAnswers() async throws {
    let service = try ChatService(
      model: try LoadedModel.embedded(configuration: ServingConfiguration(maximumRunning: 2, threads: 1)),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    #expect(service.contextLength == 4096)
    let reply = await CollectedReply(try await service.generate(greedy("Hello!", limit: 8)))
    #expect(reply.error == nil && reply.usage?.completionTokens ?? 0 > 0)
  }
}
