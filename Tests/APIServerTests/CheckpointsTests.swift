import JSON
import ServingTestSupport
import TestSupport
import Testing

/// Two checkpoints of a model under one name.
@Suite struct CheckpointsTests {
  private func fixture() async throws -> APIFixture {
    let thinker = try ServiceFixture(reply: { _, _ in "Six sevens.\n</think>\n\nThought over." })
    return try await APIFixture(thinking: thinker, reply: { _, _ in "At once." })
  }

  @Test(
    arguments: [
      ("demo:instruct", [:], "At once."), ("demo:thinking", [:], "Thought over."),
      ("demo", ["enable_thinking": false], "At once."), ("demo", ["reasoning_effort": "low"], "Thought over."),
    ] as [(String, JSONObject, String)])
  func requestsGoToTheCheckpointOfTheirMode(model: String, fields: JSONObject, reply: String) async throws {
    let fixture = try await fixture()
    var body = try #require(JSON.asking("?", fields).objectValue)
    body["model"] = .string(model)
    let message = try await fixture.chat(.object(body)).json["choices"]?.arrayValue?.first?["message"]
    #expect(message?["content"]?.stringValue == reply)
    #expect((message?["reasoning_content"] != nil) == (reply == "Thought over."))
    let response = try await fixture.post(
      "/v1/responses",
      ["model": .string(model), "input": "?", "reasoning": ["effort": fields["reasoning_effort"] ?? .null]])
    #expect(response.status == 200)
    await fixture.stop()
  }

  @Test func completionsNameTheCheckpointBySuffix() async throws {
    let fixture = try await fixture()
    for (model, isMain) in [("demo:thinking", false), ("demo:instruct", true)] {
      let before = fixture.service.log.steps.count
      let reply = try await fixture.post("/v1/completions", ["model": .string(model), "prompt": "a", "max_tokens": 1])
      #expect(reply.status == 200 && (fixture.service.log.steps.count > before) == isMain)
    }
    await fixture.stop()
  }

  @Test func bothAreListedAsOneModelAndMeasuredApart() async throws {
    let fixture = try await fixture()
    let models = try await fixture.request("GET", "/v1/models").json["data"]?.arrayValue
    #expect(models?.first?["modes"] == ["instruct", "thinking"])
    let metrics = try await fixture.request("GET", "/metrics").text
    #expect(metrics.contains("model_name=\"demo\"") && metrics.contains("model_name=\"demo:thinking\""))
    await fixture.stop()
  }
}
