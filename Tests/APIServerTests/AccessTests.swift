import HTTPTypes
import JSON
import Metrics
import Serving
import TestSupport
import Testing

@testable import APIServer

/// API keys: who is let in, how much each may take, and what is said otherwise.
@Suite struct AccessTests {
  private func key(_ name: String, _ secret: String, _ change: (inout APIKey.Limits) -> Void = { _ in }) throws
    -> APIKey
  {
    var limits = APIKey.Limits()
    change(&limits)
    return try #require(APIKey(name: name, secret: secret, limits: limits))
  }

  private func fields(_ secret: String) -> HTTPFields { [.authorization: "Bearer \(secret)"] }

  @Test func withoutAKeyNobodyIsLetIn() async throws {
    let access = AccessControl(keys: [try key("alice", "sk-alice"), try key("bob", "sk-bob")])
    let fixture = try await APIFixture(access: access)
    for fields in [[:], ["Authorization": "Basic sk-alice"], ["Authorization": "Bearer"], ["x-api-key": ""]] {
      let response = try await fixture.chat(.asking(), fields: fields)
      #expect(response.status == 401 && response["www-authenticate"] == "Bearer", "\(fields)")
      #expect(try response.json["error"]?["type"] == "invalid_request_error")
    }
    for secret in ["sk-alic", "sk-alice2", "SK-ALICE", "alice", "sk-bo"] {
      let response = try await fixture.chat(.asking(), fields: ["Authorization": "Bearer \(secret)"])
      #expect(response.status == 401)
      #expect(try response.json["error"]?["code"] == "invalid_api_key")
      #expect(!response.text.contains(secret))
    }
    let messages = try await fixture.post("/v1/messages", .asking("?", ["max_tokens": 4]))
    #expect(messages.status == 401)
    #expect(try messages.json["error"]?["type"] == "authentication_error")
    for path in ["/v1/models", "/metrics", "/docs", "/openapi.json"] {
      #expect(try await fixture.request("GET", path).status == 401, "\(path)")
    }
    for path in ["/health", "/ready"] { #expect(try await fixture.request("GET", path).status == 200, "\(path)") }
    await fixture.stop()
  }

  @Test func eachFieldLetsIn() async throws {
    let access = AccessControl(keys: [try key("alice", "sk-alice"), try key("bob", "sk-bob")])
    let fixture = try await APIFixture(access: access)
    for fields in [
      ["Authorization": "Bearer sk-alice"], ["authorization": "bearer  sk-alice"], ["x-api-key": "sk-alice"],
      ["Authorization": "Bearer nonsense", "x-api-key": "sk-alice"],
    ] {
      #expect(try await fixture.chat(.asking(), fields: fields).status == 200, "\(fields)")
    }
    _ = try await fixture.chat(.asking(), fields: ["x-api-key": "sk-bob", "x-request-id": "of-bob"])
    #expect(try await fixture.logLines.first(containing: "request_id=of-bob").contains("key=bob status=200"))
    #expect(!fixture.logLines.all.contains { $0.contains("sk-") })
    let metrics = try await fixture.request("GET", "/metrics", fields: ["x-api-key": "sk-bob"])
    #expect(metrics.status == 200 && !metrics.text.contains("sk-"))
    await fixture.stop()
  }

  @Test func modelsCanBeLimited() async throws {
    let access = AccessControl(keys: [try key("alice", "sk-alice") { $0.models = ["demo"] }])
    let fixture = try await APIFixture(access: access)
    let fields = ["x-api-key": "sk-alice"]
    #expect(try await fixture.chat(.asking(), fields: fields).status == 200)
    #expect(try await fixture.chat(.asking("?", ["model": "demo:thinking"]), fields: fields).status == 200)
    let refused = try await fixture.chat(.asking("?", ["model": "org/other"]), fields: fields)
    #expect(refused.status == 403)
    #expect(try refused.json["error"]?["param"] == "model")
    let completion: JSON = ["model": "org/other", "prompt": "x"]
    #expect(try await fixture.post("/v1/completions", completion, fields: fields).status == 403)
    await fixture.stop()
  }

  @Test func aLimitIsToldWithATimeToWait() async throws {
    let access = AccessControl(keys: [try key("alice", "sk-alice") { $0.requestsPerMinute = 2 }])
    let fixture = try await APIFixture(access: access)
    let fields = ["x-api-key": "sk-alice"]
    for _ in 0..<2 { #expect(try await fixture.request("GET", "/v1/models", fields: fields).status == 200) }
    let refused = try await fixture.chat(.asking(), fields: fields)
    #expect(refused.status == 429)
    #expect(try refused.json["error"]?["code"] == "rate_limit_exceeded")
    #expect((1...30).contains(Int(refused["retry-after"] ?? "") ?? 0))
    await fixture.stop()
  }

  @Test func tokensAreCharged() async throws {
    let access = AccessControl(keys: [try key("alice", "sk-alice") { $0.tokensPerMinute = 5 }])
    let fixture = try await APIFixture(access: access)
    let fields = ["x-api-key": "sk-alice"]
    #expect(try await fixture.chat(.asking(), fields: fields).status == 200)
    // The charge follows the response.
    _ = try await fixture.logLines.first(containing: "chat request_id")
    while try await fixture.request("GET", "/v1/models", fields: fields).status != 429 { await Task.yield() }
    await fixture.stop()
  }

  @Test func storedResponsesAreTheirOwners() async throws {
    let access = AccessControl(keys: [try key("alice", "sk-alice"), try key("bob", "sk-bob")])
    let fixture = try await APIFixture(access: access)
    let alice = ["x-api-key": "sk-alice"]
    let bob = ["x-api-key": "sk-bob"]
    func ask(_ members: JSONObject, _ fields: [String: String]) async throws -> ClientResponse {
      let body: JSONObject = ["model": "demo", "input": "6 * 7?"]
      return try await fixture.post("/v1/responses", .object(body.merging(members)), fields: fields)
    }
    for members: JSONObject in [[:], ["background": true, "stream": true]] {
      let made = try await ask(members, alice)
      let response = try members.isEmpty ? made.json : #require(made.namedEvents.first?.data["response"])
      let id = try #require(response["id"]?.stringValue)
      let path = "/v1/responses/\(id)"
      let missing = try await fixture.request("GET", "/v1/responses/resp_none", fields: bob)
      // To others it is as if it were not there, in every word but the id.
      for (method, suffix) in [
        ("GET", ""), ("GET", "?stream=true"), ("GET", "/input_items"), ("POST", "/cancel"), ("DELETE", ""),
      ] {
        let refused = try await fixture.request(method, path + suffix, fields: bob)
        #expect(refused.status == 404, "\(method) \(suffix)")
        #expect(refused.text.replacing(id, with: "resp_none") == missing.text)
      }
      let next: JSONObject = ["previous_response_id": .string(id)]
      #expect(try await ask(next, bob).status == 400)
      #expect(try await ask(next, alice).status == 200)
      let body: JSONObject = ["model": "demo", "previous_response_id": .string(id), "input": "?"]
      for (fields, status) in [(bob, 400), (alice, 200)] {
        let counted = try await fixture.post("/v1/responses/input_tokens", .object(body), fields: fields)
        #expect(counted.status == status)
      }
      let stored = try await fixture.request("GET", path, fields: alice).json
      let item = try #require(stored["output"]?[0]?["id"])
      let reference: JSONObject = [
        "input": [["type": "item_reference", "id": item], ["role": "user", "content": "?"]]
      ]
      #expect(try await ask(reference, bob).status == 400)
      #expect(try await ask(reference, alice).status == 200)
      #expect(try await fixture.request("DELETE", path, fields: alice).status == 200)
    }
    await fixture.stop()
  }

  @Test func metricsTellOfKeysByTheirNames() throws {
    let access = AccessControl(keys: [
      try key("alice", "sk-alice") { $0.requestsPerMinute = 2 }, try key("bob", "sk-bob"),
    ])
    let registry = MetricRegistry()
    access.addMetrics(to: registry)
    let start = ContinuousClock.now
    for secret in ["sk-alice", "sk-alice", "sk-alice", "sk-bob", "sk-wrong", ""] {
      _ = status(access, secret, at: start)
    }
    access.charge("bob", tokens: 12)
    access.charge(nil, tokens: 100)
    let lines = String(decoding: registry.exposition(), as: UTF8.self).split(separator: "\n").filter { $0.first != "#" }
    #expect(
      lines == [
        #"apus_key_requests_total{key="alice",outcome="admitted"} 2"#,
        #"apus_key_requests_total{key="alice",outcome="limited"} 1"#,
        #"apus_key_requests_total{key="bob",outcome="admitted"} 1"#,
        #"apus_key_tokens_total{key="bob"} 12"#,
        "apus_key_missing_total 2",
      ])
  }

  // MARK: - The accounts alone, with a clock of the test's

  private func status(_ access: AccessControl, _ secret: String, at time: ContinuousClock.Instant) -> Int {
    do {
      _ = try access.enter(fields(secret), at: time)
      return 200
    } catch {
      return error.statusCode
    }
  }

  @Test func allowancesComeBackSteadily() throws {
    let access = AccessControl(keys: [
      try key("alice", "a") { $0.requestsPerMinute = 60 }, try key("bob", "b") { $0.tokensPerMinute = 600 },
    ])
    let start = ContinuousClock.now + .seconds(1)
    for _ in 0..<60 { #expect(status(access, "a", at: start) == 200) }
    #expect(status(access, "a", at: start) == 429)
    #expect(status(access, "a", at: start + .milliseconds(900)) == 429)
    #expect(status(access, "a", at: start + .seconds(1)) == 200)
    #expect(status(access, "a", at: start + .seconds(1)) == 429)
    // A minute's worth is all that gathers.
    let later = start + .seconds(3600)
    for _ in 0..<60 { #expect(status(access, "a", at: later) == 200) }
    #expect(status(access, "a", at: later) == 429)

    #expect(status(access, "b", at: start) == 200)
    access.charge("bob", tokens: 1200)
    #expect(status(access, "b", at: start + .seconds(59)) == 429)
    #expect(status(access, "b", at: start + .seconds(61)) == 200)
  }

  /// What would have come back into a bucket that was full does not make up for a charge that follows.
  @Test func noMoreThanAMinutesWorthGathersWhileARequestRuns() throws {
    let access = AccessControl(keys: [try key("alice", "a") { $0.tokensPerMinute = 600 }])
    let start = ContinuousClock.now + .seconds(1)
    #expect(status(access, "a", at: start) == 200)
    let end = start + .seconds(3600)
    access.charge("alice", tokens: 600, at: end)
    #expect(status(access, "a", at: end) == 429)
    #expect(status(access, "a", at: end + .seconds(1)) == 200)
  }

  @Test func placesAreGivenBack() throws {
    let access = AccessControl(keys: [try key("alice", "a") { $0.concurrentRequests = 2 }])
    #expect(try access.enter(fields("a")) == "alice")
    #expect(try access.enter(fields("a")) == "alice")
    #expect(status(access, "a", at: .now) == 429)
    access.leave("alice")
    #expect(status(access, "a", at: .now) == 200)
  }

  /// A request outlives its key, and the key that comes back under its name has it to its account.
  @Test func whatRunsIsCountedWhileItsKeyIsGone() throws {
    let keys = [try key("alice", "a") { $0.concurrentRequests = 1 }]
    let access = AccessControl(keys: keys)
    #expect(status(access, "a", at: .now) == 200)
    access.replaceKeys([])
    #expect(access.models(of: "alice") == [])
    access.replaceKeys(keys)
    #expect(status(access, "a", at: .now) == 429)
    access.leave("alice")
    #expect(status(access, "a", at: .now) == 200)
    #expect(status(access, "a", at: .now) == 429)
  }

  @Test func keysCanBeReplaced() throws {
    let access = AccessControl(keys: [try key("alice", "a") { $0.concurrentRequests = 1 }])
    #expect(status(access, "a", at: .now) == 200)
    access.replaceKeys([try key("alice", "new") { $0.concurrentRequests = 1 }, try key("bob", "b")])
    #expect(status(access, "a", at: .now) == 401)
    #expect(status(access, "b", at: .now) == 200)
    // Alice's request of before is still running.
    #expect(status(access, "new", at: .now) == 429)
    access.leave("alice")
    #expect(status(access, "new", at: .now) == 200)
    access.replaceKeys([])
    #expect(status(access, "b", at: .now) == 401)
    access.replaceKeys(nil)
    #expect(try access.enter([:]) == nil)
  }

  @Test func namesAndDigestsAreChecked() throws {
    for name in ["", "a b", "ä", "a:b", String(repeating: "x", count: 65)] {
      #expect(APIKey(name: name, secret: "s") == nil)
    }
    #expect(APIKey(name: "a", secret: "") == nil)
    // FIPS 180-2, appendix B.1.
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(SecretDigest(of: "abc".utf8).hexadecimal == digest)
    #expect(SecretDigest(hexadecimal: digest.uppercased()) == SecretDigest(of: "abc".utf8))
    for text in ["", String(digest.dropLast()), digest + "0", String(digest.dropLast()) + "g"] {
      #expect(SecretDigest(hexadecimal: text) == nil)
    }
    let secrets = Set((0..<100).map { _ in APIKey.makeSecret() })
    #expect(secrets.count == 100 && secrets.allSatisfy { $0.utf8.count == 72 })
  }
}
