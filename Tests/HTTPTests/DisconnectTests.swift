import HTTPTypes
import Synchronization
import TestSupport
import Testing

@testable import HTTP

/// A client that goes away cancels its request, whatever the handler is waiting for.
@Suite struct DisconnectTests {
  enum Departure: CaseIterable {
    case close, reset, closeSending

    func leave(_ client: SocketClient) {
      switch self {
      case .close: client.close()
      case .reset: client.reset()
      case .closeSending: client.closeSending()
      }
    }
  }

  /// Waits until the task is cancelled.
  private static func untilCancelled() async {
    let cancelled = Signal()
    await withTaskCancellationHandler {
      await cancelled.wait()
    } onCancel: {
      cancelled.fire()
    }
  }

  @Test(arguments: Departure.allCases)
  func cancelsAHandlerThatHasNotAnswered(departure: Departure) async throws {
    let arrived = Signal()
    let cancelled = Signal()
    try await TestServer.run(routes: { router in
      router.on(.post, "/wait") { request, _ in
        _ = try await request.body.collect(upTo: 100)
        arrived.fire()
        await Self.untilCancelled()
        cancelled.fire()
        try Task.checkCancellation()
      }
    }) { server in
      let client = try server.connect()
      try await client.send(post("/wait", "body"))
      await arrived.wait()
      departure.leave(client)
      await cancelled.wait()
      // The server has let the connection go: it logs a request without a status.
      if departure == .closeSending { #expect(try await client.receive().isEmpty) }
      await server.server.shutdown(gracePeriod: .seconds(10))
      let entry = try #require(server.log.entries.first)
      #expect(entry.status == nil)
      #expect(!entry.isComplete)
    }
  }

  @Test(arguments: Departure.allCases)
  func cancelsAStreamThatSaysNothing(departure: Departure) async throws {
    let cancelled = Signal()
    try await TestServer.run(routes: { router in
      router.on(.get, "/wait") { _, writer in
        let stream = try await writer.startEventStream()
        try await stream.sendComment("hello")
        await Self.untilCancelled()
        cancelled.fire()
      }
    }) { server in
      let client = try server.connect()
      try await client.send(get("/wait"))
      _ = try await client.receive(until: "hello")
      departure.leave(client)
      await cancelled.wait()
    }
  }

  @Test func cancelsAHandlerThatWaitsForItsBody() async throws {
    let outcome = Mutex<HTTPError?>(nil)
    let ended = Signal()
    try await TestServer.run(routes: { router in
      router.on(.post, "/wait") { request, _ in
        defer { ended.fire() }
        do throws(HTTPError) {
          _ = try await request.body.collect(upTo: 100)
        } catch {
          outcome.withLock { $0 = error }
          throw error
        }
      }
    }) { server in
      let client = try server.connect()
      try await client.send("POST /wait HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nhalf")
      client.close()
      await ended.wait()
      #expect(outcome.withLock { $0 } == .disconnected)
    }
  }

  /// The end of the peer's data is noticed even while the server does not read, because too much is pipelined.
  @Test func cancelsBehindAFullPipeline() async throws {
    let cancelled = Signal()
    try await TestServer.run(
      { $0.limits.pipelineBytes = 1000 },
      routes: { router in
        router.on(.get, "/wait") { _, _ in
          await Self.untilCancelled()
          cancelled.fire()
        }
      }
    ) { server in
      let client = try server.connect()
      try await client.send(get("/wait") + String(repeating: get("/hello"), count: 4000))
      client.closeSending()
      await cancelled.wait()
    }
  }

  /// What is answered in spite of the cancellation is sent, for clients that say all they have to say and then listen.
  @Test func answersAHalfClosedClient() async throws {
    try await TestServer.run { server in
      let client = try server.connect()
      try await client.send(get("/hello") + post("/echo", "again"))
      client.closeSending()
      let text = try await client.receiveAll()
      #expect(text.contains("\r\n\r\nhello"))
      #expect(text.hasSuffix("\r\n\r\nagain"))
    }
  }

  /// Writing to a connection the peer has reset must not raise a signal.
  @Test func writesToAResetConnectionFail() async throws {
    let outcome = Mutex<HTTPError?>(nil)
    let arrived = Signal()
    let gone = Signal()
    let ended = Signal()
    try await TestServer.run(routes: { router in
      router.on(.get, "/stream") { _, writer in
        defer { ended.fire() }
        do throws(HTTPError) {
          let stream = try await writer.startEventStream()
          arrived.fire()
          await gone.wait()
          while true { try await stream.send(data: [UInt8](repeating: 0x61, count: 1000)) }
        } catch {
          outcome.withLock { $0 = error }
        }
      }
    }) { server in
      let client = try server.connect()
      try await client.send(get("/stream"))
      await arrived.wait()
      client.reset()
      gone.fire()
      await ended.wait()
      #expect(outcome.withLock { $0 } == .disconnected)
    }
  }
}
