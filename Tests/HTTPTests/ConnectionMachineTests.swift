import HTTPTypes
import Testing

@testable import HTTP

/// The life of a connection, without sockets or time.
@Suite struct ConnectionMachineTests {
  private let get = "GET / HTTP/1.1\r\nHost: h\r\n\r\n"
  private let ok = HTTPResponse(status: .ok)

  private func post(_ length: Int, _ fields: String = "") -> String {
    "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(length)\r\n\(fields)\r\n"
  }

  // MARK: Keep-alive and pipelining

  /// RFC 9112, section 9.3.
  @Test(
    arguments: [
      ("HTTP/1.1", "", true, nil), ("HTTP/1.1", "Connection: close\r\n", false, "close"),
      ("HTTP/1.1", "Connection: foo, CLOSE\r\n", false, "close"), ("HTTP/1.1", "connection: keep-alive\r\n", true, nil),
      ("HTTP/1.1", "Connection: foo\r\nConnection: close\r\n", false, "close"),
      ("HTTP/1.0", "", false, "close"), ("HTTP/1.0", "Connection: Keep-Alive\r\n", true, "keep-alive"),
      ("HTTP/1.0", "Connection: keep-alive, close\r\n", false, "close"),
    ] as [(String, String, Bool, String?)])
  func persistence(version: String, fields: String, keepsAlive: Bool, answer: String?) {
    let harness = MachineHarness.run("GET / \(version)\r\nHost: h\r\n\(fields)\r\n")
    #expect(harness.isClosed == !keepsAlive)
    let sent = harness.sent.joined()
    #expect(sent.contains("Connection:") == (answer != nil))
    if let answer { #expect(sent.contains("Connection: \(answer)\r\n")) }
  }

  /// RFC 9112, section 9.3.2: responses in the order of the requests, one at a time.
  @Test func pipelinedRequestsWait() {
    var harness = MachineHarness(answers: false)
    harness.feed(get + get.replacing("/ ", with: "/2 ") + get.replacing("/ ", with: "/3 "))
    #expect(harness.requests.map(\.line.path) == ["/"])
    harness.apply { $0.respond(ok, body: []) }
    #expect(harness.requests.map(\.line.path) == ["/", "/2"])
    harness.apply { $0.respond(ok, body: []) }
    harness.apply { $0.respond(ok, body: []) }
    #expect(harness.requests.map(\.line.path) == ["/", "/2", "/3"])
    #expect(harness.timer == .idle)
  }

  @Test func stopsReadingBeforeAPipelineGrows() {
    var limits = HTTPLimits()
    limits.pipelineBytes = 100
    var harness = MachineHarness(limits: limits, answers: false)
    harness.feed(get)
    #expect(harness.isReading)
    harness.feed(String(repeating: get, count: 5))
    #expect(!harness.isReading)
    for _ in 0..<3 { harness.apply { $0.respond(ok, body: []) } }
    #expect(harness.isReading)
  }

  @Test func nothingFollowsAClose() {
    var harness = MachineHarness.run("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n" + get)
    #expect(harness.requests.count == 1)
    #expect(harness.steps.last == .close(lingering: true))
    let count = harness.steps.count
    harness.feed(get)
    harness.apply { $0.lose() }
    harness.apply { $0.shutDown() }
    harness.apply { $0.receiveEnd() }
    #expect(harness.steps.count == count)
  }

  // MARK: Responses

  /// RFC 9110, section 9.3.2: the head of a GET's response, and no content.
  @Test func headHasNoBody() {
    let harness = MachineHarness.run("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(harness.sent == ["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"])
  }

  /// RFC 9110, section 9.3.2: also where the request came to no good end.
  @Test(arguments: [
    "HEAD ", "HEAD / HT", "\r\nHEAD / HTTP/1.1\r\nHo", "HEAD /#a HTTP/1.1\r\n", "HEAD / HTTP/1.1\n",
    "HEAD  HTTP/1.1\r\n",
    "HEAD / HTTP/1.1\r\nHost h\r\n", "HEAD / HTTP/2.0\r\n", "HEAD /" + String(repeating: "a", count: 10_000),
  ])
  func errorsOfHeadHaveNoBody(_ input: String) {
    var harness = MachineHarness(answers: false, errorBody: [1, 2, 3])
    harness.feed(input)
    harness.apply { $0.timeOut(.header) }
    #expect(harness.isClosed)
    #expect(harness.sent.count == 1)
    #expect(harness.sent.last?.contains("Content-Length: 3\r\n") == true)
    #expect(harness.sent.last?.hasSuffix("\r\n\r\n") == true)
  }

  @Test(arguments: [
    "HEAD", "GET ", "HEADS / HTTP/1.1\r\n", " HEAD / HTTP/1.1\r\n", "HEAD / HTTP/1.1\r\nHost: h\r\n\r\nGET ",
  ])
  func errorsOfOtherRequestsHaveOne(_ input: String) {
    var harness = MachineHarness(errorBody: [1, 2, 3])
    harness.feed(input)
    harness.apply { $0.timeOut(.header) }
    #expect(harness.isClosed)
    #expect(harness.sent.last?.hasSuffix("\r\n\r\n\u{1}\u{2}\u{3}") == true)
  }

  @Test func headGetsNoStream() {
    var harness = MachineHarness(answers: false)
    harness.feed("HEAD / HTTP/1.1\r\nHost: h\r\n\r\n")
    harness.apply { $0.startStream(ok) }
    harness.apply { $0.stream([1]) }
    harness.apply { $0.endStream() }
    #expect(harness.sent == ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"])
    #expect(!harness.isClosed)
  }

  /// RFC 9110, section 8.6: no length with 204 and 304.
  @Test(arguments: [HTTPResponse.Status.noContent, .notModified])
  func someStatusesHaveNoBody(status: HTTPResponse.Status) {
    var harness = MachineHarness(answers: false)
    harness.feed(get)
    harness.apply { $0.respond(HTTPResponse(status: status), body: [1, 2]) }
    #expect(harness.sent == ["HTTP/1.1 \(status.code) \(status.reasonPhrase)\r\n\r\n"])
  }

  /// RFC 9112, section 7.1.
  @Test func streamsInChunks() {
    var harness = MachineHarness(answers: false)
    harness.feed(get)
    harness.apply { $0.startStream(ok) }
    harness.apply { $0.stream(Array("seventeen letters".utf8)) }
    harness.apply { $0.stream([]) }
    harness.apply { $0.endStream() }
    #expect(
      harness.sent == [
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "11\r\nseventeen letters\r\n", "0\r\n\r\n",
      ])
    #expect(!harness.isClosed)
  }

  /// RFC 9112, section 6.1: no transfer coding to an HTTP/1.0 client.
  @Test func streamsToHTTP10UntilTheEnd() {
    var harness = MachineHarness(answers: false)
    harness.feed("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    harness.apply { $0.startStream(ok) }
    harness.apply { $0.stream(Array("text".utf8)) }
    harness.apply { $0.endStream() }
    #expect(harness.sent == ["HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", "text"])
    #expect(harness.steps.last == .close(lingering: true))
  }

  @Test func framingIsNotTheHandlers() {
    var harness = MachineHarness(answers: false)
    harness.feed(get)
    let fields: HTTPFields = [.contentLength: "99", .transferEncoding: "gzip", .connection: "close", .server: "s"]
    harness.apply { $0.respond(HTTPResponse(status: .ok, headerFields: fields), body: [65]) }
    #expect(harness.sent == ["HTTP/1.1 200 OK\r\nServer: s\r\nContent-Length: 1\r\n\r\nA"])
  }

  @Test func aSecondResponseIsNone() {
    var harness = MachineHarness(answers: false)
    harness.feed(get)
    harness.apply { $0.respond(ok, body: []) }
    harness.apply { $0.respond(ok, body: []) }
    harness.apply { $0.startStream(ok) }
    harness.apply { $0.endStream() }
    #expect(harness.statuses == [200])
  }

  @Test func handlersThatFail() {
    var harness = MachineHarness(answers: false)
    harness.feed(get + get)
    harness.apply { $0.endHandler(HTTPError(.notFound, "")) }
    harness.apply { $0.endHandler(nil) }
    #expect(harness.statuses == [404, 500])
    harness.feed(get)
    harness.apply { $0.startStream(ok) }
    harness.apply { $0.endHandler(nil) }
    #expect(harness.steps.suffix(2) == [.end(isComplete: false), .close(lingering: false)])
    #expect(harness.sent.last?.hasSuffix("0\r\n\r\n") == false)
  }

  // MARK: 100 (Continue), RFC 9110, section 10.1.1

  @Test func continuesWhenAsked() {
    var harness = MachineHarness(answers: false)
    harness.feed(post(5, "Expect: 100-Continue\r\n"))
    #expect(harness.sent.isEmpty)
    #expect(harness.timer == nil)
    harness.apply { $0.wantBody() }
    harness.apply { $0.wantBody() }
    #expect(harness.sent == ["HTTP/1.1 100 Continue\r\n\r\n"])
    #expect(harness.timer == .body)
    harness.feed("hello")
    harness.apply { $0.respond(ok, body: []) }
    #expect(!harness.isClosed)
  }

  @Test func needNotContinueWhenTheBodyComesAnyway() {
    var harness = MachineHarness(answers: false)
    harness.feed(post(5, "Expect: 100-continue\r\n") + "hell")
    harness.apply { $0.wantBody() }
    #expect(harness.sent.isEmpty)
  }

  /// Whether the body follows cannot be known, so the connection ends.
  @Test func closesWhenItDidNotContinue() {
    var harness = MachineHarness(answers: false)
    harness.feed(post(5, "Expect: 100-continue\r\n"))
    harness.apply { $0.respond(ok, body: []) }
    #expect(harness.sent.first?.contains("Connection: close") == true)
    #expect(harness.steps.last == .close(lingering: true))
  }

  @Test func ignoresExpectOfHTTP10() {
    var harness = MachineHarness(answers: false)
    harness.feed("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: nonsense\r\n\r\n")
    harness.apply { $0.wantBody() }
    #expect(harness.requests.count == 1)
    #expect(harness.sent.isEmpty)
  }

  // MARK: Bodies nobody wants

  @Test func dropsTheRestOfASmallBody() {
    var harness = MachineHarness(answers: false)
    harness.feed(post(10) + "01234")
    harness.apply { $0.respond(ok, body: []) }
    #expect(!harness.isClosed)
    #expect(harness.timer == .body)
    harness.feed("56789" + get)
    #expect(harness.requests.count == 2)
  }

  @Test(arguments: ["Content-Length: 100000", "Transfer-Encoding: chunked"])
  func closesOnTheRestOfAnother(field: String) {
    var harness = MachineHarness(answers: false)
    harness.feed("POST / HTTP/1.1\r\nHost: h\r\n\(field)\r\n\r\n")
    harness.apply { $0.respond(ok, body: []) }
    #expect(harness.sent.first?.contains("Connection: close") == true)
    #expect(harness.steps.last == .close(lingering: true))
  }

  @Test func stopsReadingAFullBody() {
    var limits = HTTPLimits()
    limits.bodyBufferBytes = 8
    var harness = MachineHarness(limits: limits, answers: false)
    harness.feed(post(20) + "0123456")
    #expect(harness.isReading)
    harness.feed("789")
    #expect(!harness.isReading)
    #expect(harness.timer == nil, "the server itself does not read, so the client is not late")
    harness.apply { $0.consumeBody(10) }
    #expect(harness.isReading)
    #expect(harness.timer == .body)
  }

  // MARK: Time

  @Test func timers() {
    var harness = MachineHarness(answers: false)
    #expect(harness.timer == .idle)
    harness.feed("G")
    #expect(harness.timer == .header)
    harness.feed("ET / HTTP/1.1\r\n")
    #expect(harness.timer == .header)
    harness.feed("Host: h\r\nContent-Length: 2\r\n\r\n")
    #expect(harness.timer == .body)
    harness.feed("ab")
    #expect(harness.timer == nil)
    harness.apply { $0.respond(ok, body: []) }
    #expect(harness.timer == .idle)
  }

  @Test func idleConnectionsCloseSilently() {
    var harness = MachineHarness.run(get)
    harness.apply { $0.timeOut(.idle) }
    #expect(harness.statuses == [200])
    #expect(harness.steps.last == .close(lingering: false))
  }

  @Test func slowRequestsAreTold() {
    var header = MachineHarness.run("HEAD / HTTP/1.1\r\nHo")
    header.apply { $0.timeOut(.idle) }
    #expect(!header.isClosed, "a timer that runs no more")
    header.apply { $0.timeOut(.header) }
    #expect(header.statuses == [408])
    #expect(header.steps.last == .close(lingering: true))
    var body = MachineHarness.run(post(5) + "abc")
    body.apply { $0.timeOut(.body) }
    #expect(body.statuses == [408])
    #expect(body.isClosed)
    #expect(body.bodies == ["abc"])
  }

  // MARK: Ends

  @Test func anIdleConnectionEnds() {
    var harness = MachineHarness.run(get)
    harness.apply { $0.receiveEnd() }
    #expect(harness.steps.last == .close(lingering: false))
    var partial = MachineHarness.run("GET / HT")
    partial.apply { $0.receiveEnd() }
    #expect(partial.steps == [.close(lingering: false)])
  }

  @Test func theEndCancelsButWhatIsAnsweredIsSent() {
    var harness = MachineHarness(answers: false)
    harness.feed(get + get)
    harness.apply { $0.receiveEnd() }
    #expect(harness.steps.last == .cancel)
    #expect(!harness.isReading)
    harness.apply { $0.respond(ok, body: []) }
    // The second request was complete before the end; it runs as a cancelled one too.
    #expect(harness.requests.count == 2)
    #expect(harness.steps.count { $0 == .cancel } == 2)
    harness.apply { $0.respond(ok, body: []) }
    #expect(harness.statuses == [200, 200])
    #expect(harness.sent.last?.contains("Connection: close") == true)
    #expect(harness.steps.last == .close(lingering: false))
  }

  @Test func theEndWithinABodyFailsIt() {
    var harness = MachineHarness(answers: false)
    harness.feed(post(5) + "ab")
    harness.apply { $0.receiveEnd() }
    #expect(harness.steps.suffix(2) == [.failBody(.disconnected), .cancel])
    harness.apply { $0.endHandler(.disconnected) }
    #expect(harness.sent.isEmpty)
    #expect(harness.isClosed)
  }

  @Test func anExpectedEndCancels() {
    var harness = MachineHarness(answers: false)
    harness.apply { $0.expectEnd() }
    #expect(harness.steps.isEmpty)
    harness.feed(get)
    harness.apply { $0.expectEnd() }
    #expect(harness.steps.last == .cancel)
  }

  @Test func aLostConnectionEndsEverything() {
    var harness = MachineHarness(answers: false)
    harness.feed(get)
    harness.apply { $0.startStream(ok) }
    harness.apply { $0.lose() }
    #expect(
      harness.steps.suffix(4) == [
        .cancel, .failBody(.disconnected), .end(isComplete: false), .close(lingering: false),
      ])
  }

  @Test func shutDownClosesWhatIsIdle() {
    var harness = MachineHarness.run(get)
    harness.apply { $0.shutDown() }
    #expect(harness.steps.last == .close(lingering: false))
  }

  @Test func shutDownLetsAResponseFinish() {
    var harness = MachineHarness(answers: false)
    harness.feed(get + get)
    harness.apply { $0.shutDown() }
    #expect(!harness.isClosed)
    harness.apply { $0.respond(ok, body: []) }
    #expect(harness.sent.first?.contains("Connection: close") == true)
    #expect(harness.isClosed)
    #expect(harness.requests.count == 1)
  }

  @Test func refusesWithoutReading() {
    var harness = MachineHarness()
    harness.apply { $0.refuse(HTTPError(.serviceUnavailable, "")) }
    #expect(harness.statuses == [503])
    #expect(harness.steps.last == .close(lingering: true))
  }
}
