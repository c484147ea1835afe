import HTTPTypes
import Logging
import Serving

/// What is known of one request that makes tokens; written to the log as one line when it is over.
struct AccessRecord {
  /// What the line begins with: the API's name.
  private let name: String
  let requestID: String
  var model: String?
  var mode: Mode?
  /// 499 until there is an answer: the client went away before.
  private(set) var status = 499
  var promptTokens: Int?
  private var usage: TokenUsage?
  /// `stop`, `length`, `tool_calls`, `error`, or `cancelled` until one of them is known.
  private var outcome = "cancelled"
  private var errorCode: String?
  private let start: ContinuousClock.Instant
  private var firstOutput: ContinuousClock.Instant?

  init(_ name: String, requestID: String) {
    self.name = name
    self.requestID = requestID
    start = .now
  }

  /// Text went out, or was there to go out.
  mutating func noteOutput() {
    if firstOutput == nil { firstOutput = .now }
  }

  /// A reply is whole. Of several choices the last one's reason stands in the line.
  mutating func noteEnd(_ reason: FinishReason) { outcome = reason.rawValue }

  mutating func finish(_ usage: TokenUsage) {
    status = 200
    self.usage = usage
  }

  mutating func fail(_ error: APIError) {
    status = error.status.code
    outcome = "error"
    errorCode = error.code
  }

  /// The line: keys in a fixed order, a dash for what is not known.
  func line(now: ContinuousClock.Instant = .now) -> String {
    func milliseconds(_ end: ContinuousClock.Instant?) -> String? {
      end.map { "\((start.duration(to: $0)) / .milliseconds(1))" }.map { $0.split(separator: ".")[0].description }
    }
    let promptTokens = usage?.promptTokens ?? promptTokens
    let fields: [(String, String?)] = [
      ("request_id", requestID), ("status", "\(status)"), ("model", model?.loggable), ("mode", mode?.rawValue),
      ("prompt_tokens", promptTokens.map { "\($0)" }), ("completion_tokens", usage.map { "\($0.completionTokens)" }),
      ("reasoning_tokens", usage.map { "\($0.reasoningTokens)" }), ("finish_reason", outcome),
      ("error", errorCode), ("ttft_ms", milliseconds(firstOutput)), ("duration_ms", milliseconds(now)),
    ]
    return name + " " + fields.map { "\($0)=\($1 ?? "-")" }.joined(separator: " ")
  }

  func write(to logger: Logger) { logger.info("\(line())") }
}

extension String {
  /// The beginning of the text with everything that could break a log line's fields replaced.
  var loggable: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.prefix(128).map { $0.value > 0x20 && $0.value != 0x7F && $0.isASCII ? $0 : "?" }))
  }
}
