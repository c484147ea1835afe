import Testing

@testable import ServerSimulation

@Suite struct ServerSimulationTests {
  private static let shared = Result { try ServerSimulation() }

  @Test func aSeedRepeatsEverything() throws {
    let simulation = try Self.shared.get()
    var traces: Set<UInt64> = []
    for seed in 1...12 as ClosedRange<UInt64> {
      let (first, second) = (simulation.run(seed: seed), simulation.run(seed: seed))
      #expect(first.trace == second.trace && first.events == second.events, "seed \(seed)")
      #expect(first.seconds == second.seconds && first.responses == second.responses, "seed \(seed)")
      traces.insert(first.trace)
    }
    #expect(traces.count == 12)
  }

  @Test(arguments: 100...139 as ClosedRange<UInt64>) func invariantsHold(seed: UInt64) throws {
    let report = try Self.shared.get().run(seed: seed)
    #expect(report.violation == nil, "seed \(seed)")
    #expect(report.events > 100)
  }
}

@Suite struct ResponseReaderTests {
  private func read(_ text: String, hasEnded: Bool = false) throws -> [ResponseReader.Response] {
    var reader = ResponseReader()
    var responses: [ResponseReader.Response] = []
    for byte in text.utf8 {
      reader.append([byte])
      while let response = try reader.next(for: nil, hasEnded: false) { responses.append(response) }
    }
    while hasEnded, let response = try reader.next(for: nil, hasEnded: true) { responses.append(response) }
    return responses
  }

  @Test func responsesAreReadWhateverTheirFraming() throws {
    let responses = try read(
      """
      HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 2\r\n\r\nabHTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r
      \r
      1\r\nc\r\n2\r\nde\r\n0\r\n\r\nHTTP/1.1 200 OK\r\nDate: x\r\nConnection: close\r\n\r\nrest
      """, hasEnded: true)
    #expect(responses.map { String(decoding: $0.body, as: UTF8.self) } == ["ab", "cde", "rest"])
    #expect(responses.last?.closes == true)
  }

  @Test(arguments: [
    "HTTP/1.0 200 OK\r\nDate: x\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 20 OK\r\nDate: x\r\n\r\n",
    "HTTP/1.1 200 OK\r\nDate: x\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n",
    "HTTP/1.1 200 OK\r\nDate: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\nz\r\n",
    "HTTP/1.1 200 OK\r\nDate: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    "HTTP/1.1 200 OK\r\nDate : x\r\n\r\n", "0\r\n\r\n\r\n",
  ])
  func whatIsNoResponseIsRefused(_ text: String) {
    #expect(throws: ResponseReader.Malformed.self) { try read(text) }
  }
}
