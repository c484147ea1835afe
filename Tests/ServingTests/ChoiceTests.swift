import Engine
import Glibc
import Logging
import Sampling
import Scheduler
import ServingTestSupport
import Tokenizer
import Testing

@testable import Serving

/// Several replies to one prompt, and the scores of tokens.
@Suite struct ChoiceTests {
  private func swiftlet(stepTokens: Int = 64) throws -> ChatService {
    let model = try LoadedModel.embedded()
    let engine = try Engine(
      model: model.model,
      configuration: EngineConfiguration(pageCount: 128, slotCount: 8, maximumStepTokens: 512, threads: 1))
    return try ChatService(
      format: model.format, engine: engine, contextLength: 512,
      scheduler: SchedulerConfiguration(
        pageCount: 128, slotCount: 8, stepTokenBudget: stepTokens, maximumRunning: 8, admissionHeadroomPages: 0),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func sampled(_ choices: Int, seed: UInt64) -> ChatRequest {
    var request = ChatRequest.asking("Tell me a joke.")
    request.options.sampling.temperature = 2
    request.options.sampling.topP = 1
    request.options.seed = seed
    request.options.maximumTokens = 12
    request.options.choices = choices
    return request
  }

  @Test func eachChoiceIsWhatItsSeedGivesAlone() async throws {
    let service = try swiftlet()
    let together = await CollectedReply.all(try await service.generate(sampled(4, seed: 7)))
    #expect(together.count == 4 && Set(together.map(\.content)).count > 1)
    let parameters = try SamplingParameters(seed: 7)
    for (index, reply) in together.enumerated() {
      let alone = await CollectedReply(try await service.generate(sampled(1, seed: parameters.choice(index).seed)))
      #expect(alone.content == reply.content && alone.finish == reply.finish)
      #expect(alone.end?.usage == reply.end?.usage)
    }
    let usage = try #require(together[0].usage)
    #expect(usage.completionTokens == together.reduce(0) { $0 + ($1.end?.usage.completionTokens ?? 0) })
    #expect(usage.promptTokens == together[0].end?.usage.promptTokens)
  }

  @Test func aChoiceThatIsTooLateFailsItsRequestWhileAnotherRuns() async throws {
    let fixture = try ServiceFixture(
      scheduler: SchedulerConfiguration(
        pageCount: 64, slotCount: 1, stepTokenBudget: 64, maximumRunning: 1, maximumQueued: 4),
      beforeStep: { _ in usleep(2000) }
    ) { _, _ in String(repeating: "word ", count: 400) }
    var request = ChatRequest.asking("?")
    request.options.choices = 2
    // The second choice waits until the first is whole, and that takes longer than it may.
    request.options.terms.deadline = .now + .milliseconds(60)
    let replies = await CollectedReply.all(try await fixture.service.generate(request))
    #expect(replies.count == 2)
    guard case .refused = replies[0].error else {
      Issue.record("\(replies)")
      return
    }
    let next = await CollectedReply(try await fixture.service.generate(ChatRequest.asking("?")))
    #expect(next.finish != nil)
  }

  @Test func moreChoicesThanPlacesAreRefused() async throws {
    let fixture = try ServiceFixture(
      scheduler: SchedulerConfiguration(
        pageCount: 64, slotCount: 2, stepTokenBudget: 64, maximumRunning: 2, maximumQueued: 1)
    ) { _, _ in "yes" }
    var request = ChatRequest.asking("?")
    request.options.choices = 4
    let error = await #expect(throws: GenerationError.self) { try await fixture.service.generate(request) }
    guard case .tooManyChoices(4, 3) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    request.options.choices = 3
    let replies = await CollectedReply.all(try await fixture.service.generate(request))
    #expect(replies.map(\.content) == ["yes", "yes", "yes"])
    // All places are free again.
    #expect(await CollectedReply.all(try await fixture.service.generate(request)).allSatisfy { $0.finish == .stop })
  }

  @Test func oneFailureFailsAllChoices() async throws {
    let fixture = try ServiceFixture(
      beforeStep: { number throws(EngineError) in
        if number == 3 { throw .threadCreationFailed(code: 7) }
      }, reply: { _, _ in "one two three four five six" })
    var request = ChatRequest.asking("?")
    request.options.choices = 3
    let replies = await CollectedReply.all(try await fixture.service.generate(request))
    #expect(replies.allSatisfy { $0.finish == nil && $0.error != nil })
    #expect(await CollectedReply(try await fixture.service.generate(.asking("?"))).finish == .stop)
  }

  // MARK: - Scores

  @Test func contentAndNothingElseIsScored() async throws {
    let fixture = try ServiceFixture { _, mode in
      mode == .thinking ? "é€ hm\n</think>\n\nIt is 42 – 𝄞!" : "It is 42 – 𝄞!"
    }
    let tokenizer = fixture.chat.format.tokenizer
    for mode in Mode.allCases {
      var request = ChatRequest.asking("?", mode: mode)
      request.options.scoredAlternatives = 3
      let reply = await CollectedReply(try await fixture.service.generate(request))
      #expect(reply.content == "It is 42 – 𝄞!")
      #expect(tokenizer.decode(reply.scores.map(\.token.id)) == reply.content)
      for score in reply.scores {
        // The scripted token is the likeliest by far.
        #expect(score.token.logProbability > -1e-6 && score.alternatives.count == 3)
        #expect(score.alternatives[0] == score.token && score.alternatives[1].logProbability < -900)
      }
    }
  }

  @Test func scoresEndWhereAStopStringEndsTheContent() async throws {
    let fixture = try ServiceFixture { _, _ in "one two three four" }
    var request = ChatRequest.asking("?")
    request.options.stop = [" three"]
    request.options.scoredAlternatives = 0
    let reply = await CollectedReply(try await fixture.service.generate(request))
    #expect(reply.content == "one two" && reply.end?.stopSequence == " three")
    #expect(fixture.chat.format.tokenizer.decode(reply.scores.map(\.token.id)) == "one two")
    #expect(reply.scores.allSatisfy { $0.alternatives.isEmpty })
  }

  @Test func aPromptsScoresAreThoseOfOnePass() async throws {
    let model = try LoadedModel.embedded()
    let tokens = model.format.tokenizer.encode("The capital of France is Paris. What is Apus? It is a server in Swift.")
    let engine = try Engine(
      model: model.model,
      configuration: EngineConfiguration(pageCount: 4, slotCount: 1, maximumStepTokens: 512, threads: 1))
    var sampler = Sampler(vocabularySize: engine.vocabularySize)
    var expected: [TokenScore?] = [nil]
    try engine.step([
      SequenceInput(tokens: tokens, position: 0, slot: 0, pages: [0], logits: .all)
    ]) { _, offset, row in
      if offset + 1 < tokens.count { expected.append(sampler.score(row, of: tokens[offset + 1], alternatives: 2)) }
    }

    var request = CompletionRequest(name: "test", prompt: .tokens(tokens))
    request.promptAlternatives = 2
    request.options.maximumTokens = 0
    request.options.choices = 2
    // In several chunks.
    let service = try swiftlet(stepTokens: 8)
    let replies = await CollectedReply.all(try await service.generate(request))
    #expect(replies[0].promptScores == expected)
    for reply in replies {
      #expect(reply.content.isEmpty && reply.scores.isEmpty && reply.finish == .length)
      #expect(reply.usage == TokenUsage(promptTokens: tokens.count))
    }
  }

  // MARK: - Raw prompts

  @Test func aRawPromptIsContinuedWithEveryTokenScored() async throws {
    let service = try swiftlet()
    let text = "<|im_start|>user\nWhat is Apus?<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"
    var request = CompletionRequest(name: "test", prompt: .text(text))
    request.options.sampling.temperature = 0
    request.options.scoredAlternatives = 1
    let reply = await CollectedReply(try await service.generate(request))
    var chat = ChatRequest.asking("What is Apus?")
    chat.options.sampling.temperature = 0
    let same = await CollectedReply(try await service.generate(chat))
    #expect(reply.content == same.content && reply.usage == same.usage && reply.finish == .stop)
    #expect(reply.scores.count == reply.usage?.completionTokens)
    #expect(reply.scores.last.map { service.format.endTokens.contains($0.token.id) } == true)
    #expect(reply.scores.allSatisfy { $0.alternatives[0] == $0.token })
  }

  @Test func tokensTheModelLacksAreRefused() async throws {
    let fixture = try ServiceFixture { _, _ in "" }
    for tokens in [[5, -1], [5, 1_000_000]] as [[Int32]] {
      let error = await #expect(throws: GenerationError.self) {
        try await fixture.service.generate(CompletionRequest(name: "test", prompt: .tokens(tokens)))
      }
      #expect(error?.description.contains("index 1") == true)
    }
    var request = ChatRequest.asking("?")
    request.options.sampling.bias = [1_000_000: 1]
    let error = await #expect(throws: GenerationError.self) { try await fixture.service.generate(request) }
    #expect(error?.description.contains("logit_bias") == true)
  }

  @Test func penaltiesAndBiasReachTheSampler() async throws {
    let service = try swiftlet()
    var request = ChatRequest.asking("What is Apus?")
    request.options.sampling.temperature = 0
    request.options.maximumTokens = 10
    let plain = await CollectedReply(try await service.generate(request))
    let first = try #require(service.format.tokenizer.encode(plain.content).first)
    request.options.sampling.bias = [first: -100]
    #expect(await !CollectedReply(try await service.generate(request)).content.hasPrefix(plain.content.prefix(3)))
    // A token that every step is told to take, until its penalty outweighs that.
    request.options.sampling.bias = [first: 100]
    let word = service.format.tokenizer.decode([first])
    let stuck = await CollectedReply(try await service.generate(request))
    #expect(stuck.content == String(repeating: word, count: 10))
    request.options.sampling.presencePenalty = 2
    request.options.sampling.frequencyPenalty = 2
    request.options.sampling.bias = [first: 20]
    let freed = await CollectedReply(try await service.generate(request))
    #expect(freed.content.hasPrefix(word + word) && freed.content != stuck.content)
    request.options.sampling = SamplingOverrides(temperature: 0)
    request.options.sampling.repetitionPenalty = 10
    #expect(await CollectedReply(try await service.generate(request)).content != plain.content)
  }
}
