import Engine
import Foundation
import JSON
import Scheduler
import ServingTestSupport
import Tokenizer
import Testing

@testable import Serving

@Suite struct ChatServiceTests {
  private func tokenCount(_ fixture: ServiceFixture, _ text: String) -> Int {
    fixture.chat.format.tokenizer.encode(text).count
  }

  // MARK: - Replies and what they take

  @Test func anInstructReplyIsContentAndCountedExactly() async throws {
    let fixture = try ServiceFixture { _, mode in mode == .instruct ? "It is 42." : "?" }
    let request = ChatRequest.asking("6 * 7?")
    let reply = await CollectedReply(try await fixture.service.generate(request))
    #expect(reply.content == "It is 42." && reply.reasoning.isEmpty && reply.error == nil)
    #expect(reply.finish == .stop)
    let prompt = try fixture.chat.format.prompt(for: request, now: Date(timeIntervalSince1970: 0))
    // The end token is one the model produced.
    #expect(
      reply.usage
        == TokenUsage(
          promptTokens: prompt.tokens.count, completionTokens: tokenCount(fixture, "It is 42.") + 1, reasoningTokens: 0)
    )
  }

  @Test func thoughtsAreApartAndCounted() async throws {
    let fixture = try ServiceFixture { _, mode in mode == .thinking ? "6 * 7 = 42\n</think>\n\nIt is 42." : "?" }
    let reply = await CollectedReply(try await fixture.service.generate(.asking("6 * 7?", mode: .thinking)))
    #expect(reply.content == "It is 42.")
    #expect(reply.reasoning.contains("6 * 7 = 42") && !reply.reasoning.contains("<"))
    #expect(reply.usage?.reasoningTokens == tokenCount(fixture, "6 * 7 = 42\n</think>"))
    #expect(reply.usage?.completionTokens == tokenCount(fixture, "6 * 7 = 42\n</think>\n\nIt is 42.") + 1)
  }

  @Test func aReplyThatEndsInsideAThoughtHasNoContent() async throws {
    let fixture = try ServiceFixture { _, _ in "hm, <b>what</b> </thin" }
    let reply = await CollectedReply(try await fixture.service.generate(.asking("?", mode: .thinking)))
    #expect(reply.content.isEmpty)
    #expect(reply.reasoning == "hm, <b>what</b> </thin")
    #expect(reply.usage?.reasoningTokens == reply.usage?.completionTokens)
  }

  @Test(arguments: 1...12) func aReplyCutAnywhereLeaksNoThought(_ limit: Int) async throws {
    let fixture = try ServiceFixture { _, _ in "abc def\n</think>\n\nIt is 42." }
    var request = ChatRequest.asking("?", mode: .thinking)
    request.options.maximumTokens = limit
    let reply = await CollectedReply(try await fixture.service.generate(request))
    #expect("It is 42.".hasPrefix(reply.content))
    #expect(!reply.reasoning.contains("<"))
    #expect(reply.usage?.completionTokens == limit)
    #expect(reply.finish == .length)
    let thought = tokenCount(fixture, "abc def\n</think>")
    #expect(reply.usage?.reasoningTokens == min(limit, thought))
    if limit < thought { #expect(reply.content.isEmpty) }
  }

  @Test func aStopStringEndsTheContentAndIsNotInIt() async throws {
    let fixture = try ServiceFixture { _, _ in "one two three four" }
    var request = ChatRequest.asking("?")
    request.options.stop = ["three"]
    let reply = await CollectedReply(try await fixture.service.generate(request))
    #expect(reply.content == "one two ")
    #expect(reply.finish == .stop)
    let completion = try #require(reply.usage).completionTokens
    #expect(completion <= tokenCount(fixture, "one two three"))
  }

  @Test func withoutALimitAReplyFillsTheContext() async throws {
    let fixture = try ServiceFixture(contextLength: 150) { _, _ in String(repeating: "on and on ", count: 400) }
    var request = ChatRequest.asking("?")
    let whole = await CollectedReply(try await fixture.service.generate(request))
    #expect(whole.finish == .length)
    #expect(whole.usage.map { $0.promptTokens + $0.completionTokens } == 150)
    request.options.maximumTokens = 1_000_000
    let more = await CollectedReply(try await fixture.service.generate(request))
    #expect(more.usage == whole.usage)
    #expect(more.content == whole.content)
  }

  // MARK: - Tools

  private static let twoCalls = """
    <tool_call>
    {"name": "add", "arguments": {"a": 1, "b": 2}}
    </tool_call>
    <tool_call>
    {"name": "add", "arguments": {"a": 3}}
    </tool_call>
    """

  private func toolRequest() -> ChatRequest {
    var request = ChatRequest.asking("1 + 2?")
    request.tools = [
      ["type": "function", "function": ["name": "add", "parameters": ["type": "object", "properties": [:]]]]
    ]
    return request
  }

  @Test func toolCallsAreEventsAndTheReason() async throws {
    let fixture = try ServiceFixture { prompt, _ in prompt.contains("\"add\"") ? Self.twoCalls : "no tools" }
    let reply = await CollectedReply(try await fixture.service.generate(toolRequest()))
    #expect(reply.finish == .toolCalls)
    #expect(reply.content.isEmpty)
    #expect(reply.calls.map { $0[0] } == ["add", "add"])
    #expect(try JSON(parsing: reply.calls[0][1]) == ["a": 1, "b": 2])
    #expect(try JSON(parsing: reply.calls[1][1]) == ["a": 3])
  }

  @Test func withoutParallelCallsTheReplyEndsAfterTheFirst() async throws {
    let fixture = try ServiceFixture { _, _ in Self.twoCalls }
    var request = toolRequest()
    request.allowsParallelToolCalls = false
    let reply = await CollectedReply(try await fixture.service.generate(request))
    #expect(reply.finish == .toolCalls)
    #expect(reply.calls.count == 1)
    let completion = try #require(reply.usage).completionTokens
    #expect(completion < tokenCount(fixture, Self.twoCalls))
  }

  @Test func withoutToolsACallIsText() async throws {
    let fixture = try ServiceFixture { _, _ in Self.twoCalls }
    let reply = await CollectedReply(try await fixture.service.generate(.asking("?")))
    #expect(reply.calls.isEmpty && reply.content == Self.twoCalls && reply.finish == .stop)
  }

  // MARK: - Refusals

  @Test func aPromptThatLeavesNoRoomIsRefusedWithBothNumbers() async throws {
    let fixture = try ServiceFixture(contextLength: 100) { _, _ in "" }
    let request = ChatRequest.asking(String(repeating: "word ", count: 200))
    let prompt = try fixture.chat.format.prompt(for: request, now: Date(timeIntervalSince1970: 0)).tokens.count
    let error = await #expect(throws: GenerationError.self) { try await fixture.service.generate(request) }
    guard case .promptTooLong(prompt, 100) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(error?.description.contains("\(prompt)") == true && error?.description.contains("100") == true)
  }

  @Test func aTemplateThatRefusesIsAnError() async throws {
    let fixture = try ServiceFixture { _, _ in "" }
    var request = ChatRequest.asking("?")
    request.messages = []
    let error = await #expect(throws: GenerationError.self) { try await fixture.service.generate(request) }
    guard case .template = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test func anEngineThatFailsFailsTheStepsRequestsOnly() async throws {
    let fixture = try ServiceFixture(
      beforeStep: { number throws(EngineError) in
        if number == 0 { throw .threadCreationFailed(code: 7) }
      }, reply: { _, _ in "fine" })
    let failed = await CollectedReply(try await fixture.service.generate(.asking("?")))
    guard case .engine = failed.error else {
      Issue.record("\(String(describing: failed.error))")
      return
    }
    let next = await CollectedReply(try await fixture.service.generate(.asking("?")))
    #expect(next.content == "fine")
  }
}
