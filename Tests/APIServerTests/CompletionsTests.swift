import JSON
import Testing
import TestSupport

/// OpenAI's completions of plain prompts.
@Suite struct CompletionsTests {
  private static let path = "/v1/completions"
  /// What the scripted model takes for a conversation.
  private static let prompt = "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n"

  private static func asking(_ members: JSONObject = [:]) -> JSON {
    let body: JSONObject = ["model": "demo", "prompt": .string(prompt)]
    return .object(body.merging(members))
  }

  @Test func aCompletionGoesOnFromItsPrompt() async throws {
    let fixture = try await APIFixture()
    let completion = try await fixture.post(Self.path, Self.asking()).json
    #expect(completion["object"] == "text_completion" && completion["id"]?.stringValue?.hasPrefix("cmpl-") == true)
    #expect(
      completion["choices"] == [["index": 0, "text": "It is 42.", "logprobs": .null, "finish_reason": "stop"]])
    let cut = try await fixture.post(Self.path, Self.asking(["max_tokens": 1])).json
    #expect(cut["choices"]?[0]?["finish_reason"] == "length" && cut["usage"]?["completion_tokens"] == 1)
    let stopped = try await fixture.post(Self.path, Self.asking(["stop": " is"])).json
    #expect(stopped["choices"]?[0]?["text"] == "It" && stopped["choices"]?[0]?["finish_reason"] == "stop")
    await fixture.stop()
  }

  @Test func promptsOfEveryKind() async throws {
    let fixture = try await APIFixture()
    let tokens = try await fixture.post("/v1/tokenize", ["prompt": .string(Self.prompt)]).json["tokens"] ?? .null
    for prompt: JSON in [[.string(Self.prompt), "x"], [tokens, tokens], tokens] {
      let completion = try await fixture.post(Self.path, Self.asking(["prompt": prompt, "n": 2])).json
      let choices = try #require(completion["choices"]?.arrayValue)
      let prompts = prompt[0]?.intValue == nil ? 2 : 1
      #expect(choices.map { $0["index"]?.intValue } == Array(0..<2 * prompts))
      #expect(choices[1]["text"] == "It is 42.")
    }
    await fixture.stop()
  }

  @Test func anEchoedPromptIsScored() async throws {
    let fixture = try await APIFixture()
    let tokens =
      try await fixture.post("/v1/tokenize", ["prompt": .string(Self.prompt)]).json["tokens"]?.arrayValue ?? []
    for members: JSONObject in [["max_tokens": 0], ["max_tokens": 1], ["max_tokens": 3, "stream": true]] {
      let scored: JSONObject = ["echo": true, "logprobs": 2]
      let response = try await fixture.post(Self.path, Self.asking(scored.merging(members)))
      let parts = members["stream"] == true ? try response.events : [try response.json]
      let choices = parts.compactMap { $0["choices"]?[0] }
      let texts = choices.map { $0["text"]?.stringValue ?? "" }
      #expect(texts.joined().hasPrefix(Self.prompt))
      func all(_ field: String) -> [JSON] { choices.flatMap { $0["logprobs"]?[field]?.arrayValue ?? [] } }
      let count = tokens.count + (members["max_tokens"]?.intValue ?? 0)
      for field in ["tokens", "token_logprobs", "top_logprobs", "text_offset"] { #expect(all(field).count == count) }
      #expect(all("token_logprobs")[0] == .null && all("top_logprobs")[0] == .null)
      #expect(all("token_logprobs").dropFirst().allSatisfy { $0.doubleValue.map { $0 <= 0 } == true })
      #expect(all("text_offset").compactMap(\.intValue).sorted() == all("text_offset").compactMap(\.intValue))
      for (token, likely) in zip(all("tokens"), all("top_logprobs")).dropFirst() {
        #expect(likely[token.stringValue ?? ""] != nil && (2...3).contains(likely.objectValue?.count ?? 0))
      }
    }
    await fixture.stop()
  }

  @Test func theBestAreSent() async throws {
    let fixture = try await APIFixture()
    let completion = try await fixture.post(Self.path, Self.asking(["n": 2, "best_of": 3])).json
    #expect(completion["choices"]?.arrayValue?.map { $0["index"] } == [0, 1])
    #expect(completion["choices"]?[0]?["logprobs"] == .null)
    await fixture.stop()
  }

  @Test func aStreamEndsWithTheUsage() async throws {
    let fixture = try await APIFixture()
    let response = try await fixture.post(
      Self.path, Self.asking(["stream": true, "echo": true, "stream_options": ["include_usage": true]]))
    #expect(response.text.hasSuffix("data: [DONE]\n\n"))
    let events = try response.events
    #expect(events.compactMap { $0["choices"]?[0]?["text"]?.stringValue }.joined() == Self.prompt + "It is 42.")
    #expect(events.last?["choices"] == [] && events.last?["usage"]?["completion_tokens"]?.intValue ?? 0 > 1)
    #expect(events[events.count - 2]["choices"]?[0]?["finish_reason"] == "stop")
    await fixture.stop()
  }

  @Test func faultsAreNamed() async throws {
    let fixture = try await APIFixture()
    let cases: [(JSONObject, String)] = [
      (["prompt": .null], "prompt"), (["prompt": []], "prompt"), (["prompt": [[1], "x"]], "prompt[1]"),
      (["prompt": ""], "prompt"), (["prompt": [-1]], "prompt[0]"), (["prompt": [2_000_000]], "prompt"),
      (["suffix": "x"], "suffix"), (["n": 3, "best_of": 2], "best_of"),
      (["best_of": 2, "stream": true], "best_of"), (["logprobs": 21], "logprobs"), (["max_tokens": 0], "max_tokens"),
      (["stream_options": [:]], "stream_options"), (["stop": ["a", "b", "c", "d", "e"]], "stop"),
      (["logit_bias": ["x": 1]], "logit_bias"), (["logit_bias": ["1": 101]], "logit_bias.1"),
      (["model": "demo:thinking"], "model"),
    ]
    for (members, place) in cases {
      let response = try await fixture.post(Self.path, Self.asking(members))
      #expect(response.status == 400)
      #expect(try response.json["error"]?["param"]?.stringValue == place)
    }
    await fixture.stop()
  }
}
