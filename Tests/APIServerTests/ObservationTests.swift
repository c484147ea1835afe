import Dispatch
import Engine
import Foundation
import HTTP
import HTTPTypes
import JSON
import Metrics
import Serving
import ServingTestSupport
import TestSupport
import Testing

@testable import APIServer

/// What `/metrics`, `/health` and `/ready` tell.
@Suite struct ObservationTests {
  /// The samples by name and labels.
  private func samples(_ fixture: APIFixture) async throws -> [String: Double] {
    let response = try await fixture.request("GET", "/metrics")
    #expect(response.status == 200)
    #expect(response["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
    var samples: [String: Double] = [:]
    for line in response.text.split(separator: "\n") where !line.hasPrefix("#") {
      let cut = try #require(line.lastIndex(of: " "))
      let name = String(line[..<cut])
      #expect(samples[name] == nil, "\(name) is there twice")
      samples[name] = Double(line[line.index(after: cut)...])
    }
    return samples
  }

  @Test func metricsFollowWhatWasServed() async throws {
    let fixture = try await APIFixture()
    let model = "{model_name=\"demo\"}"
    let before = try await samples(fixture)
    #expect(before["vllm:num_requests_running\(model)"] == 0)
    #expect(before["vllm:time_to_first_token_seconds_count\(model)"] == 0)
    #expect(before["vllm:cache_config_info{model_name=\"demo\",block_size=\"64\",num_gpu_blocks=\"512\"}"] == 1)

    let usage = try #require(try await fixture.chat(.asking("?", ["n": 2])).json["usage"])
    _ = try await fixture.chat(.asking("?", ["max_tokens": 1]))
    // The last step's numbers follow its replies.
    while fixture.service.service.statistics.running > 0 { await Task.yield() }
    let prompt = Double(try #require(usage["prompt_tokens"]?.intValue))
    let completion = Double(try #require(usage["completion_tokens"]?.intValue))
    let after = try await samples(fixture)
    #expect(after["vllm:prompt_tokens_total\(model)"] == 2 * prompt)
    #expect(after["vllm:generation_tokens_total\(model)"] == completion + 1)
    #expect(after["vllm:prefix_cache_queries_total\(model)"] == 2 * prompt)
    #expect(after["vllm:prefix_cache_hits_total\(model)"] ?? 0 <= prompt)
    #expect(after["vllm:request_success_total{model_name=\"demo\",finished_reason=\"stop\"}"] == 2)
    #expect(after["vllm:request_success_total{model_name=\"demo\",finished_reason=\"length\"}"] == 1)
    #expect(after["vllm:time_to_first_token_seconds_count\(model)"] == 2)
    #expect(after["vllm:e2e_request_latency_seconds_count\(model)"] == 2)
    #expect(after["vllm:inter_token_latency_seconds_count\(model)"] == completion - 2)
    #expect(after["vllm:request_generation_tokens_sum\(model)"] == completion + 1)
    #expect(after["apus_step_seconds_count\(model)"] == after["apus_step_requests_count\(model)"])
    #expect(after["apus_step_seconds_count\(model)"] ?? 0 >= completion / 2)
    let pages = ["held", "kept", "free"].compactMap { after["apus_kv_pages{model_name=\"demo\",state=\"\($0)\"}"] }
    #expect(pages.reduce(0, +) == 512 && pages[0] == 0)
    await fixture.stop()
  }

  @Test func cancelledAndFailedRepliesAreCounted() async throws {
    let gate = DispatchSemaphore(value: 0)
    // The reply must not be over before the server notices that its client has gone.
    let fixture = try await APIFixture(
      beforeStep: { number throws(EngineError) in
        if number == 2 { gate.wait() } else if number > 2 { Thread.sleep(forTimeInterval: 0.002) }
      }, reply: { _, _ in String(repeating: "word ", count: 3000) })
    let client = try await fixture.openChat(.asking("?", ["stream": true]))
    _ = try await client.receive(until: "\r\n\r\n")
    while fixture.service.service.statistics.steps < 2 { await Task.yield() }
    let running = try await samples(fixture)
    #expect(running["vllm:num_requests_running{model_name=\"demo\"}"] == 1)
    #expect(running["vllm:kv_cache_usage_perc{model_name=\"demo\"}"] ?? 0 > 0)
    client.close()
    gate.signal()
    while fixture.service.service.statistics.cancelled == 0 { await Task.yield() }
    #expect(
      try await samples(fixture)["vllm:request_success_total{model_name=\"demo\",finished_reason=\"abort\"}"] == 1)
    await fixture.stop()
  }

  @Test func aStepThatDoesNotEndIsFoundOut() async throws {
    let gate = DispatchSemaphore(value: 0)
    let fixture = try await APIFixture(
      stallTimeout: .milliseconds(20), beforeStep: { number throws(EngineError) in if number == 1 { gate.wait() } })
    #expect(try await fixture.request("GET", "/ready").status == 200)
    let client = try await fixture.openChat(.asking())
    while try await fixture.request("GET", "/ready").status == 200 { await Task.yield() }
    for path in ["/ready", "/health"] {
      let response = try await fixture.request("GET", path)
      #expect(response.status == 503 && response["retry-after"] != nil)
      #expect(try response.json == ["status": "stalled"])
    }
    #expect(try await samples(fixture)["apus_ready"] == 0)
    gate.signal()
    #expect(try await client.receiveResponse(isHead: false).status == 200)
    client.close()
    while try await fixture.request("GET", "/ready").status != 200 { await Task.yield() }
    #expect(try await samples(fixture)["apus_ready"] == 1)
    await fixture.stop()
  }

  @Test func aServerThatLoadsSaysSo() async throws {
    let startup = StartupServer(metrics: MetricRegistry(), access: AccessControl(keys: nil))
    let server = HTTPServer(configuration: HTTPServerConfiguration(port: 0), router: startup.router())
    let port = try await server.start().port
    func ask(_ request: String) async throws -> ClientResponse {
      let client = try SocketClient(port: port)
      defer { client.close() }
      try await client.send(Array("\(request) HTTP/1.1\r\nHost: h\r\n\r\n".utf8))
      return try await client.receiveResponse(isHead: false)
    }
    startup.note(stage: "weights")
    #expect(try await ask("GET /health").status == 200)
    let ready = try await ask("GET /ready")
    #expect(ready.status == 503)
    #expect(try ready.json == ["status": "loading", "stage": "weights"])
    #expect(try await ask("GET /metrics").text.contains("\napus_ready 0\n"))
    for request in ["POST /v1/chat/completions", "GET /v1/models"] {
      let response = try await ask(request)
      #expect(response.status == 503 && response["retry-after"] != nil)
      #expect(try response.json["error"]?["type"] == "server_error")
    }
    // What comes after it takes its place under the same address.
    server.replaceRouter(Router { error in ("text/plain", Array("\(error.status.code)".utf8)) })
    #expect(try await ask("GET /ready").status == 404)
    await server.shutdown(gracePeriod: .zero)
  }
}
