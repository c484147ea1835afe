import JSON
import Testing
import TestSupport

/// Streamed responses, to the letter.
@Suite struct ChatStreamTests {
  private func text(_ events: [JSON], _ field: String) -> String {
    events.compactMap { $0["choices"]?[0]?["delta"]?[field]?.stringValue }.joined()
  }

  @Test(arguments: [false, true]) func aStreamAddsUpToTheWholeReply(_ thinks: Bool) async throws {
    let fixture = try await APIFixture()
    let members: JSONObject = ["enable_thinking": .bool(thinks)]
    let whole = try await fixture.chat(.asking("?", members)).json
    let response = try await fixture.chat(
      .asking("?", members.merging(["stream": true, "stream_options": ["include_usage": true]])))
    #expect(response.status == 200)
    #expect(response["content-type"]?.hasPrefix("text/event-stream") == true)
    #expect(response.text.hasSuffix("data: [DONE]\n\n"))

    let events = try response.events
    let message = try #require(whole["choices"]?[0]?["message"])
    #expect(text(events, "content") == message["content"]?.stringValue)
    #expect(text(events, "reasoning_content") == message["reasoning_content"]?.stringValue ?? "")
    for field in ["id", "created", "model", "system_fingerprint"] {
      #expect(Set(events.map { $0[field] }).count == 1)
    }
    #expect(events.allSatisfy { $0["object"] == "chat.completion.chunk" })
    #expect(events[0]["choices"]?[0]?["delta"]?["role"] == "assistant")
    #expect(events.dropFirst().allSatisfy { $0["choices"]?[0]?["delta"]?["role"] == nil })
    #expect(events.last?["choices"] == [] && events.last?["usage"] == whole["usage"])
    #expect(events.dropLast().allSatisfy { $0["usage"] == .null })
    let finish = events[events.count - 2]
    #expect(finish["choices"] == [["index": 0, "delta": [:], "logprobs": .null, "finish_reason": "stop"]])
    #expect(events.dropLast(2).allSatisfy { $0["choices"]?[0]?["finish_reason"] == .null })
    await fixture.stop()
  }

  @Test func withoutBeingAskedForThereIsNoUsage() async throws {
    let fixture = try await APIFixture()
    let events = try await fixture.chat(.asking("?", ["stream": true])).events
    #expect(events.allSatisfy { $0["usage"] == nil })
    #expect(events.last?["choices"]?[0]?["finish_reason"] == "stop")
    await fixture.stop()
  }

  @Test func anEmptyReplyStillHasItsRoleAndEnd() async throws {
    let fixture = try await APIFixture(reply: { _, _ in "" })
    let events = try await fixture.chat(.asking("?", ["stream": true])).events
    #expect(events.count == 2)
    #expect(events[0]["choices"]?[0]?["delta"]?["role"] == "assistant")
    #expect(events[1]["choices"]?[0]?["delta"] == [:])
    await fixture.stop()
  }

  @Test func toolCallsComeInDeltas() async throws {
    let fixture = try await APIFixture(reply: { _, _ in
      "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": \"long enough for some fragments\"}}\n</tool_call>\n"
        + "<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n</tool_call>"
    })
    let tools: JSON = [
      ["type": "function", "function": ["name": "f"]], ["type": "function", "function": ["name": "g"]],
    ]
    let events = try await fixture.chat(.asking("?", ["stream": true, "tools": tools])).events
    let deltas = events.flatMap { $0["choices"]?[0]?["delta"]?["tool_calls"]?.arrayValue ?? [] }
    let expected: [(Int, String, JSON)] = [(0, "f", ["x": "long enough for some fragments"]), (1, "g", [:])]
    for (index, name, arguments) in expected {
      let own = deltas.filter { $0["index"]?.intValue == index }
      #expect(own.first?["function"]?["name"]?.stringValue == name && own.first?["type"] == "function")
      #expect(own.first?["id"]?.stringValue?.hasPrefix("call_") == true)
      #expect(own.dropFirst().allSatisfy { $0["id"] == nil && $0["type"] == nil && $0["function"]?["name"] == nil })
      let text = own.compactMap { $0["function"]?["arguments"]?.stringValue }.joined()
      #expect(try JSON(parsing: text) == arguments)
    }
    #expect(events.last?["choices"]?[0]?["finish_reason"] == "tool_calls")
    await fixture.stop()
  }
}

extension JSONObject {
  func merging(_ other: JSONObject) -> JSONObject {
    var merged = self
    for (key, value) in other { merged[key] = value }
    return merged
  }
}
