import Engine
import ServingTestSupport
import Tokenizer
import Testing

@testable import Serving

/// Budgets of thoughts, met to the token.
@Suite struct ThinkingBudgetTests {
  /// A thought of many tokens that never ends by itself, told on as the answer when it has been closed.
  private static let endless = (1...60).map { "word\($0)" }.joined(separator: " ")

  // With a budget of 2 the prompt and the closing text are those of the other mode, which the script cannot tell apart.
  @Test(arguments: [0, 1, 3, 4, 5, 8, 13, 40]) func theThoughtHasExactlyItsBudget(_ budget: Int) async throws {
    let fixture = try ServiceFixture { _, _ in Self.endless }
    var request = ChatRequest.asking("?", mode: .thinking)
    request.thinkingBudget = budget
    let reply = await CollectedReply(try await fixture.service.generate(request))
    let closings = fixture.chat.format.closings
    let least = try #require(closings.last).thoughtTokens
    #expect(reply.usage?.reasoningTokens == max(budget, least))
    #expect(reply.finish == .stop)
    #expect(!reply.reasoning.contains("<") && !reply.content.contains("<"))
    // The thought is what the model said until then, and the answer what it said after the closing text.
    let script = fixture.chat.format.tokenizer.encode(Self.endless)
    let closing = try #require(closings.first { $0.thoughtTokens <= budget } ?? closings.last)
    let free = max(0, budget - closing.thoughtTokens)
    #expect(reply.reasoning == fixture.chat.format.tokenizer.decode(script[..<free]))
    #expect(reply.content == fixture.chat.format.tokenizer.decode(script[(free + closing.tokens.count)...]))
    #expect(reply.usage?.completionTokens == script.count + 1)
  }

  @Test func theModelReadsTheClosingText() async throws {
    let fixture = try ServiceFixture { _, _ in Self.endless }
    var request = ChatRequest.asking("?", mode: .thinking)
    request.thinkingBudget = 12
    let reply = await CollectedReply(try await fixture.service.generate(request))
    #expect(reply.error == nil)
    let closing = fixture.chat.format.closings[0].tokens
    let read = fixture.log.steps.flatMap { $0 }.filter { $0.tokens.count == 1 }.map { $0.tokens[0] }
    #expect(read.indices.contains { read[$0...].starts(with: closing) })
  }

  @Test func aThoughtWithinItsBudgetIsLeftAlone() async throws {
    let fixture = try ServiceFixture { _, _ in "6 * 7 = 42\n</think>\n\nIt is 42." }
    let plain = await CollectedReply(try await fixture.service.generate(.asking("?", mode: .thinking)))
    let needed = try #require(plain.usage).reasoningTokens + fixture.chat.format.closings[0].thoughtTokens
    for budget in [needed, needed + 1, 1000] {
      var request = ChatRequest.asking("?", mode: .thinking)
      request.thinkingBudget = budget
      let reply = await CollectedReply(try await fixture.service.generate(request))
      #expect(reply.usage == plain.usage && reply.content == plain.content && reply.reasoning == plain.reasoning)
    }
  }

  @Test func aCharacterCutInTwoIsNotShown() async throws {
    // Every one of these takes several tokens in swiftlet's vocabulary.
    let fixture = try ServiceFixture { _, _ in String(repeating: "𝄞", count: 30) }
    for budget in 4...12 {
      var request = ChatRequest.asking("?", mode: .thinking)
      request.thinkingBudget = budget
      let reply = await CollectedReply(try await fixture.service.generate(request))
      #expect(reply.reasoning.allSatisfy { $0 == "𝄞" })
      #expect(reply.usage?.reasoningTokens == budget)
    }
  }
}
