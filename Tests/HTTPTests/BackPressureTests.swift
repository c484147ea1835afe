import HTTPTypes
import Synchronization
import TestSupport
import Testing

@testable import HTTP

/// Neither side can make the other keep more than its buffers hold.
@Suite struct BackPressureTests {
  @Test func dropsAClientThatStopsReading() async throws {
    let outcome = Mutex<HTTPError?>(nil)
    let ended = Signal()
    try await TestServer.run(
      { configuration in
        configuration.limits.writeTimeout = .milliseconds(100)
        configuration.limits.outputBufferBytes = 64 * 1024
      },
      routes: { router in
        router.on(.get, "/flood") { _, writer in
          defer { ended.fire() }
          let stream = try await writer.startEventStream()
          do throws(HTTPError) {
            while true { try await stream.send(data: [UInt8](repeating: 0x61, count: 10_000)) }
          } catch {
            outcome.withLock { $0 = error }
            #expect(Task.isCancelled)
          }
        }
      }
    ) { server in
      let client = try server.connect(receiveBuffer: 4096)
      try await client.send(get("/flood"))
      await ended.wait()
      #expect(outcome.withLock { $0 } == .disconnected)
      // The kernel takes some megabytes; the handler was suspended after that and the buffer.
      let entry = try #require(server.log.entries.first)
      #expect(entry.bytes < 16_000_000)
      #expect(!entry.isComplete)
      client.close()
    }
  }

  @Test func aSlowReaderGetsEverything() async throws {
    let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    try await TestServer.run(
      { $0.limits.outputBufferBytes = 1000 },
      routes: { router in
        router.on(.get, "/large") { _, writer in try await writer.send(status: .ok, body: body) }
      }
    ) { server in
      let client = try server.connect(receiveBuffer: 4096)
      try await client.send(get("/large") + get("/hello"))
      #expect(try await client.receiveResponse().body == body)
      #expect(try await client.receiveResponse().text == "hello")
    }
  }

  @Test func stopsReadingABodyNobodyTakes() async throws {
    let body = [UInt8](repeating: 0x62, count: 12_000_000)
    let release = Signal()
    try await TestServer.run(
      { $0.limits.bodyBufferBytes = 1000 },
      routes: { router in
        router.on(.post, "/later") { request, writer in
          await release.wait()
          let received = try await request.body.collect(upTo: body.count)
          try await writer.send(status: .ok, body: Array(String(received == body).utf8))
        }
      }
    ) { server in
      let client = try server.connect()
      let sent = Signal()
      let sending = Task {
        try await client.send("POST /later HTTP/1.1\r\nHost: h\r\nContent-Length: \(body.count)\r\n\r\n")
        try await client.send(body)
        sent.fire()
      }
      let other = try server.connect()
      for _ in 0..<20 {
        try await other.send(get("/hello"))
        #expect(try await other.receiveResponse().status == 200)
      }
      #expect(!sent.hasFired, "more than the buffers of the kernel was taken")
      release.fire()
      try await sending.value
      #expect(try await client.receiveResponse().text == "true")
    }
  }

  @Test func collectsNoMoreThanTheHandlerWants() async throws {
    try await TestServer.run(routes: { router in
      router.on(.post, "/small") { request, writer in
        let body = try await request.body.collect(upTo: 3)
        try await writer.send(status: .ok, body: body)
      }
    }) { server in
      let client = try server.connect()
      try await client.send(post("/small", "abc") + post("/small", "abcd"))
      #expect(try await client.receiveResponse().text == "abc")
      #expect(try await client.receiveResponse().status == 413)
    }
  }
}
