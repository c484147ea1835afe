import JSON
import Testing
import TestSupport

@Suite struct ModelsTests {
  @Test func aliasesAreListedInOrder() async throws {
    let fixture = try await APIFixture()
    let list = try await fixture.request("GET", "/v1/models").json
    #expect(list["object"] == "list")
    #expect(list["data"]?.arrayValue?.map { $0["id"] } == ["demo", "org/other"])
    for model in list["data"]?.arrayValue ?? [] {
      #expect(model["object"] == "model" && model["owned_by"] == "apus")
      #expect(model["created"]?.intValue ?? 0 > 1_700_000_000)
      #expect(model["max_model_len"] == 4096)
      #expect(model["modes"] == ["instruct", "thinking"])
    }
    await fixture.stop()
  }

  @Test(arguments: [
    ("demo", "demo"), ("org/other", "org/other"), ("org%2Fother", "org/other"), ("demo:thinking", "demo:thinking"),
  ])
  func aModelIsFoundByItsNames(_ path: String, _ id: String) async throws {
    let fixture = try await APIFixture()
    let response = try await fixture.request("GET", "/v1/models/\(path)")
    #expect(response.status == 200)
    #expect(try response.json["id"]?.stringValue == id)
    await fixture.stop()
  }

  @Test(arguments: ["demo:Thinking", "demo:", ":thinking", "dem", "other", "demo:thinking:thinking"])
  func otherNamesAreUnknown(_ name: String) async throws {
    let fixture = try await APIFixture()
    #expect(try await fixture.request("GET", "/v1/models/\(name)").status == 404)
    await fixture.stop()
  }

  @Test func healthIsToldAlsoToHeadRequests() async throws {
    let fixture = try await APIFixture()
    #expect(try await fixture.request("GET", "/health").json == ["status": "ready"])
    let head = try await fixture.request("HEAD", "/health")
    #expect(head.status == 200 && head.body.isEmpty)
    await fixture.stop()
  }
}
