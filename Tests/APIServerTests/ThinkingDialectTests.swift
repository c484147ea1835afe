import Engine
import JSON
import Serving
import ServingTestSupport
import TestSupport
import Testing
import Tokenizer

@testable import APIServer

/// Every way to ask for thinking, or for none, comes to the same prompt and the same limit.
@Suite struct ThinkingDialectTests {
  private static let hm = String(repeating: "hm ", count: 60)

  private static let thinking: [JSONObject] = [
    ["enable_thinking": true], ["model": "demo:thinking"], ["reasoning_effort": "max"],
    ["reasoning": ["enabled": true]], ["reasoning": ["effort": "max"]], ["thinking": ["type": "enabled"]],
    ["chat_template_kwargs": ["enable_thinking": true]], ["chat_template_kwargs": ["thinking": true]],
    ["chat_template_kwargs": ["reasoning_effort": "max"]],
    ["model": "demo:thinking", "enable_thinking": true, "reasoning_effort": "max", "thinking": ["type": "enabled"]],
  ]

  private static let instruct: [JSONObject] = [
    [:], ["enable_thinking": false], ["model": "demo:instruct"], ["reasoning_effort": "none"],
    ["reasoning": ["enabled": false]], ["reasoning": ["effort": "none"]], ["thinking": ["type": "disabled"]],
    ["thinking": ["type": "adaptive"]], ["chat_template_kwargs": ["enable_thinking": false]],
    ["chat_template_kwargs": ["thinking": false]], ["thinking_budget": 0], ["thinking_token_budget": 0],
    ["reasoning": ["max_tokens": 0]],
  ]

  private static let budget: [JSONObject] = [
    ["thinking_budget": 17], ["thinking_token_budget": 17], ["reasoning": ["max_tokens": 17]],
    ["thinking": ["type": "enabled", "budget_tokens": 17]], ["thinking": ["type": "adaptive", "budget_tokens": 17]],
    ["chat_template_kwargs": ["thinking_budget": 17]], ["enable_thinking": true, "thinking_budget": 17],
    ["reasoning_effort": "high", "thinking_budget": 17], ["model": "demo:thinking", "thinking_token_budget": 17],
    ["reasoning": ["effort": "low", "max_tokens": 17]],
  ]

  /// The prompt that the engine reads, and the tokens of the thought.
  private func outcome(_ fixture: APIFixture, _ members: JSONObject) async throws -> (prompt: [Int32], thought: Int) {
    let before = fixture.service.log.steps.count
    let response = try await fixture.chat(.asking("6 * 7?", members))
    #expect(response.status == 200 && response["x-apus-ignored-fields"] == nil, "\(members)")
    let usage = try #require(try response.json["usage"])
    let count = try #require(usage["prompt_tokens"]?.intValue)
    let read = fixture.service.log.steps[before...].flatMap { $0 }.flatMap(\.tokens)
    let thought = try #require(usage["completion_tokens_details"]?["reasoning_tokens"]?.intValue)
    return (Array(read.prefix(count)), thought)
  }

  @Test func everyDialectGivesTheSamePromptAndLimit() async throws {
    let fixture = try await APIFixture(reply: { _, _ in Self.hm })
    let tokenizer = fixture.service.chat.format.tokenizer
    let unlimited = tokenizer.encode(Self.hm).count + 1
    for (dialects, ending, thought) in [
      (Self.thinking, "<think>\n", unlimited), (Self.instruct, "</think>\n\n", 0), (Self.budget, "<think>\n", 17),
    ] {
      let first = try await outcome(fixture, dialects[0])
      #expect(tokenizer.decode(first.prompt).hasSuffix(ending))
      for members in dialects {
        let other = try await outcome(fixture, members)
        #expect(other.prompt == first.prompt && other.thought == thought, "\(members)")
      }
    }
    await fixture.stop()
  }

  @Test func everyPairOfContradictingDialectsIsRefused() async throws {
    let fixture = try await APIFixture()
    var pairs = 0
    for on in Self.thinking.prefix(9) + Self.budget.prefix(3) {
      for off in Self.instruct.dropFirst() where off != ["thinking": ["type": "adaptive"]] {
        // Two dialects can meet in one request if they have no field in common.
        guard let (first, second) = (on.keys.first.flatMap { a in off.keys.first.map { (a, $0) } }), first != second
        else { continue }
        let response = try await fixture.chat(.asking("?", on.merging(off)))
        let error = try #require(try response.json["error"])
        #expect(response.status == 400 && error["code"] == "invalid_value")
        let message = try #require(error["message"]?.stringValue)
        #expect(message.contains(first) && message.contains(second), "\(message)")
        pairs += 1
      }
    }
    #expect(pairs > 60)
    await fixture.stop()
  }

