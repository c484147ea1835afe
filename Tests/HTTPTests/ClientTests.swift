import HTTPTypes
import TestSupport
import Testing

@testable import HTTP

/// The client, against this module's server.
@Suite struct ClientTests {
  private func client(_ server: TestServer, path: String = "") throws -> HTTPClient {
    try HTTPClient(url: "http://\(server.address)\(path)")
  }

  @Test func getsAndPosts() async throws {
    try await TestServer.run { server in
      let client = try client(server)
      let hello = try await client.send(.get, "/hello", timeout: .seconds(20))
      #expect(hello.status == 200)
      #expect(try await hello.rest() == Array("hello".utf8))
      let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
      let echo = try await client.send(.post, "/echo", body: body, timeout: .seconds(20))
      #expect(try await echo.rest() == body)
      let missing = try await client.send(.get, "/nowhere", timeout: .seconds(20))
      #expect(missing.status == 404)
      #expect(String(decoding: try await missing.rest(), as: UTF8.self).hasPrefix("error 404"))
    }
  }

  @Test func putsThePathOfItsURLInFront() async throws {
    try await TestServer.run(routes: { router in
      router.on(.get, "/base/x") { _, writer in try await writer.send(status: .ok, body: []) }
    }) { server in
      for path in ["/base", "/base/"] {
        let response = try await client(server, path: path).send(.get, "/x", timeout: .seconds(20))
        #expect(response.status == 200)
      }
    }
  }

  @Test func hearsOfEventsWhenTheyAreSent() async throws {
    let release = Signal()
    try await TestServer.run(routes: { router in
      router.on(.get, "/events") { _, writer in
        let stream = try await writer.startEventStream()
        try await stream.send(data: Array("one".utf8))
        await release.wait()
        try await stream.send(data: Array("two\nlines".utf8))
        try await stream.finish()
      }
    }) { server in
      let response = try await client(server).send(.get, "/events", timeout: .seconds(20))
      var reader = EventStreamReader()
      var events: [[UInt8]] = []
      var times: [ContinuousClock.Instant] = []
      while true {
        let pieces = try await response.next()
        if pieces.isEmpty { break }
        for piece in pieces {
          events += try reader.read(piece.bytes)
          times.append(piece.received)
        }
        // Were the first only seen with the second, this would never be reached.
        if events.count == 1 { release.fire() }
      }
      #expect(events == [Array("one".utf8), Array("two\nlines".utf8)])
      #expect(times == times.sorted())
    }
  }

  @Test func givesUpInTime() async throws {
    let release = Signal()
    try await TestServer.run(routes: { router in
      router.on(.get, "/slow") { _, writer in
        await release.wait()
        try await writer.send(status: .ok, body: [])
      }
    }) { server in
      let client = try client(server)
      await #expect(throws: HTTPClientError.timedOut) {
        _ = try await client.send(.get, "/slow", timeout: .milliseconds(50))
      }
      release.fire()
    }
  }

  @Test func saysWhenNobodyListens() async throws {
    let port = try await freePort()
    let client = try HTTPClient(url: "http://127.0.0.1:\(port)")
    let error = await #expect(throws: HTTPClientError.self) {
      _ = try await client.send(.get, "/", timeout: .seconds(20))
    }
    guard case .connectionFailed(let reason) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(reason.contains("refused"))
  }

  private func freePort() async throws -> Int {
    var port = 0
    try await TestServer.run { port = $0.address.port }
    return port
  }

  @Test(arguments: ["", "127.0.0.1:80", "https://host", "http://", "http://h:0", "http://h:99999", "http://h/?a"])
  func refusesWhatIsNoURL(_ text: String) {
    #expect(throws: HTTPClientError.invalidURL(text)) { try HTTPClient(url: text) }
  }
}

@Suite struct ResponseReaderTests {
  /// Reads a response in pieces of `size` bytes, then the connection's end.
  private func events(_ text: String, pieces size: Int) throws(HTTPClientError) -> [ResponseReader.Event] {
    var reader = ResponseReader(limits: HTTPLimits())
    var events: [ResponseReader.Event] = []
    let bytes = Array(text.utf8)
    var start = 0
    while start < bytes.count {
      events += try reader.receive(bytes[start..<min(start + size, bytes.count)])
      start += size
    }
    events += try reader.receiveEnd()
    // How a body is cut into pieces is not the response's affair.
    return events.reduce(into: []) { joined, event in
      if case .body(let more) = event, case .body(let before)? = joined.last {
        joined[joined.count - 1] = .body(before + more)
      } else {
        joined.append(event)
      }
    }
  }

  @Test(arguments: [
    ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"),
    ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"),
    ("HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n2;x=y\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: t\r\n\r\n", "hello"),
    ("HTTP/1.0 200 Fine, thanks\r\nX: y\r\n\r\nhello", "hello"),
    ("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
    ("HTTP/1.1 204 No Content\r\n\r\n", ""),
  ])
  func findsTheEndOfEveryFraming(_ text: String, _ body: String) throws {
    for size in 1...text.utf8.count {
      let events = try events(text, pieces: size)
      guard case .head(let status, _)? = events.first else {
        Issue.record("no head: \(events)")
        return
      }
      #expect(status == 200 || status == 204)
      #expect(events.dropFirst() == (body.isEmpty ? [.end] : [.body(Array(body.utf8)), .end]))
    }
  }

  @Test(arguments: [
    "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 20 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "ICY 200 OK\r\n\r\n",
    "HTTP/1.1 200 OK\nContent-Length: 0\n\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
  ])
  func refusesWhatIsNoResponse(_ text: String) {
    let error = #expect(throws: HTTPClientError.self) { try events(text, pieces: text.utf8.count) }
    guard case .invalidResponse? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test(arguments: ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell"])
  func noticesAnEarlyEnd(_ text: String) {
    #expect(throws: HTTPClientError.closedEarly) { try events(text, pieces: 7) }
  }
}

@Suite struct EventStreamReaderTests {
  @Test func readsEveryLineEndInPieces() throws {
    let text =
      ": comment\r\ndata: one\r\n\r\ndata:two\rdata: lines\r\rid: 3\nevent: x\ndata\ndata:  spaced\n\ndata: unfinished"
    let expected = ["one", "two\nlines", "\n spaced"].map { Array($0.utf8) }
    for size in 1...text.utf8.count {
      var reader = EventStreamReader()
      var events: [[UInt8]] = []
      let bytes = Array(text.utf8)
      for start in stride(from: 0, to: bytes.count, by: size) {
        events += try reader.read(bytes[start..<min(start + size, bytes.count)])
      }
      #expect(events == expected)
    }
  }

  @Test func limitsAnEvent() {
    var reader = EventStreamReader(limit: 10)
    #expect(throws: HTTPClientError.invalidResponse("an event of more than 10 bytes")) {
      try reader.read(Array("data: 123\ndata: 4567890\n".utf8))
    }
  }
}
