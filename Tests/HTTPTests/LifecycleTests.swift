import HTTPTypes
import TestSupport
import Testing

@testable import HTTP

/// Starting, time-outs, limits on connections, shutting down.
@Suite struct LifecycleTests {
  @Test func listensOnIPv6() async throws {
    try await TestServer.run({ $0.host = "::" }) { server in
      #expect(server.address.description == "[::]:\(server.address.port)")
      // The wildcard takes IPv4 too, and shows such peers by their own address.
      let client = try server.connect()
      try await client.send(get("/hello"))
      #expect(try await client.receiveResponse().text == "hello")
      #expect(server.log.entries.first?.remoteAddress == "127.0.0.1")
    }
  }

  @Test func saysWhyItCannotStart() async throws {
    let router = Router { _ in ("text/plain", []) }
    func start(_ host: String, _ port: Int) async throws -> SocketAddress {
      try await HTTPServer(configuration: HTTPServerConfiguration(host: host, port: port), router: router).start()
    }
    await #expect(throws: HTTPServerError.invalidPort(70_000)) { try await start("127.0.0.1", 70_000) }
    let unknown = await #expect(throws: HTTPServerError.self) { try await start("not a host", 0) }
    #expect(unknown?.description.hasPrefix("no address for host \"not a host\"") == true)
    try await TestServer.run { server in
      let taken = await #expect(throws: HTTPServerError.self) { try await start("127.0.0.1", server.address.port) }
      #expect(taken?.description.hasPrefix("cannot listen on 127.0.0.1, port \(server.address.port): bind: ") == true)
      await #expect(throws: HTTPServerError.alreadyStarted) { try await server.server.start() }
    }
  }

  @Test func timesOut() async throws {
    try await TestServer.run({ configuration in
      configuration.limits.idleTimeout = .milliseconds(20)
      configuration.limits.headerTimeout = .milliseconds(20)
      configuration.limits.bodyTimeout = .milliseconds(20)
    }) { server in
      let idle = try server.connect()
      #expect(try await idle.receive().isEmpty)
      let slowHeader = try server.connect()
      try await slowHeader.send("GET /hello HTTP/1.1\r\nHos")
      #expect(try await slowHeader.receiveResponse().status == 408)
      let slowBody = try server.connect()
      try await slowBody.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf")
      #expect(try await slowBody.receiveResponse().status == 408)
      #expect(try await slowBody.receive().isEmpty)
    }
  }

  @Test func refusesConnectionsOverTheLimit() async throws {
    try await TestServer.run({ $0.limits.connections = 2 }) { server in
      let clients = try [server.connect(), server.connect()]
      for client in clients {
        try await client.send(get("/hello"))
        #expect(try await client.receiveResponse().status == 200)
      }
      let third = try server.connect()
      let refusal = try await third.receiveResponse()
      #expect(refusal.status == 503)
      #expect(refusal["retry-after"] == "1")
      #expect(try await third.receive().isEmpty)
    }
  }

  @Test func shutDownClosesIdleConnections() async throws {
    try await TestServer.run { server in
      let idle = try server.connect()
      try await idle.send(get("/hello"))
      _ = try await idle.receiveResponse()
      await server.server.shutdown(gracePeriod: .seconds(60))
      #expect(try await idle.receive().isEmpty)
      #expect(throws: SocketClientError.self) { try server.connect() }
    }
  }

  @Test func shutDownLetsResponsesFinish() async throws {
    let arrived = Signal()
    let release = Signal()
    try await TestServer.run(routes: { router in
      router.on(.get, "/stream") { _, writer in
        let stream = try await writer.startEventStream()
        try await stream.send(data: Array("one".utf8))
        arrived.fire()
        await release.wait()
        try await stream.send(data: Array("two".utf8))
        try await stream.finish()
      }
    }) { server in
      let client = try server.connect()
      let idle = try server.connect()
      try await client.send(get("/stream"))
      await arrived.wait()
      async let shutdown: Void = server.server.shutdown(gracePeriod: .seconds(60))
      // The shutdown has begun when the idle connection ends.
      #expect(try await idle.receive().isEmpty)
      release.fire()
      #expect(try await client.receiveResponse().text == "data: one\n\ndata: two\n\n")
      #expect(try await client.receive().isEmpty)
      client.close()
      await shutdown
      #expect(server.log.entries.first?.isComplete == true)
    }
  }

  @Test func shutDownCutsWhatTakesTooLong() async throws {
    let arrived = Signal()
    let cancelled = Signal()
    try await TestServer.run(routes: { router in
      router.on(.get, "/stream") { _, writer in
        let stream = try await writer.startEventStream()
        try await stream.send(data: Array("one".utf8))
        arrived.fire()
        try? await Task.sleep(for: .seconds(600))
        #expect(Task.isCancelled)
        cancelled.fire()
      }
    }) { server in
      let client = try server.connect()
      try await client.send(get("/stream"))
      await arrived.wait()
      await server.server.shutdown(gracePeriod: .milliseconds(10))
      await cancelled.wait()
      let text = try await client.receiveAll()
      #expect(text.hasSuffix("data: one\n\n\r\n"))
    }
  }
}
