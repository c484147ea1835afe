import Foundation
import JSON
import Testing
import TestSupport

/// Anthropic's Messages API, to the letter.
@Suite struct MessagesTests {
  private static let path = "/v1/messages"

  private static func asking(_ members: JSONObject = [:]) -> JSON {
    let body: JSONObject = [
      "model": "demo", "max_tokens": 100, "messages": [["role": "user", "content": "6 * 7?"]],
    ]
    return .object(body.merging(members))
  }

  private static let tools: JSON = [["name": "f", "input_schema": ["type": "object"]]]
  private static let call = "I look.\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": [1, 2]}}\n</tool_call>"

  @Test func aReplyHasEveryMember() async throws {
    let fixture = try await APIFixture()
    let response = try await fixture.post(
      Self.path, Self.asking(["thinking": ["type": "enabled", "budget_tokens": 50]]))
    #expect(response.status == 200)
    let message = try response.json
    #expect(message["type"] == "message" && message["role"] == "assistant" && message["model"] == "demo")
    #expect(message["id"]?.stringValue?.hasPrefix("msg_") == true)
    #expect(message["content"]?[0]?["type"] == "thinking" && message["content"]?[0]?["thinking"] == "Six sevens.")
    #expect(message["content"]?[0]?["signature"]?.stringValue?.isEmpty == false)
    #expect(message["content"]?[1] == ["type": "text", "text": "It is 42.", "citations": .null])
    #expect(message["stop_reason"] == "end_turn" && message["stop_sequence"] == .null)
    let usage = try #require(message["usage"])
    #expect(usage["cache_read_input_tokens"] == 0 && usage["cache_creation_input_tokens"] == 0)
    #expect(usage["input_tokens"]?.intValue ?? 0 > 0)
    #expect(usage["output_tokens_details"]?["thinking_tokens"]?.intValue ?? 0 > 0)
    await fixture.stop()
  }

  @Test func whyAReplyEnds() async throws {
    let fixture = try await APIFixture(reply: { prompt, _ in prompt.contains("call") ? Self.call : "one two three" })
    let stopped = try await fixture.post(Self.path, Self.asking(["stop_sequences": ["x", "two"]])).json
    #expect(stopped["stop_reason"] == "stop_sequence" && stopped["stop_sequence"] == "two")
    #expect(stopped["content"]?[0]?["text"] == "one ")
    let cut = try await fixture.post(Self.path, Self.asking(["max_tokens": 1])).json
    #expect(cut["stop_reason"] == "max_tokens" && cut["usage"]?["output_tokens"] == 1)
    let call = try await fixture.post(
      Self.path, Self.asking(["tools": Self.tools, "messages": [["role": "user", "content": "call"]]])
    ).json
    #expect(call["stop_reason"] == "tool_use")
    #expect(call["content"]?[0]?["text"] == "I look.")
    let block = try #require(call["content"]?[1])
    #expect(block["type"] == "tool_use" && block["name"] == "f" && block["input"] == ["x": [1, 2]])
    #expect(block["id"]?.stringValue?.hasPrefix("toolu_") == true)
    await fixture.stop()
  }

  @Test func aReplyCutByTheContextSaysSo() async throws {
    let fixture = try await APIFixture(contextLength: 40, reply: { _, _ in String(repeating: "word ", count: 100) })
    let message = try await fixture.post(Self.path, Self.asking(["max_tokens": 4000])).json
    #expect(message["stop_reason"] == "model_context_window_exceeded")
    await fixture.stop()
  }

  @Test func aStreamTellsOfBlocksInOrder() async throws {
    let fixture = try await APIFixture(reply: { _, _ in "Hm.\n</think>\n\n" + Self.call })
    let members: JSONObject = [
      "tools": Self.tools, "thinking": ["type": "enabled", "budget_tokens": 50], "stream": true,
    ]
    let response = try await fixture.post(Self.path, Self.asking(members))
    let events = try response.namedEvents
    #expect(events.allSatisfy { $0.name == $0.data["type"]?.stringValue })
    var names = events.map(\.name)
    names = names.enumerated().filter { $0.offset == 0 || names[$0.offset - 1] != $0.element }.map(\.element)
    let block = ["content_block_start", "content_block_delta", "content_block_stop"]
    #expect(names == ["message_start", "ping"] + block + block + block + ["message_delta", "message_stop"])
    let start = try #require(events.first?.data["message"])
    #expect(start["content"] == [] && start["stop_reason"] == .null && start["usage"]?["output_tokens"] == 0)
    func text(_ index: Int, _ field: String) -> String {
      events.filter { $0.data["index"]?.intValue == index }
        .compactMap { $0.data["delta"]?[field]?.stringValue }.joined()
    }
    #expect(text(0, "thinking") == "Hm." && !text(0, "signature").isEmpty)
    #expect(text(1, "text") == "I look.")
    #expect(try JSON(parsing: text(2, "partial_json")) == ["x": [1, 2]])
    let delta = try #require(events.last { $0.name == "message_delta" }?.data)
    #expect(delta["delta"]?["stop_reason"] == "tool_use" && delta["delta"]?["stop_sequence"] == .null)
    #expect(delta["usage"]?["output_tokens"]?.intValue ?? 0 > 10)
    await fixture.stop()
  }

  @Test func turnsBecomeMessages() async throws {
    let fixture = try await APIFixture(reply: { prompt, _ in
      prompt.components(separatedBy: "<|im_start|>").dropFirst().dropLast().joined(separator: "|")
        .replacing("<|im_end|>\n", with: "")
    })
    let body = Self.asking([
      "system": [["type": "text", "text": "Be brief.", "cache_control": ["type": "ephemeral"]]],
      "messages": [
        ["role": "user", "content": [["type": "text", "text": "Look"], ["type": "text", "text": " it up."]]],
        [
          "role": "assistant",
          "content": [
            ["type": "thinking", "thinking": "Let me.", "signature": "s"],
            ["type": "tool_use", "id": "t1", "name": "f", "input": ["x": 1]],
          ],
        ],
        [
          "role": "user",
          "content": [
            ["type": "tool_result", "tool_use_id": "t1", "content": [["type": "text", "text": "found"]]],
            ["type": "text", "text": "And?"],
          ],
        ],
      ],
    ])
    let text = try await fixture.post(Self.path, body).json["content"]?[0]?["text"]?.stringValue ?? ""
    #expect(text.hasPrefix("system\nBe brief.|user\nLook it up.|assistant"))
    #expect(text.contains("\"name\": \"f\"") && text.contains("found") && text.hasSuffix("user\nAnd?"))
    await fixture.stop()
  }

  @Test func errorsHaveAnthropicsEnvelope() async throws {
    let fixture = try await APIFixture()
    let cases: [(JSONObject, Int, String, String)] = [
      (["max_tokens": .null], 400, "invalid_request_error", "max_tokens"),
      (["model": "swallow"], 404, "not_found_error", "swallow"),
      (["stop_sequences": "x"], 400, "invalid_request_error", "stop_sequences"),
      (["temperature": 1.5], 400, "invalid_request_error", "temperature"),
      (["thinking": ["type": "enabled", "budget_tokens": 100]], 400, "invalid_request_error", "budget_tokens"),
      (["thinking": ["type": "disabled"], "model": "demo:thinking"], 400, "invalid_request_error", "model"),
      (["messages": [["role": "user", "content": [["type": "image"]]]]], 400, "invalid_request_error", "image input"),
      (["tools": [["type": "web_search_20250305"]]], 400, "invalid_request_error", "tools[0].type"),
      (["container": "c"], 400, "invalid_request_error", "container"),
      (["messages": []], 400, "invalid_request_error", "messages"),
    ]
    for (members, status, type, named) in cases {
      let response = try await fixture.post(Self.path, Self.asking(members))
      let error = try response.json
      #expect(response.status == status && error["type"] == "error")
      #expect(error["error"]?["type"]?.stringValue == type)
      #expect(error["error"]?["message"]?.stringValue?.contains(named) == true, "\(error)")
    }
    await fixture.stop()
  }

  @Test func tokensAreCountedAsTheReplyCountsThem() async throws {
    let fixture = try await APIFixture()
    let count = try await fixture.post(
      Self.path + "/count_tokens", ["model": "demo", "messages": [["role": "user", "content": "6 * 7?"]]])
    let message = try await fixture.post(Self.path, Self.asking()).json
    #expect(try count.json == ["input_tokens": message["usage"]?["input_tokens"] ?? .null])
    await fixture.stop()
  }
}
