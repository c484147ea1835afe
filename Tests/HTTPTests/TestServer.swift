import HTTPTypes
import Synchronization
import TestSupport

@testable import HTTP

/// A server on loopback with what tests need to see of it.
struct TestServer {
  let server: HTTPServer
  let address: SocketAddress
  let log: ResponseLog

  /// Runs `body` against a server with the routes `build` adds, then shuts the server down.
  static func run(
    _ configure: (inout HTTPServerConfiguration) -> Void = { _ in }, routes build: (inout Router) -> Void = { _ in },
    _ body: (TestServer) async throws -> Void
  ) async throws {
    let log = ResponseLog()
    var configuration = HTTPServerConfiguration(port: 0)
    configuration.observer = HTTPObserver(onResponse: { log.append($0) }, onEvent: { log.append($0) })
    configure(&configuration)
    var router = Router { error in ("text/plain", Array("error \(error.status.code): \(error.message)".utf8)) }
    router.on(.get, "/hello") { _, writer in try await writer.send(status: .ok, body: Array("hello".utf8)) }
    router.on(.post, "/echo") { request, writer in
      let body = try await request.body.collect(upTo: 1 << 24)
      try await writer.send(status: .ok, body: body)
    }
    build(&router)
    let server = HTTPServer(configuration: configuration, router: router)
    let address = try await server.start()
    do {
      try await body(TestServer(server: server, address: address, log: log))
    } catch {
      await server.shutdown(gracePeriod: .zero)
      throw error
    }
    await server.shutdown(gracePeriod: .zero)
  }

  func connect(receiveBuffer: Int? = nil) throws -> SocketClient {
    try SocketClient(port: address.port, receiveBuffer: receiveBuffer)
  }
}

/// What the server told its observer.
final class ResponseLog: Sendable {
  private let state = Mutex<(entries: [AccessLogEntry], events: [ServerEvent])>(([], []))

  var entries: [AccessLogEntry] { state.withLock { $0.entries } }
  var events: [ServerEvent] { state.withLock { $0.events } }

  func append(_ entry: AccessLogEntry) { state.withLock { $0.entries.append(entry) } }
  func append(_ event: ServerEvent) { state.withLock { $0.events.append(event) } }
}

/// A request without a body.
func get(_ target: String, _ fields: String...) -> String {
  "GET \(target) HTTP/1.1\r\nHost: test\r\n" + fields.map { $0 + "\r\n" }.joined() + "\r\n"
}

/// A request with a body and its length.
func post(_ target: String, _ body: String, _ fields: String...) -> String {
  "POST \(target) HTTP/1.1\r\nHost: test\r\nContent-Length: \(body.utf8.count)\r\n"
    + fields.map { $0 + "\r\n" }.joined() + "\r\n" + body
}