  @Test func whatAnEffortMeansIsWhatTheTableSays() throws {
    let modes = try ModelModes(chatTemplate: "{% if enable_thinking %}<think>{% endif %}{{ messages }}")
    for effort in ModeChoice.efforts {
      for members in [
        ["reasoning_effort": .string(effort)], ["reasoning": ["effort": .string(effort)]],
        ["chat_template_kwargs": ["reasoning_effort": .string(effort)]],
      ] as [JSONObject] {
        let plan = try ChatCompletionRequest(.asking("?", members)).modeChoice.resolve(modes)
        #expect(plan.mode == (effort == "none" ? .instruct : .thinking))
        #expect(plan.budget == (effort == "none" ? nil : ModeChoice.budget(ofEffort: effort)))
      }
    }
  }

  // MARK: - Where thoughts are

  @Test(arguments: [
    (ReasoningField.reasoningContent, ["reasoning_content"]), (.reasoning, ["reasoning"]),
    (.both, ["reasoning_content", "reasoning"]),
  ])
  func thoughtsStandWhereTheOwnerWantsThem(_ field: ReasoningField, _ names: [String]) async throws {
    let fixture = try await APIFixture(reasoningField: field)
    let whole = try await fixture.chat(.asking("?", ["enable_thinking": true])).json
    let message = try #require(whole["choices"]?[0]?["message"]?.objectValue)
    #expect(message.keys == ["role", "content", "refusal"] + names)
    let events = try await fixture.chat(.asking("?", ["enable_thinking": true, "stream": true])).events
    for name in names {
      #expect(message[name] == "Six sevens.")
      #expect(events.compactMap { $0["choices"]?[0]?["delta"]?[name]?.stringValue }.joined() == "Six sevens.")
    }
    await fixture.stop()
  }

  @Test(arguments: ["reasoning_content", "reasoning"])
  func thoughtsBetweenToolCallsStayInTheConversation(_ field: String) async throws {
    let fixture = try await APIFixture(reply: { prompt, _ in
      prompt.contains("<think>\nI need the weather.\n</think>") && prompt.contains("sunny")
        ? "It is sunny, so no umbrella.\n</think>\n\nLeave it at home." : "The thought is lost.\n</think>\n\nNo."
    })
    let messages: JSON = [
      ["role": "user", "content": "Do I need an umbrella?"],
      [
        "role": "assistant", "content": "", field: "I need the weather.",
        "tool_calls": [["id": "1", "type": "function", "function": ["name": "weather", "arguments": "{}"]]],
      ],
      ["role": "tool", "tool_call_id": "1", "content": "sunny"],
    ]
    let tools: JSON = [["type": "function", "function": ["name": "weather"]]]
    let reply = try await fixture.chat(
      .asking("?", ["messages": messages, "tools": tools, "enable_thinking": true])
    ).json
    let message = try #require(reply["choices"]?[0]?["message"])
    #expect(message["content"] == "Leave it at home.")
    #expect(message["reasoning_content"] == "It is sunny, so no umbrella.")
    await fixture.stop()
  }

  @Test func theLastMessageIsContinued() async throws {
    let fixture = try await APIFixture(reply: { _, _ in "" })
    let messages: JSON = [
      ["role": "user", "content": "6 * 7?"], ["role": "assistant", "content": "It is for"],
    ]
    let tokenizer = fixture.service.chat.format.tokenizer
    for (members, ending) in [
      (["continue_final_message": true], "It is for"),
      (["continue_final_message": true, "add_generation_prompt": false], "It is for"),
      (["add_generation_prompt": false], "It is for<|im_end|>\n"),
      ([:], "It is for<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"),
    ] as [(JSONObject, String)] {
      // Each by itself, so that the engine reads the whole prompt.
      let outcome = try await outcome(
        fixture, members.merging(["messages": messages, "cache_salt": .string(ending)]))
      #expect(tokenizer.decode(outcome.prompt).hasSuffix(ending), "\(members)")
    }
    let both = try await fixture.chat(
      .asking("?", ["messages": messages, "continue_final_message": true, "add_generation_prompt": true]))
    #expect(try both.json["error"]?["param"] == "add_generation_prompt")
    await fixture.stop()
  }
}
