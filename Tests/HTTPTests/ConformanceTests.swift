import HTTPTestSupport
import Testing

@testable import HTTP

/// The table of exchanges, each followed by one more request: it is answered where the connection goes on, and nothing of
/// the rest is taken for a request where it does not.
@Suite struct ConformanceTests {
  private static let limits = {
    var limits = HTTPLimits()
    limits.requestLineBytes = 1000
    limits.headerBytes = 1000
    limits.bodyBytes = 1000
    return limits
  }()

  @Test func thereAreEnoughCases() {
    #expect(ConformanceTable.all.count >= 300)
    let sections = Set(ConformanceTable.all.map(\.source))
    #expect(sections.count >= 20)
    for section in sections { #expect(section.contains(/^91\d\d-\d+(\.\d+)*$/), "\(section)") }
  }

  @Test func everyCaseComesOutAsItShould() {
    for example in ConformanceTable.all { check(example, in: [example.input.count + 1]) }
  }

  @Test func theyDoInPiecesToo() {
    for example in ConformanceTable.all { check(example, in: [1]) }
  }

  /// Sends a case and the request after it in pieces of the size.
  private func check(_ example: ConformanceCase, in sizes: [Int]) {
    var harness = MachineHarness(limits: Self.limits)
    var rest = (example.input + Array("GET /probe HTTP/1.1\r\nHost: h\r\n\r\n".utf8))[...]
    while !rest.isEmpty {
      harness.feed(rest.prefix(sizes[0]))
      rest = rest.dropFirst(sizes[0])
    }
    let interim = harness.statuses.filter { $0 != 100 }
    #expect(interim == example.statuses + (example.goesOn ? [200] : []), "\(example)")
    #expect(harness.isClosed == !example.goesOn, "\(example)")
    #expect(harness.requests.contains { $0.line.path == "/probe" } == example.goesOn, "\(example)")
    #expect(!harness.requests.contains { $0.line.path == "/admin" }, "\(example)")
  }
}
