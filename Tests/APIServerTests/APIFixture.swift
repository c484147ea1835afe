import Foundation
import APIServer
import Engine
import HTTP
import HTTPTypes
import JSON
import Logging
import Scheduler
import Serving
import ServingTestSupport
import Synchronization
import TestSupport

/// The API in front of a scripted model, behind a real server on a free port.
struct APIFixture {
  let service: ServiceFixture
  let models: ModelPool
  let server: HTTPServer
  let port: Int
  let logLines: LogLines

  init(
    names: [String] = ["demo", "org/other"], contextLength: Int = 4096,
    scheduler: SchedulerConfiguration = ServiceFixture.plenty, maximumBodyBytes: Int = 32 << 20,
    heartbeat: Duration = .seconds(3600), unknownFields: UnknownFields = .report,
    reasoningField: ReasoningField = .reasoningContent, tenantField: HTTPField.Name? = nil,
    settings: ConversationSettings = ConversationSettings(), stallTimeout: Duration = .seconds(3600),
    access: AccessControl = AccessControl(keys: nil), thinking: ServiceFixture? = nil,
    beforeStep: @escaping @Sendable (_ number: Int) throws(EngineError) -> Void = { _ in },
    reply: @escaping ScriptedChat.Reply = { _, mode in
      mode == .thinking ? "Six sevens.\n</think>\n\nIt is 42." : "It is 42."
    }
  ) async throws {
    let logLines = LogLines()
    service = try ServiceFixture(
      contextLength: contextLength, scheduler: scheduler, settings: settings, beforeStep: beforeStep,
      reply: reply)
    let main = service.service
    let checkpoints = try thinking.map { try Checkpoints(instruct: main, thinking: $0.service) } ?? Checkpoints(main)
    let logger = Logger(label: "test") { _ in LineHandler(lines: logLines) }
    models = ModelPool(serving: checkpoints, names: names, logger: logger)
    let api = APIServer(
      models: models,
      configuration: APIServerConfiguration(
        maximumBodyBytes: maximumBodyBytes, heartbeat: heartbeat,
        unknownFields: unknownFields, reasoningField: reasoningField, tenantField: tenantField,
        stallTimeout: stallTimeout),
      access: access, logger: logger)
    server = HTTPServer(
      configuration: HTTPServerConfiguration(host: "127.0.0.1", port: 0), router: api.router())
    port = try await server.start().port
    self.logLines = logLines
  }

  func stop() async { await server.shutdown(gracePeriod: .zero) }

  /// Sends a request and reads the whole response.
  func request(
    _ method: String, _ path: String, fields: [String: String] = [:], body: [UInt8] = []
  ) async throws -> ClientResponse {
    let client = try await open(method, path, fields: fields, body: body)
    defer { client.close() }
    return try await client.receiveResponse(isHead: method == "HEAD")
  }

  /// Sends a chat request and reads the whole response.
  func chat(_ body: JSON, fields: [String: String] = [:]) async throws -> ClientResponse {
    try await post(Self.path, body, fields: fields)
  }

  /// Sends a JSON body and reads the whole response.
  func post(_ path: String, _ body: JSON, fields: [String: String] = [:]) async throws -> ClientResponse {
    try await request("POST", path, fields: Self.jsonFields(fields), body: Array(body.serialized().utf8))
  }

  /// Sends a chat request; the response is the caller's to read.
  func openChat(_ body: JSON, fields: [String: String] = [:]) async throws -> SocketClient {
    try await openPost(Self.path, body, fields: fields)
  }

  /// Sends a JSON body; the response is the caller's to read.
  func openPost(_ path: String, _ body: JSON, fields: [String: String] = [:]) async throws -> SocketClient {
    try await open("POST", path, fields: Self.jsonFields(fields), body: Array(body.serialized().utf8))
  }

  static let path = "/v1/chat/completions"

  private static func jsonFields(_ fields: [String: String]) -> [String: String] {
    fields.merging(["Content-Type": "application/json"]) { given, _ in given }
  }

  private func open(
    _ method: String, _ path: String, fields: [String: String], body: [UInt8]
  ) async throws -> SocketClient {
    let client = try SocketClient(port: port)
    var head = "\(method) \(path) HTTP/1.1\r\nHost: test\r\n"
    for (name, value) in fields { head += "\(name): \(value)\r\n" }
    if !body.isEmpty { head += "Content-Length: \(body.count)\r\n" }
    try await client.send(Array((head + "\r\n").utf8) + body)
    return client
  }
}

extension ClientResponse {
  /// The body as JSON.
  var json: JSON {
    get throws { try JSON(parsing: body) }
  }

  /// The data of the stream's events, `[DONE]` left out; fails where an event has any other form.
  var events: [JSON] {
    get throws {
      var events: [JSON] = []
      for event in text.components(separatedBy: "\n\n") where event.hasPrefix("data: ") && event != "data: [DONE]" {
        events.append(try JSON(parsing: String(event.dropFirst(6))))
      }
      return events
    }
  }
}

extension ClientResponse {
  /// The stream's events where each has a name, comments left out.
  var namedEvents: [(name: String, data: JSON)] {
    get throws {
      try text.components(separatedBy: "\n\n").compactMap { event in
        guard event.hasPrefix("event: ") else { return nil }
        let lines = event.components(separatedBy: "\ndata: ")
        return (String(lines[0].dropFirst("event: ".count)), try JSON(parsing: lines[1]))
      }
    }
  }
}

extension JSON {
  /// A question of a user to the model `demo`, with further members.
  static func asking(_ text: String = "6 * 7?", _ members: JSONObject = [:]) -> JSON {
    var body: JSONObject = ["model": "demo", "messages": [["role": "user", "content": .string(text)]]]
    for (key, value) in members { body[key] = value }
    return .object(body)
  }
}

/// What was logged.
final class LogLines: Sendable {
  private let state = Mutex<[String]>([])

  var all: [String] { state.withLock { $0 } }

  func append(_ line: String) { state.withLock { $0.append(line) } }

  /// The first line with the text; waits for it.
  func first(containing text: String) async throws -> String {
    while true {
      if let line = all.first(where: { $0.contains(text) }) { return line }
      try await Task.sleep(for: .milliseconds(1))
    }
  }
}

private struct LineHandler: LogHandler {
  let lines: LogLines
  var metadata: Logger.Metadata = [:]
  var logLevel = Logger.Level.trace

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) { lines.append("\(event.message)") }
}
