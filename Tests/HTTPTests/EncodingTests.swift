import HTTPTypes
import Testing

@testable import HTTP

/// Small formats and structures.
@Suite struct EncodingTests {
  /// The example of RFC 9110, section 5.6.7, a leap day, and the ends of some years.
  @Test(arguments: [
    (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
    (951_827_696, "Tue, 29 Feb 2000 12:34:56 GMT"), (1_735_689_599, "Tue, 31 Dec 2024 23:59:59 GMT"),
    (4_107_542_400, "Mon, 01 Mar 2100 00:00:00 GMT"),
  ])
  func dates(seconds: Int, text: String) {
    #expect(HTTPDate.format(seconds) == text)
  }

  @Test(arguments: [
    ("a", "data: a\n\n"), ("", "data: \n\n"), ("a\nb", "data: a\ndata: b\n\n"),
    ("a\r\nb\rc", "data: a\ndata: b\ndata: c\n\n"),
    ("a\n", "data: a\ndata: \n\n"), ("\n\n", "data: \ndata: \ndata: \n\n"), ("\r\r\n", "data: \ndata: \ndata: \n\n"),
    ("é data: x", "data: é data: x\n\n"),
  ])
  func events(data: String, frame: String) {
    #expect(ServerSentEvent.frame(data: Array(data.utf8)) == Array(frame.utf8))
  }

  @Test func namedEvents() {
    #expect(ServerSentEvent.frame(event: "ping", data: Array("a".utf8)) == Array("event: ping\ndata: a\n\n".utf8))
  }

  @Test func comments() {
    #expect(ServerSentEvent.frame(comment: "a\nb") == Array(": a\n: b\n\n".utf8))
    #expect(ServerSentEvent.frame(comment: "") == Array(": \n\n".utf8))
  }

  @Test(arguments: [
    ("", ""), ("abc", "abc"), ("%41%62", "Ab"), ("%e2%82%AC", "\u{20AC}"), ("a+b", "a+b"), ("%2541", "%41"),
  ])
  func percentDecoding(text: String, decoded: String) {
    #expect(PercentEncoding.decode(text) == decoded)
  }

  @Test(arguments: ["%", "%4", "%zz", "%4g", "%FF", "%C0%80"])
  func percentDecodingFails(text: String) {
    #expect(PercentEncoding.decode(text) == nil)
  }

  @Test(arguments: [
    ("", []), ("a", ["a"]), (" A ,\tb,,c ", ["a", "b", "c"]), (",", []), ("a b", ["a b"]),
  ])
  func lists(text: String, elements: [String]) {
    #expect(FieldList.elements(text) == elements)
  }

  /// Values from a handler, or echoed from a request, cannot start another field.
  @Test func fieldsCannotBeInjected() {
    var harness = MachineHarness(answers: false)
    harness.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n")
    let head = HTTPResponse(status: .ok, headerFields: [.location: "a\r\nSet-Cookie: b"])
    harness.apply { $0.respond(head, body: []) }
    #expect(harness.sent.first?.contains("\nSet-Cookie") == false)
  }

  @Test func deadlines() {
    var table = DeadlineTable()
    let now = ContinuousClock.now
    #expect(table.timeout(at: now) == -1)
    table.set(now + .milliseconds(30), for: 1)
    table.set(now + .milliseconds(10), for: 2)
    table.set(now + .seconds(1_000_000_000), for: 3)
    #expect(table.timeout(at: now) == 11)
    #expect(table.takeExpired(at: now).isEmpty)
    table.set(now + .milliseconds(40), for: 2)
    // Too early by now, which costs a scan but no wrong answer.
    #expect(table.takeExpired(at: now + .milliseconds(10)).isEmpty)
    #expect(table.timeout(at: now + .milliseconds(10)) == 21)
    #expect(table.takeExpired(at: now + .milliseconds(35)) == [1])
    table.set(nil, for: 2)
    #expect(table.takeExpired(at: now + .milliseconds(50)).isEmpty)
    #expect(table.timeout(at: now + .milliseconds(50)) == CInt.max)
    table.set(nil, for: 3)
    #expect(table.timeout(at: now) == -1)
  }

  @Test func outputLeavesInOrderWhateverIsTaken() throws {
    var random = SplitMix(state: 4)
    var buffer = OutputBuffer()
    var written: [UInt8] = []
    var sent: [UInt8] = []
    for _ in 0..<500 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      written += bytes
      buffer.append(bytes)
      try buffer.drain { bytes in
        let count = Int.random(in: 0...min(30, bytes.count), using: &random)
        sent += bytes.prefix(count)
        return count
      }
      #expect(buffer.count == written.count - sent.count)
    }
    try buffer.drain { bytes in
      sent += bytes
      return bytes.count
    }
    #expect(sent == written)
    #expect(buffer.isEmpty)
  }
}
