import JSON
import Testing
import TestSupport

@Suite struct TokenEndpointTests {
  @Test(arguments: ["", "/v1"]) func textThereAndBack(_ prefix: String) async throws {
    let fixture = try await APIFixture()
    let tokenized = try await fixture.post(prefix + "/tokenize", ["prompt": "Hi, wörld", "return_token_strs": true])
      .json
    let tokens = try #require(tokenized["tokens"]?.arrayValue)
    #expect(tokenized["count"]?.intValue == tokens.count && tokenized["max_model_len"] == 4096)
    #expect(tokenized["token_strs"]?.arrayValue?.count == tokens.count)
    let text = try await fixture.post(prefix + "/detokenize", ["tokens": .array(tokens)]).json
    #expect(text == ["prompt": "Hi, wörld"])
    await fixture.stop()
  }

  @Test func aConversationIsRenderedAsTheModelReadsIt() async throws {
    let fixture = try await APIFixture()
    let messages: JSON = [["role": "user", "content": "Hi"]]
    let rendered = try await fixture.post(
      "/v1/render", ["model": "demo", "messages": messages, "enable_thinking": true, "x": 1])
    #expect(rendered["x-apus-ignored-fields"] == "x")
    let body = try rendered.json
    #expect(body["prompt"]?.stringValue?.hasSuffix("<|im_start|>assistant\n<think>\n") == true)
    #expect(body["starts_in_reasoning"] == true)
    let tokenized = try await fixture.post("/v1/tokenize", ["messages": messages, "enable_thinking": true]).json
    #expect(tokenized["tokens"] == body["tokens"])
    await fixture.stop()
  }

  @Test func faultsAreNamed() async throws {
    let fixture = try await APIFixture()
    let cases: [(String, JSON, Int, String)] = [
      ("tokenize", [:], 400, "prompt"), ("tokenize", ["prompt": "x", "messages": [[:]]], 400, "messages"),
      ("tokenize", ["prompt": "x", "model": "swallow"], 404, "model"),
      ("tokenize", ["messages": [["role": "user"]]], 400, "messages[0].content"),
      ("detokenize", ["tokens": [5, 9_999_999]], 400, "tokens[1]"), ("detokenize", ["tokens": "x"], 400, "tokens"),
      ("render", ["model": "demo"], 400, "messages"),
    ]
    for (name, body, status, place) in cases {
      let response = try await fixture.post("/v1/" + name, body)
      #expect(response.status == status)
      #expect(try response.json["error"]?["param"]?.stringValue == place)
    }
    await fixture.stop()
  }
}
