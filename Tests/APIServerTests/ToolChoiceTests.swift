import JSON
import Testing

/// Calls that requests ask for, in every API.
@Suite struct ToolChoiceTests {
  private static let schema: JSON = [
    "type": "object", "properties": ["x": ["type": "integer", "maximum": 9]], "required": ["x"],
    "additionalProperties": false,
  ]
  private static let tools: JSON = [["type": "function", "function": ["name": "f", "parameters": schema]]]
  private static let named: JSON = ["type": "function", "function": ["name": "f"]]

  /// A model that says something else.
  private func fixture() async throws -> APIFixture { try await APIFixture(reply: { _, _ in "Let me see." }) }

  @Test(arguments: [(JSON.string("required"), "tool_calls"), (named, "stop")])
  func inChatCompletions(choice: JSON, finish: String) async throws {
    let fixture = try await fixture()
    let body: JSON = .asking("?", ["tools": Self.tools, "tool_choice": choice, "max_tokens": 400, "seed": 1])
    let whole = try await fixture.chat(body).json["choices"]?.arrayValue?.first
    #expect(whole?["finish_reason"]?.stringValue == finish && whole?["message"]?["content"] == .null)
    let calls = whole?["message"]?["tool_calls"]?.arrayValue ?? []
    #expect(!calls.isEmpty)
    for call in calls {
      let arguments = try JSON(parsing: call["function"]?["arguments"]?.stringValue ?? "")
      #expect(try #require(arguments["x"]?.intValue) <= 9)
    }
    var streamed = try #require(body.objectValue)
    streamed["stream"] = true
    let events = try await fixture.chat(.object(streamed)).events
    let choices = events.compactMap { $0["choices"]?.arrayValue?.first }
    #expect(choices.compactMap { $0["finish_reason"]?.stringValue } == [finish])
    let deltas = choices.flatMap { $0["delta"]?["tool_calls"]?.arrayValue ?? [] }
    for index in calls.indices {
      let own = deltas.filter { $0["index"]?.intValue == index }
      #expect(own.first?["id"]?.stringValue?.hasPrefix("call_") == true && own.first?["function"]?["name"] == "f")
      #expect(own.dropFirst().allSatisfy { $0["id"] == nil && $0["function"]?["name"] == nil })
      #expect(
        own.compactMap { $0["function"]?["arguments"]?.stringValue }.joined()
          == calls[index]["function"]?["arguments"]?.stringValue)
    }
    await fixture.stop()
  }

  @Test(
    arguments: [
      "required", ["type": "function", "name": "f"],
      ["type": "allowed_tools", "mode": "required", "tools": [["type": "function", "name": "f"]]],
    ] as [JSON])
  func inResponses(choice: JSON) async throws {
    let fixture = try await fixture()
    let tools: JSON = [["type": "function", "name": "f", "parameters": Self.schema]]
    let response = try await fixture.post(
      "/v1/responses",
      ["model": "demo", "input": "?", "tools": tools, "tool_choice": choice, "max_output_tokens": 400, "seed": 1]
    ).json
    #expect(response["status"] == "completed")
    let item = response["output"]?.arrayValue?.first
    #expect(item?["type"] == "function_call" && item?["name"] == "f" && item?["status"] == "completed")
    await fixture.stop()
  }

  @Test(arguments: [["type": "any", "disable_parallel_tool_use": true], ["type": "tool", "name": "f"]] as [JSON])
  func inMessages(choice: JSON) async throws {
    let fixture = try await fixture()
    let tools: JSON = [["name": "f", "input_schema": Self.schema]]
    let message = try await fixture.post(
      "/v1/messages", .asking("?", ["tools": tools, "tool_choice": choice, "max_tokens": 400])
    ).json
    #expect(message["stop_reason"] == "tool_use")
    let content = try #require(message["content"]?.arrayValue)
    #expect(content.count == 1 && content[0]["type"] == "tool_use" && content[0]["name"] == "f")
    #expect(try #require(content[0]["input"]?["x"]?.intValue) <= 9)
    await fixture.stop()
  }
}
