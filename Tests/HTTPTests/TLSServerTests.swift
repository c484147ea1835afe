import HTTPTypes
import TestSupport
import Testing

@testable import HTTP

/// Connections of a server that are encrypted.
@Suite struct TLSServerTests {
  /// A client on a connection of its own.
  private final class Client {
    let socket: SocketClient
    let peer: TLSPeer

    init(_ server: TestServer) async throws {
      socket = try server.connect()
      peer = try TLSPeer()
      while try !peer.handshake() { try await exchange() }
      try await socket.send(peer.takeOutput())
    }

    /// Sends what there is and waits for something to come.
    func exchange() async throws {
      try await socket.send(peer.takeOutput())
      let bytes = try await socket.receive()
      guard !bytes.isEmpty else { throw SocketClientError.unexpected("the end") }
      peer.receive(bytes)
    }

    func send(_ text: String) async throws {
      try peer.write(Array(text.utf8))
      try await socket.send(peer.takeOutput())
    }

    /// Waits for a response to end with a text.
    func receive(until end: String) async throws -> String {
      var text = ""
      while !text.hasSuffix(end) {
        text += String(decoding: try peer.read(), as: UTF8.self)
        if text.hasSuffix(end) { break }
        try await exchange()
      }
      return text
    }
  }

  private let certificates: TestCertificates
  private let context: TLSContext

  init() throws {
    certificates = try TestCertificates()
    let paths = try certificates.make("server")
    context = try TLSContext(TLSFiles(certificate: paths.certificate, key: paths.key))
  }

  @Test func servesRequestsInTurn() async throws {
    try await TestServer.run({ $0.tls = context }) { server in
      let client = try await Client(server)
      for _ in 0..<3 {
        try await client.send(get("/hello"))
        #expect(try await client.receive(until: "hello").hasPrefix("HTTP/1.1 200 OK\r\n"))
      }
      // More than the buffers hold.
      let text = String(repeating: "0123456789abcdef", count: 300_000) + "end"
      try await client.send(post("/echo", text))
      #expect(try await client.receive(until: "end").hasSuffix("\r\n\r\n" + text))
      // The end is told.
      try await client.send(get("/hello", "Connection: close"))
      _ = try await client.receive(until: "hello")
      while !client.peer.hasServerClosed {
        #expect(try client.peer.read().isEmpty)
        if !client.peer.hasServerClosed { try await client.exchange() }
      }
    }
  }

  @Test func aHandshakeTakesNoLongerThanAHead() async throws {
    try await TestServer.run({
      $0.tls = context
      $0.limits.headerTimeout = .milliseconds(20)
    }) { server in
      let silent = try server.connect()
      #expect(try await silent.receive().isEmpty)
      let slow = try server.connect()
      try await slow.send([22, 3, 1])
      #expect(try await slow.receive().isEmpty)
    }
  }

  @Test func plainHTTPIsToldSo() async throws {
    try await TestServer.run({ $0.tls = context }) { server in
      let client = try server.connect()
      try await client.send(get("/hello"))
      let response = try await client.receiveResponse()
      #expect(response.status == 400)
      #expect(response.text.contains("HTTPS"))
      #expect(try await client.receive().isEmpty)
      #expect(server.log.events == [.handshakeFailed(remoteAddress: "127.0.0.1", reason: "http request")])
    }
  }

  @Test func refusalsAreEncrypted() async throws {
    try await TestServer.run({
      $0.tls = context
      $0.limits.connections = 1
    }) { server in
      let first = try await Client(server)
      try await first.send(get("/hello"))
      _ = try await first.receive(until: "hello")
      let second = try await Client(server)
      #expect(try await second.receive(until: "connections").hasPrefix("HTTP/1.1 503 "))
    }
  }

  @Test func aNewCertificateLeavesStreamsAlone() async throws {
    let (news, tell) = AsyncStream<String>.makeStream()
    let finished = Signal()
    try await TestServer.run(
      { $0.tls = context },
      routes: { router in
        router.on(.get, "/stream") { _, writer in
          let stream = try await writer.startEventStream()
          for await text in news { try await stream.send(data: Array(text.utf8)) }
          try await stream.finish()
          finished.fire()
        }
      }
    ) { server in
      let old = try await Client(server)
      try await old.send(get("/stream"))
      tell.yield("one")
      _ = try await old.receive(until: "data: one\n\n\r\n")
      let paths = try certificates.make("renewed")
      server.server.replaceTLS(try TLSContext(TLSFiles(certificate: paths.certificate, key: paths.key)))
      let new = try await Client(server)
      #expect(old.peer.subject == "/CN=server")
      #expect(new.peer.subject == "/CN=renewed")
      tell.yield("two")
      _ = try await old.receive(until: "data: two\n\n\r\n")
      tell.finish()
      _ = try await old.receive(until: "0\r\n\r\n")
      await finished.wait()
    }
  }

  @Test func aClientThatGoesWithoutAWordIsNoticed() async throws {
    let cancelled = Signal()
    let arrived = Signal()
    try await TestServer.run(
      { $0.tls = context },
      routes: { router in
        router.on(.get, "/wait") { _, _ in
          arrived.fire()
          try? await Task.sleep(for: .seconds(600))
          if Task.isCancelled { cancelled.fire() }
        }
      }
    ) { server in
      let client = try await Client(server)
      try await client.send(get("/wait"))
      await arrived.wait()
      client.socket.reset()
      await cancelled.wait()
    }
  }
}
