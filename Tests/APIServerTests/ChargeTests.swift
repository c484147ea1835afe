import Dispatch
import Engine
import Host
import JSON
import Serving
import ServingTestSupport
import Synchronization
import TestSupport
import Testing

@testable import APIServer

/// What a key is charged with for requests that come to no good end.
@Suite struct ChargeTests {
  /// Notes charges.
  private final class Till: Sendable {
    private let charges = Mutex<[Int]>([])

    var access: AccessControl {
      AccessControl(keys: [APIKey(name: "alice", secret: "sk-alice")].compactMap { $0 }, host: SystemHost()) { event in
        if case .charged(_, let tokens) = event { self.charges.withLock { $0.append(tokens) } }
      }
    }

    /// The first charge; waits for it.
    func first() async -> Int {
      while true {
        if let first = charges.withLock({ $0.first }) { return first }
        await Task.yield()
      }
    }
  }

  private let fields = ["x-api-key": "sk-alice"]

  @Test func aReplyThatIsCutOffCostsItsTokens() async throws {
    let (till, gate) = (Till(), DispatchSemaphore(value: 0))
    // A bird is several tokens: there are fewer pieces of text than tokens.
    let fixture = try await APIFixture(
      access: till.access, beforeStep: { number throws(EngineError) in if number == 6 { gate.wait() } },
      reply: { _, _ in String(repeating: "\u{1F426}", count: 50) })
    let body = JSON.asking("?", ["stream": true])
    let client = try await fixture.openChat(body, fields: fields)
    while fixture.service.service.statistics.steps < 6 { await Task.yield() }
    client.close()
    let charge = await till.first()
    gate.signal()
    let line = try await fixture.logLines.first(containing: "chat request_id")
    let prompt = try #require(line.firstMatch(of: /prompt_tokens=(\d+)/).flatMap { Int($0.1) })
    // Six steps are done and the next is under way; the prompt may have taken more than one.
    #expect((prompt + 3...prompt + 6).contains(charge))
    await fixture.stop()
  }

  @Test func aPromptThatIsTooLongCostsNothing() async throws {
    let till = Till()
    let fixture = try await APIFixture(contextLength: 16, access: till.access)
    let text = String(repeating: "word ", count: 100)
    #expect(try await fixture.chat(.asking(text), fields: fields).status == 400)
    #expect(await till.first() == 0)
    await fixture.stop()
  }

  @Test func aWholeReplyCostsItsUsage() async throws {
    let till = Till()
    let fixture = try await APIFixture(access: till.access)
    let usage = try #require(try await fixture.chat(.asking("?", ["n": 3]), fields: fields).json["usage"])
    #expect(await till.first() == usage["total_tokens"]?.intValue)
    await fixture.stop()
  }
}
