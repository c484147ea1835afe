public import HTTP
public import Metrics

/// Counts what the HTTP server answers.
public struct HTTPMetrics: Sendable {
  private let responses = CounterFamily(labels: ["code"])
  private let bytes = Counter()

  /// Adds the counters to a registry.
  public init(registry: MetricRegistry) {
    registry.add(
      "apus_http_responses_total", "Responses, by status; 499: the client went before there was one.",
      .counters(responses))
    registry.add("apus_http_response_bytes_total", "Bytes of the bodies of responses.", .counter(bytes))
  }

  /// Counts one response.
  public func note(_ entry: AccessLogEntry) {
    responses.add(1, ["\(entry.status ?? 499)"])
    bytes.add(entry.bytes)
  }
}
