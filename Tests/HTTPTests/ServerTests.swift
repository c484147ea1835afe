import Foundation
import HTTPTypes
import Synchronization
import TestSupport
import Testing

@testable import HTTP

/// A server over loopback: requests and responses.
@Suite struct ServerTests {
  @Test func keepsAConnectionAlive() async throws {
    try await TestServer.run { server in
      let client = try server.connect()
      for _ in 0..<3 {
        try await client.send(get("/hello"))
        let response = try await client.receiveResponse()
        #expect(response.status == 200)
        #expect(response.text == "hello")
        #expect(response["server"] == "apus")
        #expect(response["date"]?.hasSuffix(" GMT") == true)
        #expect(response["connection"] == nil)
      }
    }
  }

  @Test func answersPipelinedRequestsInOrder() async throws {
    let arrived = Signal()
    let release = Signal()
    try await TestServer.run(routes: { router in
      router.on(.get, "/slow") { _, writer in
        arrived.fire()
        await release.wait()
        try await writer.send(status: .ok, body: Array("slow".utf8))
      }
    }) { server in
      let client = try server.connect()
      try await client.send(get("/slow") + post("/echo", "second") + get("/hello"))
      await arrived.wait()
      release.fire()
      #expect(try await client.receiveResponse().text == "slow")
      #expect(try await client.receiveResponse().text == "second")
      #expect(try await client.receiveResponse().text == "hello")
    }
  }

  @Test func readsChunkedBodies() async throws {
    try await TestServer.run { server in
      let client = try server.connect()
      try await client.send("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhel")
      try await client.send("lo\r\n6\r\n world\r\n0\r\nTrailer: x\r\n\r\n" + get("/hello"))
      #expect(try await client.receiveResponse().text == "hello world")
      #expect(try await client.receiveResponse().text == "hello")
    }
  }

  @Test func continuesOnlyForAHandlerThatReads() async throws {
    try await TestServer.run { server in
      let client = try server.connect()
      try await client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
      #expect(try await client.receiveResponse().status == 100)
      try await client.send("body")
      #expect(try await client.receiveResponse().text == "body")
      try await client.send("POST /none HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n")
      let refusal = try await client.receiveResponse()
      #expect(refusal.status == 404)
      #expect(refusal["connection"] == "close")
    }
  }

  @Test func servesHead() async throws {
    try await TestServer.run { server in
      let client = try server.connect()
      try await client.send(
        "HEAD /hello HTTP/1.1\r\nHost: h\r\n\r\nHEAD /none HTTP/1.1\r\nHost: h\r\n\r\n" + get("/hello"))
      let response = try await client.receiveResponse(isHead: true)
      #expect(response.status == 200)
      #expect(response["content-length"] == "5")
      #expect(try await client.receiveResponse(isHead: true).status == 404)
      #expect(try await client.receiveResponse().text == "hello")
    }
  }

