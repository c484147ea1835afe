import JSON
import Testing
import TestSupport

/// The API's description of itself.
@Suite struct DescriptionTests {
  @Test func everyEndpointIsDescribedAndItsExampleAnswered() async throws {
    let fixture = try await APIFixture()
    let document = try await fixture.request("GET", "/openapi.json").json
    #expect(document["openapi"] == "3.1.0")
    let paths = try #require(document["paths"]?.objectValue)
    #expect(paths.count >= 18)
    for (path, operations) in paths {
      for (method, operation) in operations.objectValue ?? [:] {
        #expect(operation["summary"]?.stringValue?.isEmpty == false && operation["responses"]?["200"] != nil)
        guard method == "post", let body = operation["requestBody"]?["content"]?["application/json"] else { continue }
        #expect(body["schema"]?["type"] == "object")
        guard let example = body["example"] else { continue }
        #expect(try await fixture.post(path, example).status == 200, "\(path)")
      }
    }
    await fixture.stop()
  }

  @Test func fieldsAreThoseThatRequestsAreCheckedBy() async throws {
    let fixture = try await APIFixture()
    let document = try await fixture.request("GET", "/openapi.json").json
    func body(_ path: String) -> JSON? {
      document["paths"]?[path]?["post"]?["requestBody"]?["content"]?["application/json"]?["schema"]
    }
    let chat = body("/v1/chat/completions")
    #expect(chat?["required"] == ["model", "messages"])
    #expect(chat?["properties"]?["temperature"]?["anyOf"]?[0] == ["type": "number", "minimum": 0.0, "maximum": 2.0])
    #expect(chat?["properties"]?["n"]?["anyOf"]?[0] == ["type": "integer", "minimum": 1, "maximum": 128])
    let messages = body("/v1/messages")
    #expect(messages?["required"] == ["max_tokens", "model", "messages"])
    #expect(messages?["properties"]?["container"]?["type"] == "null")
    await fixture.stop()
  }

  @Test func thePageListsEveryPath() async throws {
    let fixture = try await APIFixture()
    let page = try await fixture.request("GET", "/docs")
    #expect(page["content-type"] == "text/html; charset=utf-8")
    for path in try await fixture.request("GET", "/openapi.json").json["paths"]?.objectValue?.keys ?? [] {
      #expect(page.text.contains(path))
    }
    await fixture.stop()
  }

  @Test func embeddingsAreRefusedWithTheReason() async throws {
    let fixture = try await APIFixture()
    let response = try await fixture.post("/v1/embeddings", ["model": "demo", "input": "x"])
    #expect(response.status == 400)
    #expect(try response.json["error"]?["code"] == "unsupported_model")
    #expect(try await fixture.post("/v1/embeddings", ["model": "other", "input": "x"]).status == 404)
    await fixture.stop()
  }
}
