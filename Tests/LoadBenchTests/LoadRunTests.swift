import HTTP
import HTTPTypes
import JSON
import Synchronization
import Testing
import Workload

@testable import LoadBench

/// What a stand-in server was asked.
private final class Asked: Sendable {
  private let bodies = Mutex<[(body: JSON, tenant: String?)]>([])

  func append(_ body: JSON, tenant: String?) { bodies.withLock { $0.append((body, tenant)) } }
  var all: [(body: JSON, tenant: String?)] { bodies.withLock { $0 } }
}

/// Runs against a server with a known tokenizer: a token a letter-run, 7 more a message.
@Suite struct LoadRunTests {
  private func run(
    _ trace: Trace, options: ChatEndpoint.Options = ChatEndpoint.Options(),
    answer: @escaping @Sendable (_ number: Int, _ body: JSON, _ writer: consuming ResponseWriter) async throws -> Void
  ) async throws -> (measurements: Measurements, entries: [LoadRun.Entry], asked: Asked) {
    let asked = Asked()
    let (measurements, entries) = try await withServer(routes: { router in
      router.on(.get, "/v1/models") { _, writer in
        try await writer.send(status: .ok, body: Array(#"{"data":[{"id":"first"},{"id":"second"}]}"#.utf8))
      }
      router.on(.post, "/v1/chat/completions") { request, writer in
        let body = try JSON(parsing: try await request.body.collect(upTo: 1 << 24))
        let number = asked.all.count
        let tenant = request.headerFields.first { $0.name.canonicalName == "x-llm-d-inference-fairness-id" }?.value
        asked.append(body, tenant: tenant)
        try await answer(number, body, writer)
      }
    }) { url in
      let endpoint = try await ChatEndpoint(url: url + "/v1/", options: options)
      let entries = Mutex<[LoadRun.Entry]>([])
      let measurements = try await LoadRun(trace, endpoint: endpoint).run { entry in
        entries.withLock { $0.append(entry) }
      }
      return (measurements, entries.withLock { $0 })
    }
    return (measurements, entries, asked)
  }

  private func withServer<Value>(
    routes build: (inout Router) -> Void, _ body: (_ url: String) async throws -> Value
  ) async throws -> Value {
    var router = Router { error in ("application/json", Array(#"{"error":{"message":"\#(error.message)"}}"#.utf8)) }
    build(&router)
    let server = HTTPServer(configuration: HTTPServerConfiguration(port: 0), router: router)
    let address = try await server.start()
    let result: Result<Value, any Error>
    do { result = .success(try await body("http://\(address)")) } catch { result = .failure(error) }
    await server.shutdown(gracePeriod: .zero)
    return try result.get()
  }

  /// Words of all messages, and 7 a message.
  private static func promptTokens(_ body: JSON) -> Int {
    (body["messages"]?.arrayValue ?? []).reduce(0) {
      $0 + 7 + ($1["content"]?.stringValue ?? "").split(separator: " ").count
    }
  }

  /// Streams as many words as were asked for, and says how many tokens were cached.
  @Sendable private static func stream(_ body: JSON, _ writer: consuming ResponseWriter, cached: Int) async throws {
    let stream = try await writer.startEventStream()
    let count = body["max_tokens"]?.intValue ?? 0
    try await stream.send(data: Array(#"{"choices":[{"delta":{"role":"assistant"}}]}"#.utf8))
    for index in 0..<count {
      let field = index == 0 ? "reasoning_content" : "content"
      try await stream.send(data: Array(#"{"choices":[{"delta":{"\#(field)":"w\#(index) "}}],"usage":null}"#.utf8))
    }
    let usage: JSON = [
      "choices": [],
      "usage": [
        "prompt_tokens": .integer(promptTokens(body)), "completion_tokens": .integer(count),
        "prompt_tokens_details": ["cached_tokens": .integer(cached)],
        "completion_tokens_details": ["accepted_prediction_tokens": 2, "rejected_prediction_tokens": 1],
      ],
    ]
    try await stream.send(data: Array(usage.serialized().utf8))
    try await stream.send(data: Array("[DONE]".utf8))
    try await stream.finish()
  }

  @Test func holdsConversationsAsATraceSays() async throws {
    let trace = Trace([
      Conversation(
        arrival: 0, tenant: 2, prefix: SharedPrefix(id: 4, tokens: 50),
        turns: [Turn(prompt: 20, output: 5), Turn(prompt: 30, output: 3, pause: 0.01)]),
      Conversation(
        arrival: 0.02, prefix: SharedPrefix(id: 4, tokens: 50), turns: [Turn(prompt: 20, output: 4)]),
    ])
    var options = ChatEndpoint.Options()
    options.body = ["ignore_eos": true]
    let (measurements, entries, asked) = try await run(trace, options: options) { _, body, writer in
      try await Self.stream(body, writer, cached: 11)
    }
    #expect(measurements.answered == 3)
    #expect(measurements.outputTokens == 12)
    #expect(measurements.cachedTokens == 33)
    #expect(measurements.acceptedDrafts == 6 && measurements.rejectedDrafts == 3)
    #expect(measurements.interToken.count == 4 + 2 + 3)
    #expect(entries.count == 3)
    // Two requests before these measure the tokenizer.
    let bodies = asked.all.dropFirst(2)
    let first = bodies.filter { $0.tenant == "tenant-2" }.map(\.body)
    let others = bodies.filter { $0.tenant == nil }.map(\.body)
    #expect(first.count == 2 && others.count == 1)
    #expect(first[0]["model"] == "first")
    #expect(first[0]["ignore_eos"] == true)
    // Seven tokens a message are known to be no words.
    #expect(first.map(Self.promptTokens) == [70, 70 + 7 + 4 + 30])
    let messages = try #require(first[1]["messages"]?.arrayValue)
    #expect(messages.map { $0["role"] } == ["system", "user", "assistant", "user"])
    #expect(Array(messages.prefix(2)) == first[0]["messages"]?.arrayValue)
    // Thoughts are no part of the history.
    #expect(messages[2]["content"] == "w1 w2 w3 w4 ")
    #expect(others[0]["messages"]?[0] == messages[0])
    #expect(others[0]["messages"]?[1] != messages[1])
    let later = try #require(entries.first { $0.turn == 1 })
    let earlier = try #require(entries.first { $0.conversation == 0 && $0.turn == 0 })
    #expect(later.record.sent >= earlier.record.end + 0.01)
    #expect(later.json["accepted_draft_tokens"] == 2)
    #expect(later.json["pieces"]?.arrayValue?.count == 3)
    #expect(later.json["prefilled_tokens"]?.intValue == 70 + 7 + 4 + 30 - 11)
  }

  @Test func countsRefusalsAndFailures() async throws {
    let trace = Trace(
      (0..<5).map {
        Conversation(arrival: 0.03 * Double($0), turns: [Turn(prompt: 20, output: 2), Turn(prompt: 9, output: 2)])
      })
    let (measurements, entries, asked) = try await run(trace) { number, body, writer in
      switch number {
      case 0...1: try await Self.stream(body, writer, cached: 0)
      case 2: throw HTTPError(.tooManyRequests, "later")
      case 3: throw HTTPError(.internalServerError, "broken")
      case 4:
        let stream = try await writer.startEventStream()
        try await stream.send(data: Array(#"{"error":{"message":"half way"}}"#.utf8))
        try await stream.finish()
      case 5:
        let stream = try await writer.startEventStream()
        try await stream.send(data: Array("{".utf8))
        try await stream.finish()
      default:
        let stream = try await writer.startEventStream()
        try await stream.finish()
      }
    }
    #expect(measurements.answered == 0)
    #expect(measurements.refused == ["status 429: later": 1])
    #expect(measurements.failed["status 500: broken"] == 1)
    #expect(measurements.failed["half way"] == 1)
    #expect(measurements.failed["the stream ended without [DONE]"] == 1)
    #expect(measurements.failed.values.reduce(0, +) == 4)
    // A conversation ends with its first request that is not answered.
    #expect(entries.count == 5 && asked.all.count == 7)
    #expect(entries.count { $0.json["refused"] != nil } == 1)
  }

  @Test func needsUsageToCountTokens() async throws {
    let trace = Trace([Conversation(arrival: 0, turns: [Turn(prompt: 1, output: 1)])])
    let error = await #expect(throws: LoadBenchError.self) {
      _ = try await run(trace) { _, _, writer in
        let stream = try await writer.startEventStream()
        try await stream.send(data: Array("[DONE]".utf8))
        try await stream.finish()
      }
    }
    #expect(error?.description.contains("no usage") == true)
  }

  @Test func saysWhenTheServerIsNoneOfItsKind() async throws {
    try await withServer(routes: { _ in }) { url in
      let error = await #expect(throws: LoadBenchError.self) {
        _ = try await ChatEndpoint(url: url, options: ChatEndpoint.Options())
      }
      #expect(error == .unexpectedAnswer(path: "/v1/models", expected: "status 200", found: "404"))
    }
  }
}
