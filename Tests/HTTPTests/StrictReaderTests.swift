import HTTPTestSupport
import Testing

@Suite struct StrictReaderTests {
  private func read(_ text: String, hasEnded: Bool = false) throws -> [ResponseReader.Response] {
    var reader = ResponseReader()
    var responses: [ResponseReader.Response] = []
    for byte in text.utf8 {
      reader.append([byte])
      while let response = try reader.next(isHead: false, hasEnded: false) { responses.append(response) }
    }
    while hasEnded, let response = try reader.next(isHead: false, hasEnded: true) { responses.append(response) }
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
