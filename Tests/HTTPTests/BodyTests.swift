import HTTPTypes
import Testing

@testable import HTTP

/// RFC 9112, sections 6 and 7: where a body ends.
@Suite struct BodyTests {
  private let start = "POST / HTTP/1.1\r\nHost: h\r\n"

  private func chunked(_ body: String, limits: HTTPLimits = HTTPLimits()) -> MachineHarness {
    .run(start + "Transfer-Encoding: chunked\r\n\r\n" + body, limits: limits)
  }

  @Test func readsALength() {
    let harness = MachineHarness.run(start + "Content-Length: 005\r\n\r\nhello" + start + "Content-Length: 0\r\n\r\n")
    #expect(harness.bodies == ["hello"])
    #expect(harness.statuses == [200, 200])
  }

  @Test(arguments: [
    // 6.3, rule 5: one valid length.
    ("Content-Length: 1\r\nContent-Length: 1", 400), ("Content-Length: 1\r\nContent-Length: 2", 400),
    ("Content-Length: 1, 1", 400), ("Content-Length: ", 400), ("Content-Length: -1", 400),
    ("Content-Length: +1", 400), ("Content-Length: 1 1", 400), ("Content-Length: 0x1", 400),
    ("Content-Length: 1.0", 400), ("Content-Length: \u{0661}", 400),
    ("Content-Length: 18446744073709551617", 413), ("Content-Length: 99999999999999999999999", 413),
    // 6.1, 6.3, rule 3: no length beside a transfer coding.
    ("Content-Length: 1\r\nTransfer-Encoding: chunked", 400), ("Transfer-Encoding: chunked\r\nContent-Length: 1", 400),
    ("Transfer-Encoding: identity\r\nContent-Length: 1", 400),
    // 6.1: an unknown coding; 7: chunked once.
    ("Transfer-Encoding: gzip", 501), ("Transfer-Encoding: gzip, chunked", 501), ("Transfer-Encoding: identity", 501),
    ("Transfer-Encoding: xchunked", 501), ("Transfer-Encoding: chunked, gzip", 501),
    ("Transfer-Encoding: chunked, chunked", 400), ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", 400),
    ("Transfer-Encoding: ", 400), ("Transfer-Encoding: ,", 400), ("Transfer-Encoding: ,chunked", 400),
    ("Transfer-Encoding: chunked,", 400), ("Transfer-Encoding: \"chunked\"", 400),
    ("Transfer-Encoding: chunked;q=1", 400), ("Transfer-Encoding: \u{B}chunked", 400),
    // RFC 9110, section 10.1.1.
    ("Content-Length: 1\r\nExpect: 200-ok", 417), ("Content-Length: 1\r\nExpect: 100-continue, x", 417),
  ])
  func refusesFraming(fields: String, status: Int) {
    let harness = MachineHarness.run(start + fields + "\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(harness.requests.isEmpty)
    #expect(harness.statuses == [status])
    #expect(harness.isClosed)
  }

  /// 6.1: a transfer coding from an HTTP/1.0 client is faulty framing.
  @Test func refusesChunksFromHTTP10() {
    let harness = MachineHarness.run("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
    #expect(harness.statuses == [400])
  }

  @Test(arguments: [
    ("0\r\n\r\n", ""), ("5\r\nhello\r\n0\r\n\r\n", "hello"),
    ("5\r\nhello\r\n6\r\n world\r\n000\r\n\r\n", "hello world"),
    ("A\r\n0123456789\r\n0\r\n\r\n", "0123456789"), ("0a\r\n0123456789\r\n0\r\n\r\n", "0123456789"),
    ("4\r\n\r\n\r\n\r\n0\r\n\r\n", "\r\n\r\n"),
    // 7.1.1: extensions are recognised and ignored.
    ("1;a\r\nx\r\n0\r\n\r\n", "x"), ("1;a=b;c=\"d;\\\"e\"\r\nx\r\n0;z=\"\"\r\n\r\n", "x"),
    ("1 ; a = b\t;c\r\nx\r\n0\r\n\r\n", "x"),
    // 7.1.2: trailers may be dropped.
    ("1\r\nx\r\n0\r\nDigest: abc\r\nContent-Length: 9\r\n\r\n", "x"),
  ])
  func decodesChunks(text: String, body: String) {
    let harness = chunked(text + "GET /next HTTP/1.1\r\nHost: h\r\n\r\n")
    #expect(harness.bodies.joined() == body)
    #expect(harness.statuses == [200, 200])
    #expect(harness.requests.last?.line.path == "/next")
  }

  @Test(arguments: [
    ("\r\n", 400), ("x\r\n", 400), ("-1\r\n", 400), ("+1\r\nx\r\n", 400), ("0x1\r\nx\r\n", 400), (" 1\r\nx\r\n", 400),
    ("1\nx\r\n0\r\n\r\n", 400), ("1\r\nx\n0\r\n\r\n", 400), ("1\r\nxy\r\n0\r\n\r\n", 400), ("1\r\nx0\r\n\r\n", 400),
    ("1\rx\r\n0\r\n\r\n", 400), ("1 \r\nx\r\n", 400),
    ("1;\r\nx\r\n", 400), ("1;=\r\nx\r\n", 400), ("1;a=\r\nx\r\n", 400), ("1;a=\"b\r\nx\r\n", 400),
    ("1;a b\r\nx\r\n", 400), ("1,a\r\nx\r\n", 400), ("1;a=\"\\\r\nx\r\n", 400), ("1;a\u{0}\r\nx\r\n", 400),
    ("1;" + String(repeating: "a", count: 2000), 400),
    ("0\r\n folded: x\r\n\r\n", 400), ("0\r\nno colon\r\n\r\n", 400),
    ("7fffffffffffffff\r\n", 413), ("ffffffffffffffff1\r\n", 413), ("10000000000000001\r\n", 413),
  ])
  func refusesChunks(text: String, status: Int) {
    let harness = chunked(text)
    #expect(harness.statuses == [status])
    #expect(harness.isClosed)
    #expect(!harness.steps.contains(.endBody))
  }

  /// Chunks of one byte with long extensions are more work than content.
  @Test func limitsTheOverheadOfChunks() {
    let chunk = "1;" + String(repeating: "a", count: 500) + "\r\nx\r\n"
    #expect(chunked(String(repeating: chunk, count: 20) + "0\r\n\r\n").statuses == [200])
    #expect(chunked(String(repeating: chunk, count: 40) + "0\r\n\r\n").statuses == [400])
    #expect(chunked(String(repeating: "1\r\nx\r\n", count: 20_000) + "0\r\n\r\n").statuses == [200])
  }

  @Test func limitsTheBody() {
    var limits = HTTPLimits()
    limits.bodyBytes = 10
    #expect(MachineHarness.run(start + "Content-Length: 10\r\n\r\n0123456789", limits: limits).statuses == [200])
    // Told by the length alone, before any of it is read.
    let tooLong = MachineHarness.run(start + "Content-Length: 11\r\nExpect: 100-continue\r\n\r\n", limits: limits)
    #expect(tooLong.statuses == [413])
    #expect(tooLong.requests.isEmpty)
    #expect(chunked("a\r\n0123456789\r\n0\r\n\r\n", limits: limits).statuses == [200])
    let chunks = chunked("5\r\n01234\r\n6\r\n", limits: limits)
    #expect(chunks.statuses == [413])
    #expect(chunks.bodies == ["01234"])
    limits.headerBytes = 20
    #expect(chunked("0\r\nA: 12345678901234567890\r\n\r\n", limits: limits).statuses == [431])
  }

  /// Limits beyond what can be computed with must not overflow.
  @Test func takesLimitsOfAnySize() {
    var limits = HTTPLimits()
    limits.bodyBytes = .max
    limits.headerBytes = .max
    limits.requestLineBytes = .max
    #expect(chunked("fffffffffffffff\r\n", limits: limits).statuses == [413])
    let text = start + "Content-Length: 9223372036854775807\r\n\r\n"
    #expect(MachineHarness.run(text, limits: limits).statuses == [413])
    limits.bodyBytes = -1
    #expect(MachineHarness.run(start + "Content-Length: 0\r\n\r\n", limits: limits).statuses == [200])
  }
}
