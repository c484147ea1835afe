import Foundation
import HTTPTypes
import JSON
import Scheduler
import Serving
import ServingTestSupport
import TestSupport
import Testing

@testable import APIServer

/// Whose request it is, how urgent, and what becomes of those that are too many or too late.
@Suite struct TermsTests {
  private static let header = "x-llm-d-inference-fairness-id"
  private static let deadline = "x-llm-d-slo-ttft-ms"
  private static let endless = String(repeating: "on and on ", count: 2000)

  private func tenant(_ fields: [String: String], reading name: String? = header) throws -> Tenant? {
    var head = HTTPFields()
    for (name, value) in fields { head[try #require(HTTPField.Name(name))] = value }
    return try TermsReader(tenantField: name.flatMap { HTTPField.Name($0) }).terms(of: head, at: .now).tenant
  }

  @Test func tenantsAreToldApartByKeyAndName() throws {
    #expect(try tenant([:]) == nil)
    let key = try tenant(["Authorization": "Bearer a"])
    #expect(key != nil)
    #expect(try tenant(["authorization": "Bearer a", "x-request-id": "1"]) == key)
    let others = [
      ["Authorization": "Bearer b"], ["x-api-key": "a"], [Self.header: "a"],
      ["Authorization": "Bearer a", Self.header: "a"], ["Authorization": "Bearer a", Self.header: "b"],
    ]
    let tenants = Set(try others.map { try tenant($0) } + [key, nil])
    #expect(tenants.count == others.count + 2)
    // Where no field is read, nobody can name himself.
    #expect(try tenant(["Authorization": "Bearer a", Self.header: "b"], reading: nil) == key)
  }

  @Test func theTenantsKeyIsNowhereInIt() throws {
    let tenant = try #require(try tenant(["Authorization": "Bearer sk-secret"]))
    #expect(!String(reflecting: tenant).contains("secret"))
  }

  @Test(arguments: ["0", "-1", "soon", "", "nan", "1e99"]) func aBadDeadlineIsNamed(_ value: String) async throws {
    let fixture = try await APIFixture()
    let response = try await fixture.chat(.asking(), fields: [Self.deadline: value])
    #expect(response.status == 400)
    #expect(try response.json["error"]?["param"]?.stringValue == Self.deadline)
    await fixture.stop()
  }

  @Test(arguments: [true, false]) func aDeadlineThatCannotBeMetIsRefused(_ streams: Bool) async throws {
    let fixture = try await APIFixture(beforeStep: { _ in Thread.sleep(forTimeInterval: 0.02) })
    let body = JSON.asking("6 * 7?", ["stream": .bool(streams)])
    // Nothing is known of steps before the first.
    #expect(try await fixture.chat(body).status == 200)
    let late = try await fixture.chat(body, fields: [Self.deadline: "0.5"])
    #expect(late.status == 429)
    let error = try JSON(parsing: late.body)["error"]
    #expect(error?["type"] == "rate_limit_error" && error?["code"] == "rate_limit_exceeded")
    #expect(error?["message"]?.stringValue?.contains("first token") == true)
    #expect((late["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
    #expect(try await fixture.chat(body, fields: [Self.deadline: "60000"]).status == 200)
    await fixture.stop()
  }

  @Test(arguments: ["/v1/chat/completions", "/v1/messages", "/v1/responses", "/v1/completions"])
  func aTenantHasSoManyRequestsAtMost(_ path: String) async throws {
    let scheduler = SchedulerConfiguration(
      pageCount: 512, slotCount: 4, stepTokenBudget: 512, maximumRunning: 4, maximumQueued: 10, maximumPerTenant: 1)
    let fixture = try await APIFixture(
      scheduler: scheduler, tenantField: HTTPField.Name(Self.header),
      beforeStep: { _ in Thread.sleep(forTimeInterval: 0.001) },
      reply: { _, _ in Self.endless })
    let first = try await fixture.openChat(.asking("?", ["stream": true]), fields: ["Authorization": "Bearer a"])
    _ = try await first.receive(until: "\n\n")
    var body = try #require(JSON.asking("?", ["max_tokens": 4]).objectValue)
    if path == "/v1/responses" { body = ["model": "demo", "input": "?", "max_output_tokens": 16] }
    if path == "/v1/completions" { body = ["model": "demo", "prompt": "?", "max_tokens": 4] }
    for streams in [true, false] {
      body["stream"] = .bool(streams)
      let refused = try await fixture.post(path, .object(body), fields: ["Authorization": "Bearer a"])
      #expect(refused.status == 429)
      #expect(try refused.json["error"]?["type"] == "rate_limit_error")
      #expect((refused["retry-after"].flatMap { Int($0) } ?? 0) >= 1)
    }
    body["stream"] = false
    for fields in [["Authorization": "Bearer b"], ["Authorization": "Bearer a", Self.header: "other"], [:]] {
      #expect(try await fixture.post(path, .object(body), fields: fields).status == 200)
    }
    first.close()
    await fixture.stop()
  }

  @Test func smallerPrioritiesGoFirst() async throws {
    let scheduler = SchedulerConfiguration(
      pageCount: 64, slotCount: 1, stepTokenBudget: 64, maximumRunning: 1, maximumQueued: 10)
    let fixture = try await APIFixture(
      // Slow enough that the first reply is still there when the last request has come, and that replies end in their order.
      scheduler: scheduler, beforeStep: { _ in Thread.sleep(forTimeInterval: 0.01) }, reply: { _, _ in Self.endless })
    let first = try await fixture.openChat(.asking("?", ["stream": true]))
    _ = try await first.receive(until: "\n\n")
    let service = fixture.service.service
    let order = try await withThrowingTaskGroup(of: (priority: Int, status: Int).self) { group in
      for priority in [0, 5, -5] {
        let waiting = service.statistics.waiting
        group.addTask {
          let response = try await fixture.chat(.asking("?", ["priority": .integer(priority), "max_tokens": 8]))
          return (priority, response.status)
        }
        while service.statistics.waiting == waiting { try await Task.sleep(for: .milliseconds(1)) }
      }
      first.close()
      var order: [Int] = []
      for try await reply in group where reply.status == 200 { order.append(reply.priority) }
      return order
    }
    #expect(order == [-5, 0, 5])
    #expect(try await fixture.chat(.asking("?", ["priority": "high"])).status == 400)
    await fixture.stop()
  }
}
