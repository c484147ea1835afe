import HTTPTypes
import Testing

@testable import HTTP

/// RFC 9112, sections 2.2, 3.2 and 5: line ends, the Host field, header fields.
@Suite struct HeaderTests {
  private let host = "GET / HTTP/1.1\r\nHost: h\r\n"

  @Test func readsFields() throws {
    let harness = MachineHarness.run(
      "GET / HTTP/1.1\r\nHost: h\r\nA:1\r\na: 2\r\nEmpty:\r\nX: \t a b\t \r\nUtf: \u{E9}\r\n\r\n")
    let fields = try #require(harness.requests.first).fields
    #expect(fields[values: try #require(HTTPField.Name("a"))] == ["1", "2"])
    #expect(fields[try #require(HTTPField.Name("Empty"))] == "")
    #expect(fields[try #require(HTTPField.Name("X"))] == "a b")
    #expect(fields[try #require(HTTPField.Name("Utf"))] == "\u{E9}")
    #expect(harness.statuses == [200])
  }

  /// 2.2: one empty line before the request line is skipped, as old clients send it.
  @Test func skipsOneEmptyLine() {
    #expect(MachineHarness.run("\r\n\(host)\r\n").statuses == [200])
    #expect(MachineHarness.run("\r\n\r\n\(host)\r\n").statuses == [400])
    #expect(MachineHarness.run("\(host)\r\n\r\n\(host)\r\n").statuses == [200, 200])
  }

  @Test(arguments: [
    // 2.2: a line ends with CR LF, and a CR stands nowhere else.
    "GET / HTTP/1.1\nHost: h\n\n", "GET / HTTP/1.1\r\nHost: h\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\n",
    "\nGET / HTTP/1.1\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nA: b\rc\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\r\n\r\n", "GET /\r HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET / HTTP/1.1\r\r\nHost: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\r\r\n",
    // 5.1: no space before the colon.
    "GET / HTTP/1.1\r\nHost : h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nA\t: b\r\n\r\n",
    // 5.2: no folding; 2.2: no space before the first field either.
    "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n c\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nA: b\r\n\tc\r\n\r\n",
    "GET / HTTP/1.1\r\n Host: h\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n \r\n\r\n",
    // 5: name and value.
    "GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n: v\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA(b): c\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\n\u{E9}: c\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA: \u{0}\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nA: b\u{1}c\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: h\r\nA: \u{7F}\r\n\r\n", "GET / HTTP/1.1\r\nHost: h\r\nA: b\u{B}\r\n\r\n",
    // 3.2: exactly one valid Host.
    "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a@b\r\n\r\n", "GET / HTTP/1.1\r\nHost: a:b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a,b:x\r\n\r\n", "GET / HTTP/1.1\r\nHost: http://a\r\n\r\n",
  ])
  func refusesAndCloses(text: String) {
    let harness = MachineHarness.run(text + host + "\r\n")
    #expect(harness.requests.isEmpty)
    #expect(harness.statuses == [400])
    #expect(harness.sent.first?.contains("Connection: close\r\n") == true)
    #expect(harness.steps.last == .close(lingering: true))
  }

  @Test(arguments: ["", "h", "h:", "h:80", "127.0.0.1:8080", "[::1]", "[::1]:8080", "a-b.example", "a_b", "%41"])
  func acceptsHost(value: String) {
    #expect(MachineHarness.run("GET / HTTP/1.1\r\nHost: \(value)\r\n\r\n").statuses == [200])
  }

  @Test func limitsTheRequestLine() {
    var limits = HTTPLimits()
    limits.requestLineBytes = 20
    // "GET /… HTTP/1.1" has 14 bytes beside the path's letters.
    let rest = " HTTP/1.1\r\nHost: h\r\n\r\n"
    #expect(MachineHarness.run("GET /123456" + rest, limits: limits).statuses == [200])
    #expect(MachineHarness.run("GET /1234567" + rest, limits: limits).statuses == [414])
    #expect(MachineHarness.run("GET /12345678901234567", limits: limits).statuses == [414])
    #expect(MachineHarness.run("GETGETGETGETGETGETGETGET", limits: limits).statuses == [400])
  }

  @Test func limitsTheHeaderSection() {
    var limits = HTTPLimits()
    limits.headerBytes = 30
    // "Host: h" takes 9 bytes with its line end, "A: " and a line end 5.
    func status(_ length: Int, end: String = "\r\n\r\n") -> [Int] {
      MachineHarness.run(host + "A: " + String(repeating: "x", count: length) + end, limits: limits).statuses
    }
    #expect(status(16) == [200])
    #expect(status(17) == [431])
    #expect(status(100, end: "") == [431])
    limits = HTTPLimits()
    limits.headerFieldCount = 3
    #expect(MachineHarness.run(host + "A: 1\r\nB: 2\r\n\r\n", limits: limits).statuses == [200])
    #expect(MachineHarness.run(host + "A: 1\r\nB: 2\r\nC: 3\r\n\r\n", limits: limits).statuses == [431])
  }
}
