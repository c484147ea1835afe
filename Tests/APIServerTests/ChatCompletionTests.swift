import JSON
import Testing
import TestSupport

/// Responses that are not streamed, to the letter.
@Suite struct ChatCompletionTests {
  @Test func everyMemberIsThere() async throws {
    let fixture = try await APIFixture()
    let response = try await fixture.chat(.asking())
    #expect(response.status == 200 && response["content-type"] == "application/json")
    let reply = try response.json
    #expect(reply["id"]?.stringValue?.hasPrefix("chatcmpl-") == true)
    #expect(reply["object"] == "chat.completion")
    #expect(reply["created"]?.intValue ?? 0 > 1_700_000_000)
    #expect(reply["model"] == "demo")
    #expect(reply["system_fingerprint"]?.stringValue?.isEmpty == false)
    #expect(reply["service_tier"] == nil)
    #expect(
      reply["choices"] == [
        [
          "index": 0, "message": ["role": "assistant", "content": "It is 42.", "refusal": .null], "logprobs": .null,
          "finish_reason": "stop",
        ]
      ])
    let usage = try #require(reply["usage"])
    let (prompt, completion) = (usage["prompt_tokens"]?.intValue ?? 0, usage["completion_tokens"]?.intValue ?? 0)
    #expect(prompt > 0 && completion > 0 && usage["total_tokens"]?.intValue == prompt + completion)
    #expect(usage["prompt_tokens_details"]?["cached_tokens"] == 0)
    #expect(usage["completion_tokens_details"]?["reasoning_tokens"] == 0)
    await fixture.stop()
  }

  @Test(
    arguments: [
      ["enable_thinking": true], ["chat_template_kwargs": ["enable_thinking": true]], ["reasoning_effort": "low"],
      ["model": "demo:thinking"], ["model": "org/other:thinking"],
    ] as [JSONObject])
  func thoughtsComeApart(_ members: JSONObject) async throws {
    let fixture = try await APIFixture()
    let reply = try await fixture.chat(.asking("?", members)).json
    let message = try #require(reply["choices"]?[0]?["message"])
    #expect(message["content"] == "It is 42.")
    #expect(message["reasoning_content"]?.stringValue?.hasPrefix("Six sevens.") == true)
    #expect(reply["usage"]?["completion_tokens_details"]?["reasoning_tokens"]?.intValue ?? 0 > 0)
    #expect(reply["model"] == members["model"] ?? "demo")
    await fixture.stop()
  }

  @Test func toolCallsStandInPlaceOfContent() async throws {
    let fixture = try await APIFixture(reply: { _, _ in
      "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Paris\"}}\n</tool_call>"
    })
    let tools: JSON = [["type": "function", "function": ["name": "weather", "parameters": ["type": "object"]]]]
    let choice = try #require(try await fixture.chat(.asking("?", ["tools": tools])).json["choices"]?[0])
    #expect(choice["finish_reason"] == "tool_calls")
    #expect(choice["message"]?["content"] == .null)
    let call = try #require(choice["message"]?["tool_calls"]?[0])
    #expect(call["id"]?.stringValue?.hasPrefix("call_") == true)
    #expect(call["type"] == "function" && call["function"]?["name"] == "weather")
    #expect(try JSON(parsing: call["function"]?["arguments"]?.stringValue ?? "") == ["city": "Paris"])
    await fixture.stop()
  }

  @Test func aReplyCutInsideAThoughtHasEmptyContent() async throws {
    let fixture = try await APIFixture()
    let reply = try await fixture.chat(.asking("?", ["enable_thinking": true, "max_tokens": 2])).json
    let choice = try #require(reply["choices"]?[0])
    #expect(choice["finish_reason"] == "length")
    #expect(choice["message"]?["content"] == "")
    #expect(reply["usage"]?["completion_tokens"] == 2)
    #expect(reply["usage"]?["completion_tokens_details"]?["reasoning_tokens"] == 2)
    await fixture.stop()
  }

  @Test func tierAndFingerprint() async throws {
    let fixture = try await APIFixture()
    let first = try await fixture.chat(.asking("?", ["service_tier": "default"])).json
    let second = try await fixture.chat(.asking()).json
    #expect(first["service_tier"] == "default")
    #expect(first["system_fingerprint"] == second["system_fingerprint"])
    #expect(first["id"] != second["id"])
    await fixture.stop()
  }

  @Test func whatIsIgnoredAndWhoAskedIsInTheHeadAndTheLog() async throws {
    let fixture = try await APIFixture()
    let response = try await fixture.chat(
      .asking("?", ["tempratur": 1, "chat_template_kwargs": ["mood": "good"]]), fields: ["x-request-id": "abc-123"])
    #expect(response["x-request-id"] == "abc-123")
    #expect(response["x-apus-ignored-fields"] == "tempratur, chat_template_kwargs.mood")
    let usage = try #require(try response.json["usage"])
    let line = try await fixture.logLines.first(containing: "chat request_id=abc-123")
    let prompt = try #require(usage["prompt_tokens"]?.intValue)
    let completion = try #require(usage["completion_tokens"]?.intValue)
    #expect(
      line.hasPrefix(
        "chat request_id=abc-123 key=- status=200 model=demo mode=instruct prompt_tokens=\(prompt) "
          + "cached_tokens=0 completion_tokens=\(completion) reasoning_tokens=0 finish_reason=stop error=- ttft_ms="))
    #expect(try await fixture.chat(.asking())["x-request-id"]?.hasPrefix("req-") == true)
    await fixture.stop()
  }

  @Test func choicesAndTheirLogProbabilities() async throws {
    let fixture = try await APIFixture()
    let reply = try await fixture.chat(.asking("?", ["n": 2, "logprobs": true, "top_logprobs": 2])).json
    let choices = try #require(reply["choices"]?.arrayValue)
    #expect(choices.map { $0["index"] } == [0, 1])
    for choice in choices {
      #expect(choice["message"]?["content"] == "It is 42." && choice["finish_reason"] == "stop")
      #expect(choice["logprobs"]?.objectValue?.keys == ["content", "refusal"])
      let tokens = try #require(choice["logprobs"]?["content"]?.arrayValue)
      #expect(tokens.compactMap { $0["token"]?.stringValue }.joined() == "It is 42.")
      for token in tokens {
        #expect(token.objectValue?.keys == ["token", "logprob", "bytes", "top_logprobs"])
        #expect(token["bytes"]?.arrayValue?.count == token["token"]?.stringValue?.utf8.count)
        let top = try #require(token["top_logprobs"]?.arrayValue)
        #expect(top.count == 2 && top[0]["token"] == token["token"] && top[0]["logprob"] == token["logprob"])
      }
    }
    let usage = try #require(reply["usage"])
    let one = try #require(try await fixture.chat(.asking()).json["usage"]?["completion_tokens"]?.intValue)
    #expect(usage["completion_tokens"]?.intValue == 2 * one)
    await fixture.stop()
  }

  @Test func aBudgetEndsTheThought() async throws {
    let fixture = try await APIFixture(reply: { _, _ in String(repeating: "hm ", count: 60) })
    let reply = try await fixture.chat(.asking("?", ["enable_thinking": true, "thinking_budget": 17])).json
    #expect(reply["usage"]?["completion_tokens_details"]?["reasoning_tokens"] == 17)
    #expect(reply["choices"]?[0]?["finish_reason"] == "stop")
    #expect(reply["choices"]?[0]?["message"]?["content"]?.stringValue?.contains("hm hm") == true)
    await fixture.stop()
  }
}
