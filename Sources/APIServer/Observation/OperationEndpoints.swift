import HTTP
import HTTPTypes
import JSON
import Metrics

/// What operators and their machines ask: whether the process lives, whether it can serve, and its numbers.
struct OperationEndpoints: Sendable {
  let metrics: MetricRegistry
  private let metricsWantKey: Bool
  private let condition: @Sendable () -> ServerCondition

  init(metrics: MetricRegistry, metricsWantKey: Bool, condition: @escaping @Sendable () -> ServerCondition) {
    self.metrics = metrics
    self.metricsWantKey = metricsWantKey
    self.condition = condition
    metrics.add("apus_ready", "1 while the server can serve, 0 while it loads, drains or is stalled.", .gauge(ready))
  }

  private var ready: @Sendable () -> Double? { { [condition] in condition() == .ready ? 1 : 0 } }

  var endpoints: [Endpoint] {
    [
      state("/health", "200 while the process is worth keeping; 503 if it is stalled.", \.isAlive),
      state("/ready", "200 while the server can serve; 503 while it loads, drains or is stalled.") { $0 == .ready },
      Endpoint(
        method: .get, path: "/metrics", summary: "Numbers for Prometheus, in its text format.", response: [],
        wantsKey: metricsWantKey, mediaType: "text/plain"
      ) { [metrics] _, writer in
        try await writer.send(
          status: .ok, headerFields: [.contentType: MetricRegistry.contentType], body: metrics.exposition())
      },
    ]
  }

  private func state(
    _ path: String, _ summary: String, _ isGood: @escaping @Sendable (ServerCondition) -> Bool
  ) -> Endpoint {
    Endpoint(
      method: .get, path: path, summary: summary,
      response: [
        .required("status", .choice(ServerCondition.names)),
        .optional("stage", .string, "While it loads: what is being read."),
      ], errors: [503], wantsKey: false
    ) { [condition] _, writer in
      let condition = condition()
      let isGood = isGood(condition)
      var fields: HTTPFields = [.contentType: "application/json", .cacheControl: "no-store"]
      if !isGood { fields[.retryAfter] = "5" }
      var body: JSONObject = ["status": .string(condition.name)]
      if case .loading(let stage) = condition { body["stage"] = .string(stage) }
      try await writer.send(
        status: isGood ? .ok : .serviceUnavailable, headerFields: fields, body: JSON.object(body).bytes)
    }
  }
}
