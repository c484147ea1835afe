import Engine
import Foundation
import JSON
import Scheduler
import ServingTestSupport
import Testing
import Tokenizer

@testable import Serving

/// What requests reuse of earlier ones, and what they say about it. The scripted engine refuses pages that hold other
/// tokens than a sequence has, so every reply also shows that pages and states were shared rightly.
@Suite struct PrefixReuseTests {
  private static let system: JSON = [
    "role": "system", "content": .string(String(repeating: "You answer every question with great care. ", count: 12)),
  ]

  private func message(_ role: String, _ text: String) -> JSON { ["role": .string(role), "content": .string(text)] }

  private func request(_ messages: [JSON], mode: Mode = .instruct) -> ChatRequest {
    ChatRequest(name: "test", messages: messages, mode: mode)
  }

  /// Asks, and returns the prompt, the reply, and how many tokens were computed.
  private func ask(
    _ fixture: ServiceFixture, _ request: ChatRequest
  ) async throws -> (prompt: [Int32], reply: CollectedReply, computed: Int) {
    let before = fixture.log.steps.count
    let generation = try await fixture.service.generate(request)
    let reply = await CollectedReply(generation)
    #expect(reply.error == nil)
    let computed = fixture.log.steps[before...].joined().reduce(0) { $0 + $1.tokens.count }
    return (generation.promptTokens, reply, computed)
  }

  private func common(_ a: [Int32], _ b: [Int32]) -> Int { zip(a, b).prefix { $0 == $1 }.count }

  @Test(arguments: [Mode.instruct, .thinking]) func aConversationComputesOnlyWhatIsNew(mode: Mode) async throws {
    let fixture = try ServiceFixture { prompt, mode in
      let answer = "The prompt had \(prompt.utf8.count) bytes."
      return mode == .thinking ? "Let me count.\n</think>\n\n" + answer : answer
    }
    var messages = [Self.system]
    var before: [Int32] = []
    for turn in 0..<20 {
      messages.append(message("user", "Question \(turn): how long is this prompt?"))
      let (prompt, reply, computed) = try await ask(fixture, request(messages, mode: mode))
      let usage = try #require(reply.usage)
      // All that the template left as it was.
      #expect(usage.cachedTokens == (turn == 0 ? 0 : common(before, prompt)), "turn \(turn)")
      #expect(computed == prompt.count - usage.cachedTokens + usage.completionTokens - 1, "turn \(turn)")
      messages.append(message("assistant", reply.content))
      before = prompt
    }
  }

  @Test func otherConversationsShareTheSystemMessage() async throws {
    let fixture = try ServiceFixture { _, _ in "Yes." }
    let first = try await ask(fixture, request([Self.system, message("user", "Is it?")]))
    #expect(first.reply.usage?.cachedTokens == 0)
    for question in ["Was it?", "Is it not?", "ü"] {
      let (prompt, reply, _) = try await ask(fixture, request([Self.system, message("user", question)]))
      let end = try #require(fixture.chat.format.tokenizer.id(of: "<|im_end|>"))
      let system = try #require(prompt.lastIndex(of: end))
      let shared = common(first.prompt, prompt)
      let cached = try #require(reply.usage).cachedTokens
      // Up to where the user's text begins, or a little behind it where that begins alike.
      #expect(cached <= shared && cached > shared - 64 && cached < system)
    }
  }

  @Test func breakpointsOfClientsAreKept() async throws {
    let fixture = try ServiceFixture { _, _ in "Yes." }
    let document = message("user", String(repeating: "A long text to talk about. ", count: 30))
    let talk = [Self.system, document, message("assistant", "I have read it.")]
    var first = request(talk + [message("user", "Is it long?")])
    first.cacheBreakpoints = [1]
    let (firstPrompt, _, _) = try await ask(fixture, first)
    // Another answer to the document: nothing is kept there but what the client asked for.
    let other = request([Self.system, document, message("assistant", "No, I have not."), message("user", "Why not?")])
    let (prompt, reply, _) = try await ask(fixture, other)
    #expect(reply.usage?.cachedTokens == common(firstPrompt, prompt))
    let without = try ServiceFixture { _, _ in "Yes." }
    first.cacheBreakpoints = []
    _ = try await ask(without, first)
    let (_, fallback, _) = try await ask(without, other)
    #expect(try #require(fallback.usage).cachedTokens < common(firstPrompt, prompt))
  }

