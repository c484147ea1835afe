import HTTPTypes
import Logging
import Serving

/// What is known of one request that makes tokens; written to the log as one line when it is over.
struct AccessRecord {
  /// What the line begins with: the API's name.
  private let name: String
  let requestID: String
  private(set) var model: String?
  /// Who asks.
  let caller: Caller
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
  private var meters: [TokenMeter] = []

  init(_ name: String, requestID: String, _ caller: Caller) {
    self.name = name
    self.requestID = requestID
    self.caller = caller
    start = .now
  }

  /// Replies are under way.
  mutating func begin(_ generation: Generation) {
    promptTokens = (promptTokens ?? 0) + generation.promptTokens.count
    meters.append(generation.meter)
  }

  /// Text went out, or was there to go out.
  mutating func noteOutput() {
    if firstOutput == nil { firstOutput = .now }
  }

  /// The request asks for a model.
  /// - Throws: `APIError` 403 if its key does not allow that one.
  mutating func use(model name: String) throws(APIError) {
    model = name
    try caller.check(model: name)
  }

  /// Tokens of prompts and replies, as far as they were computed: what the usage says, if the replies are whole.
  var tokensTaken: Int { meters.reduce(0) { $0 + $1.tokens } }

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

  /// What is known, in a fixed order; nil for what is not.
  private func fields(_ now: ContinuousClock.Instant) -> [(key: String, value: Logger.MetadataValue?)] {
    func milliseconds(_ end: ContinuousClock.Instant?) -> Int? {
      end.map { Int(start.duration(to: $0) / .milliseconds(1)) }
    }
    func number(_ value: Int?) -> Logger.MetadataValue? { value.map { .stringConvertible($0) } }
    func text(_ value: String?) -> Logger.MetadataValue? { value.map { .string($0) } }
    return [
      ("request_id", text(requestID)), ("key", text(caller.principal)), ("status", number(status)),
      ("model", text(model?.loggable)),
      ("mode", text(mode?.rawValue)), ("prompt_tokens", number(usage?.promptTokens ?? promptTokens)),
      ("cached_tokens", number(usage?.cachedTokens)), ("completion_tokens", number(usage?.completionTokens)),
      ("reasoning_tokens", number(usage?.reasoningTokens)), ("finish_reason", text(outcome)),
      ("error", text(errorCode)), ("ttft_ms", number(milliseconds(firstOutput))),
      ("duration_ms", number(milliseconds(now))),
    ]
  }

  /// The line: keys in a fixed order, a dash for what is not known.
  func line(now: ContinuousClock.Instant = .now) -> String {
    name + " " + fields(now).map { "\($0)=\($1.map { "\($0)" } ?? "-")" }.joined(separator: " ")
  }

  /// Logs the line, and its fields as metadata for logs that are read by programs.
  func write(to logger: Logger) {
    let now = ContinuousClock.now
    var metadata: Logger.Metadata = ["event": .string(name)]
    for (key, value) in fields(now) { metadata[key] = value }
    logger.info("\(line(now: now))", metadata: metadata)
  }
}

extension String {
  /// The beginning of the text with everything that could break a log line's fields replaced.
  var loggable: String {
    String(
      String.UnicodeScalarView(
        unicodeScalars.prefix(128).map { $0.value > 0x20 && $0.value != 0x7F && $0.isASCII ? $0 : "?" }))
  }
}
