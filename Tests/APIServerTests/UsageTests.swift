import JSON
import Serving
import ServingTestSupport
import TestSupport
import Testing
import Tokenizer

/// What replies count, and why they end.
@Suite struct UsageTests {
  private static let call = "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call>"
  private static let thought = "Six sevens.\n</think>"

  private struct Case {
    let name: String
    let members: JSONObject
    /// What the model writes.
    let reply: String
    /// The beginning of it that is read before the reply ends; nil if all of it and the end token is.
    var read: String?
    /// The beginning of it that is thought.
    var thought = ""
    var finish = "stop"
    var choices = 1
  }

  private static let cases = [
    Case(name: "answer", members: [:], reply: "It is 42."),
    Case(name: "nothing", members: [:], reply: ""),
    Case(
      name: "thought and answer", members: ["enable_thinking": true], reply: thought + "\n\nIt is 42.",
      thought: thought),
    Case(name: "choices", members: ["n": 3], reply: "It is 42.", choices: 3),
    Case(
      name: "thinking choices", members: ["n": 2, "reasoning_effort": "low"], reply: thought + "\n\nIt is 42.",
      thought: thought, choices: 2),
    Case(name: "stop string", members: ["stop": "two"], reply: "one two three", read: "one two"),
    Case(
      name: "tool call", members: ["tools": [["type": "function", "function": ["name": "f"]]]], reply: call,
      finish: "tool_calls"),
    Case(
      name: "broken call", members: ["tools": [["type": "function", "function": ["name": "f"]]]],
      reply: "<tool_call>\n{\"name\": }\n</tool_call>"),
    Case(
      name: "one call of two",
      members: ["tools": [["type": "function", "function": ["name": "f"]]], "parallel_tool_calls": false],
      reply: call + "\n" + call, read: call, finish: "tool_calls"),
  ]

  @Test(arguments: cases.indices) func countsAndEnd(_ index: Int) async throws {
    let expected = Self.cases[index]
    let fixture = try await APIFixture(reply: { _, _ in expected.reply })
    let tokenizer = fixture.service.chat.format.tokenizer
    let reply = try await fixture.chat(.asking("?", expected.members)).json
    let usage = try #require(reply["usage"])
    let read = expected.read.map { tokenizer.encode($0).count } ?? tokenizer.encode(expected.reply).count + 1
    let completion = try #require(usage["completion_tokens"]?.intValue)
    #expect(completion == expected.choices * read, "\(expected.name)")
    let prompt = try #require(usage["prompt_tokens"]?.intValue)
    #expect(usage["total_tokens"]?.intValue == prompt + completion)
    let thought = expected.choices * tokenizer.encode(expected.thought).count
    #expect(
      usage["completion_tokens_details"] == [
        "reasoning_tokens": .integer(thought), "audio_tokens": 0, "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
      ], "\(expected.name)")
    let choices = try #require(reply["choices"]?.arrayValue)
    #expect(choices.count == expected.choices)
    for choice in choices { #expect(choice["finish_reason"]?.stringValue == expected.finish, "\(expected.name)") }
    if expected.name == "broken call" { #expect(choices[0]["message"]?["content"]?.stringValue == expected.reply) }
    await fixture.stop()
  }

  @Test(arguments: 1...9) func aLimitIsMetExactly(_ limit: Int) async throws {
    let fixture = try await APIFixture(reply: { _, _ in Self.thought + "\n\nIt is 42, and more." })
    let thought = fixture.service.chat.format.tokenizer.encode(Self.thought).count
    let reply = try await fixture.chat(
      .asking("?", ["enable_thinking": true, "max_completion_tokens": .integer(limit)])
    ).json
    #expect(reply["choices"]?[0]?["finish_reason"] == "length")
    #expect(reply["usage"]?["completion_tokens"]?.intValue == limit)
    #expect(reply["usage"]?["completion_tokens_details"]?["reasoning_tokens"]?.intValue == min(limit, thought))
    await fixture.stop()
  }
}