  @Test func choicesShareThePrompt() async throws {
    let fixture = try ServiceFixture { _, _ in "Yes, it is." }
    var several = request([Self.system, message("user", "Is it?")])
    several.options.choices = 4
    let generation = try await fixture.service.generate(several)
    let replies = await CollectedReply.all(generation)
    #expect(replies.allSatisfy { $0.content == "Yes, it is." })
    let computed = fixture.log.steps.joined().reduce(0) { $0 + $1.tokens.count }
    #expect(computed == generation.promptTokens.count + (replies[0].usage?.completionTokens ?? 0) - 4)
    #expect(replies[0].usage?.cachedTokens == 0)
  }

  @Test func saltsAndTenantsAreKeptApart() async throws {
    func cached(_ sharing: CacheSharing, _ change: (inout ChatRequest) -> Void) async throws -> Int {
      let fixture = try ServiceFixture(caching: CacheConfiguration(sharing: sharing)) { _, _ in "Yes." }
      var asked = request([Self.system, message("user", "Is it?")])
      asked.options.terms.tenant = Tenant(credential: "one", name: nil)
      _ = try await ask(fixture, asked)
      change(&asked)
      return try await ask(fixture, asked).reply.usage?.cachedTokens ?? -1
    }
    for sharing in CacheSharing.allCases {
      #expect(try await cached(sharing) { _ in } > 100)
      #expect(try await cached(sharing) { $0.options.terms.cacheSalt = "salt" } == 0)
    }
    #expect(try await cached(.tenant) { $0.options.terms.tenant = Tenant(credential: "two", name: nil) } == 0)
    #expect(try await cached(.all) { $0.options.terms.tenant = Tenant(credential: "two", name: nil) } > 100)
  }

  @Test func reportsSayWhyNotMoreWasReused() async throws {
    let fixture = try ServiceFixture { _, _ in "Yes." }
    func report(_ question: String, salt: String? = nil) async throws -> (PromptCacheReport?, [Int32]) {
      var asked = request([Self.system, message("user", question)])
      asked.options.wantsCacheReport = true
      asked.options.terms.cacheSalt = salt
      let (prompt, reply, _) = try await ask(fixture, asked)
      #expect(reply.usage?.cachedTokens == reply.usage?.cacheReport?.reusedTokens)
      return (reply.usage?.cacheReport, prompt)
    }
    let (first, firstPrompt) = try await report("Is it?")
    #expect(first?.reason == .notCached && first?.knownTokens == 0 && first?.divergingToken == firstPrompt.first)
    let (second, prompt) = try await report("Or was it?")
    let shared = common(firstPrompt, prompt)
    #expect(second?.reason == .differs && second?.knownTokens == shared && second?.divergingToken == prompt[shared])
    let (again, _) = try await report("Is it?")
    #expect(again?.reason == .complete && again?.divergingToken == nil)
    let (salted, _) = try await report("Is it?", salt: "x")
    #expect(salted?.reason == .otherSalt && salted?.reusedTokens == 0)
    // Nobody is told who does not ask.
    let (_, silent, _) = try await ask(fixture, request([message("user", "Is it?")]))
    #expect(silent.usage?.cacheReport == nil)
  }

  @Test func scoredPromptsAreComputedWhole() async throws {
    let fixture = try ServiceFixture { _, _ in "Yes." }
    var scored = CompletionRequest(name: "test", prompt: .tokens(Array(1...200)))
    scored.options.maximumTokens = 1
    _ = await CollectedReply(try await fixture.service.generate(scored))
    let plain = await CollectedReply(try await fixture.service.generate(scored))
    #expect(try #require(plain.usage).cachedTokens > 128)
    scored.promptAlternatives = 0
    let reply = await CollectedReply(try await fixture.service.generate(scored))
    #expect(reply.usage?.cachedTokens == 0 && reply.promptScores?.count == 200)
  }

  @Test func moreConversationsThanFitForgetTheOldest() async throws {
    let fixture = try ServiceFixture(
      scheduler: SchedulerConfiguration(
        pageCount: 24, slotCount: 5, stepTokenBudget: 64, maximumRunning: 1, checkpointLimit: 4)
    ) { _, _ in "Yes." }
    func cached(_ topic: Int) async throws -> Int {
      let text = String(repeating: "Topic number \(topic). ", count: 30)
      return try await ask(fixture, request([message("user", text)])).reply.usage?.cachedTokens ?? -1
    }
    #expect(try await cached(0) == 0)
    #expect(try await cached(0) > 64)
    for topic in 1...6 { #expect(try await cached(topic) < 64) }
    #expect(try await cached(6) > 64)
    #expect(try await cached(0) < 64)
  }
}
