import ServingTestSupport
import Serving
import Dispatch
import JSON
import Scheduler
import Testing
import TestSupport

/// Errors in OpenAI's envelope, with the right status.
@Suite struct ErrorTests {
  private func error(_ response: ClientResponse, _ status: Int) throws -> JSON {
    #expect(response.status == status)
    #expect(response["content-type"] == "application/json")
    let error = try #require(try response.json["error"])
    #expect(error.objectValue?.keys == ["message", "type", "param", "code"])
    #expect(error["message"]?.stringValue?.isEmpty == false && error["type"]?.stringValue?.isEmpty == false)
    return error
  }

  @Test func pathsAndMethods() async throws {
    let fixture = try await APIFixture()
    #expect(try error(await fixture.request("GET", "/nowhere"), 404)["code"] == "unknown_url")
    let method = try await fixture.request("GET", APIFixture.path)
    #expect(try error(method, 405)["code"] == "method_not_allowed")
    #expect(method["allow"]?.contains("POST") == true)
    #expect(try error(await fixture.request("GET", "/v1/models/unknown"), 404)["code"] == "model_not_found")
    let model = try error(await fixture.chat(.asking("?", ["model": "swallow"])), 404)
    #expect(model["code"] == "model_not_found" && model["param"] == "model")
    #expect(model["message"]?.stringValue?.contains("swallow") == true)
    await fixture.stop()
  }

  @Test func bodies() async throws {
    let fixture = try await APIFixture(maximumBodyBytes: 1000)
    let malformed = try await fixture.request(
      "POST", APIFixture.path, fields: ["Content-Type": "application/json; charset=utf-8"],
      body: Array("{\"model\": \"demo\",\n  \"messages\": [}".utf8))
    let message = try #require(try error(malformed, 400)["message"]?.stringValue)
    #expect(message.contains("line 2") && message.contains("column 16"))
    for fields in [[:], ["Content-Type": "text/plain"], ["Content-Type": "application/jsonx"]] {
      let response = try await fixture.request("POST", APIFixture.path, fields: fields, body: Array("{}".utf8))
      #expect(try error(response, 415)["code"] == "unsupported_media_type")
    }
    let large = try await fixture.chat(.asking(String(repeating: "x", count: 1000)))
    #expect(try error(large, 413)["code"] == "request_too_large")
    let empty = try await fixture.request("POST", APIFixture.path, fields: ["Content-Type": "application/json"])
    #expect(try error(empty, 400)["code"] == "invalid_json")
    await fixture.stop()
  }

  @Test func parametersAndModes() async throws {
    let fixture = try await APIFixture()
    let type = try error(await fixture.chat(.asking("?", ["messages": [["role": "user", "content": 5]]])), 400)
    #expect(type["param"] == "messages[0].content" && type["type"] == "invalid_request_error")
    let both = try error(
      await fixture.chat(.asking("?", ["model": "demo:instruct", "enable_thinking": true])), 400)
    let message = try #require(both["message"]?.stringValue)
    #expect(message.contains("model") && message.contains("enable_thinking"))
    await fixture.stop()
  }

  @Test func aPromptThatIsTooLongIsToldWithBothNumbers() async throws {
    let fixture = try await APIFixture(contextLength: 64)
    let long = try error(await fixture.chat(.asking(String(repeating: "word ", count: 300))), 400)
    #expect(long["code"] == "context_length_exceeded" && long["param"] == "messages")
    #expect(long["message"]?.stringValue?.contains("64 tokens") == true)
    await fixture.stop()
  }

  @Test func aTemplateThatRefusesIsTheRequestsFault() async throws {
    let fixture = try await APIFixture(names: ["demo"])
    let response = try await fixture.chat(.asking("?", ["chat_template_kwargs": ["tools": 3]]))
    #expect(try error(response, 400)["param"] == "chat_template_kwargs.tools")
    await fixture.stop()
  }

  @Test func aFullQueueSaysWhenToComeBack() async throws {
    let gate = DispatchSemaphore(value: 0)
    let scheduler = SchedulerConfiguration(
      pageCount: 64, slotCount: 1, stepTokenBudget: 64, maximumRunning: 1, maximumQueued: 1)
    let fixture = try await APIFixture(
      scheduler: scheduler, beforeStep: { _ in gate.wait() }, reply: { _, _ in String(repeating: "word ", count: 500) })
    let first = try await fixture.openChat(.asking("?", ["stream": true]))
    _ = try await first.receive(until: "\r\n\r\n")
    let second = try await fixture.openChat(.asking("?", ["stream": true]))
    // It is taken in between two steps.
    let steps = Task {
      while !Task.isCancelled {
        gate.signal()
        try? await Task.sleep(for: .milliseconds(5))
      }
    }
    _ = try await second.receive(until: "\r\n\r\n")
    steps.cancel()
    let response = try await fixture.chat(.asking())
    #expect(try error(response, 429)["code"] == "queue_full")
    #expect(response["retry-after"] != nil)
    for _ in 0..<5000 { gate.signal() }
    _ = try await first.receive(until: "data: [DONE]\n\n")
    _ = try await second.receive(until: "data: [DONE]\n\n")
    first.close()
    second.close()
    await fixture.stop()
  }

  @Test func aServerThatStopsRefuses() async throws {
    let fixture = try await APIFixture()
    #expect(try await fixture.request("GET", "/ready").json == ["status": "ready"])
    await fixture.models.drain(grace: .zero)
    let response = try await fixture.chat(.asking())
    #expect(try error(response, 503)["code"] == "shutting_down")
    #expect(response["retry-after"] != nil)
    #expect(try await fixture.request("GET", "/health").json == ["status": "draining"])
    #expect(try await fixture.request("GET", "/ready").status == 503)
    await fixture.stop()
  }
}