  @Test func servesHTTP10() async throws {
    try await TestServer.run(routes: { router in
      router.on(.get, "/stream") { _, writer in
        let stream = try await writer.startEventStream()
        try await stream.send(data: Array("one".utf8))
        try await stream.finish()
      }
    }) { server in
      let client = try server.connect()
      try await client.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let response = try await client.receiveResponse()
      #expect(response["connection"] == "keep-alive")
      #expect(response.text == "hello")
      try await client.send("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
      let stream = try await client.receiveResponse()
      #expect(stream["connection"] == "close")
      #expect(stream["transfer-encoding"] == nil)
      #expect(stream.text == "data: one\n\n")
    }
  }

  @Test func streamsEvents() async throws {
    let next = Signal()
    try await TestServer.run(routes: { router in
      router.on(.get, "/stream") { _, writer in
        let stream = try await writer.startEventStream(headerFields: [.contentType: "x/y", .cacheControl: "z"])
        try await stream.send(data: Array("{\"a\":1}".utf8))
        await next.wait()
        try await stream.sendComment("alive")
        try await stream.send(data: Array("two\nlines".utf8))
        try await stream.finish()
      }
    }) { server in
      let client = try server.connect()
      try await client.send(get("/stream"))
      let head = try await client.receive(until: "\r\n\r\n")
      #expect(head.contains("Content-Type: text/event-stream; charset=utf-8\r\n"))
      #expect(head.contains("Cache-Control: no-cache\r\n"))
      // The first event arrives while the handler still waits: it was flushed.
      #expect(try await client.receive(until: "\n\n\r\n") == "f\r\ndata: {\"a\":1}\n\n\r\n")
      next.fire()
      let rest = try await client.receive(until: "0\r\n\r\n")
      #expect(rest == "9\r\n: alive\n\n\r\n17\r\ndata: two\ndata: lines\n\n\r\n0\r\n\r\n")
      try await client.send(get("/hello"))
      #expect(try await client.receiveResponse().text == "hello")
    }
  }

  @Test func answersForHandlersThatFail() async throws {
    struct Trouble: Error {}
    try await TestServer.run(routes: { router in
      router.on(.get, "/teapot") { _, _ in throw HTTPError(.init(code: 418), "short and stout") }
      router.on(.get, "/trouble") { _, _ in throw Trouble() }
      router.on(.get, "/nothing") { _, _ in }
      router.on(.get, "/torn") { _, writer in
        let stream = try await writer.startEventStream()
        try await stream.send(data: Array("one".utf8))
        throw Trouble()
      }
    }) { server in
      let client = try server.connect()
      try await client.send(get("/teapot") + get("/trouble") + get("/nothing") + get("/torn") + get("/hello"))
      let teapot = try await client.receiveResponse()
      #expect(teapot.status == 418)
      #expect(teapot.text == "error 418: short and stout")
      #expect(teapot["content-type"] == "text/plain")
      #expect(teapot["access-control-allow-origin"] == "*")
      let trouble = try await client.receiveResponse()
      #expect(trouble.status == 500)
      #expect(!trouble.text.contains("Trouble"), "internals are for the log")
      #expect(try await client.receiveResponse().status == 500)
      // The stream is cut, which a client sees by the missing last chunk, and nothing follows.
      let torn = try await client.receiveAll()
      #expect(torn.hasSuffix("data: one\n\n\r\n"))
      let entries = server.log.entries
      #expect(entries.map(\.status) == [418, 500, 500, 200])
      #expect(entries.map(\.isComplete) == [true, true, true, false])
      #expect(entries[1].error == "Trouble()")
      #expect(entries[0].path == "/teapot")
      #expect(entries[0].method == "GET")
      #expect(entries[0].remoteAddress == "127.0.0.1")
      #expect(entries[0].bytes == teapot.body.count)
    }
  }

  @Test func answersMalformedRequests() async throws {
    try await TestServer.run({ $0.limits.bodyBytes = 100 }) { server in
      for (request, status) in [
        ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/3.0\r\n\r\n", 505), ("nonsense\r\n\r\n", 400),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 101\r\n\r\n", 413),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n65\r\n", 413),
        ("POST /echo HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", 400),
      ] {
        let client = try server.connect()
        try await client.send(request)
        let response = try await client.receiveResponse()
        #expect(response.status == status)
        #expect(response.text.hasPrefix("error \(status): "))
        #expect(response["access-control-allow-origin"] == "*")
        #expect(response["connection"] == "close")
        #expect(try await client.receive().isEmpty)
      }
    }
  }

  /// The error of a large upload reaches the client, although the server reads only part of it.
  @Test func aRefusalSurvivesTheUpload() async throws {
    try await TestServer.run({ $0.limits.bodyBytes = 100 }) { server in
      let client = try server.connect()
      try await client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n")
      try await client.send([UInt8](repeating: 0x61, count: 1_000_000))
      #expect(try await client.receiveResponse().status == 413)
    }
  }

  @Test func handlersStayOnTheirLoop() async throws {
    let names = Mutex<[String]>([])
    @Sendable func note() { names.withLock { $0.append(Thread.current.name ?? "") } }
    actor Elsewhere { func go() {} }
    let elsewhere = Elsewhere()
    try await TestServer.run(routes: { router in
      router.on(.get, "/threads") { _, writer in
        note()
        await elsewhere.go()
        note()
        try? await Task.sleep(for: .milliseconds(1))
        note()
        try await writer.send(status: .noContent, body: [])
      }
    }) { server in
      let client = try server.connect()
      try await client.send(get("/threads"))
      #expect(try await client.receiveResponse().status == 204)
      #expect(names.withLock { $0 } == ["http", "http", "http"])
    }
  }

  @Test func severalLoopsServe() async throws {
    try await TestServer.run({ $0.eventLoops = 3 }) { server in
      try await withThrowingTaskGroup { group in
        for number in 0..<12 {
          group.addTask {
            let client = try server.connect()
            for turn in 0..<10 {
              let text = "\(number)/\(turn)"
              try await client.send(post("/echo", text))
              #expect(try await client.receiveResponse().text == text)
            }
          }
        }
        try await group.waitForAll()
      }
      #expect(server.log.entries.count == 120)
    }
  }
}
