import HTTPTypes

/// Reads one response (RFC 9112, sections 4 to 6): bytes in, events out.
struct ResponseReader: Sendable {
  enum Event: Sendable, Equatable {
    case head(status: Int, HTTPFields)
    case body([UInt8])
    case end
  }

  private enum State: Sendable {
    case statusLine
    case fields(status: Int, HeaderFieldParser)
    case body(BodyDecoder)
    /// RFC 9112, section 6.3, item 8: the end of the connection is the end of the body.
    case untilClose(received: Int)
    case complete
  }

  private let limits: HTTPLimits
  private var buffer = InputBuffer()
  private var state = State.statusLine

  init(limits: HTTPLimits) { self.limits = limits }

  mutating func receive(_ bytes: some Collection<UInt8>) throws(HTTPClientError) -> [Event] {
    buffer.append(bytes)
    var events: [Event] = []
    do throws(ProtocolError) {
      while let event = try next() {
        events.append(event)
        if event == .end { break }
      }
    } catch {
      throw .invalidResponse(error.message)
    }
    return events
  }

  /// The connection has ended.
  mutating func receiveEnd() throws(HTTPClientError) -> [Event] {
    switch state {
    case .complete: return []
    case .untilClose:
      state = .complete
      return [.end]
    case .statusLine, .fields, .body: throw .closedEarly
    }
  }

  /// The next event, or nil: more bytes are needed.
  private mutating func next() throws(ProtocolError) -> Event? {
    switch state {
    case .statusLine:
      switch try buffer.nextLine(limit: limits.requestLineBytes) {
      case .incomplete: return nil
      case .tooLong: throw .malformedVersion
      case .complete(let line):
        state = .fields(status: try Self.status(line), HeaderFieldParser(limits: limits))
        return try next()
      }
    case .fields(let status, var parser):
      guard let fields = try parser.parse(&buffer) else {
        state = .fields(status: status, parser)
        return nil
      }
      // RFC 9110, section 15.2: interim responses come before the one that counts.
      if status < 200 {
        state = .statusLine
        return try next()
      }
      state = try body(status: status, fields)
      return .head(status: status, fields)
    case .body(var decoder):
      var content: [UInt8] = []
      let isComplete = try decoder.decode(&buffer, into: &content)
      state = .body(decoder)
      if !content.isEmpty { return .body(content) }
      guard isComplete else { return nil }
      state = .complete
      return .end
    case .untilClose(let received):
      let content = Array(buffer.take(upTo: buffer.count))
      guard !content.isEmpty else { return nil }
      guard received + content.count <= limits.bodyBytes else { throw .bodyTooLarge(limit: limits.bodyBytes) }
      state = .untilClose(received: received + content.count)
      return .body(content)
    case .complete:
      return nil
    }
  }

  /// RFC 9112, section 4: `HTTP-version SP status-code SP [ reason-phrase ]`.
  private static func status(_ line: ArraySlice<UInt8>) throws(ProtocolError) -> Int {
    let parts = line.split(separator: ASCII.space, maxSplits: 2, omittingEmptySubsequences: false)
    guard parts.count >= 2, parts[0].elementsEqual("HTTP/1.1".utf8) || parts[0].elementsEqual("HTTP/1.0".utf8),
      parts[1].count == 3, parts[1].allSatisfy(\.isDigit),
      let status = Int(String(decoding: parts[1], as: UTF8.self)), status >= 100
    else { throw .malformedVersion }
    return status
  }

  private func body(status: Int, _ fields: HTTPFields) throws(ProtocolError) -> State {
    if status == 204 || status == 304 { return .body(.length(remaining: 0)) }
    if let coding = fields[.transferEncoding] {
      guard FieldList.elements(coding) == ["chunked"] else { throw .unknownTransferCoding(coding) }
      return .body(.chunked(ChunkedDecoder(limits: limits)))
    }
    guard let text = fields[.contentLength] else { return .untilClose(received: 0) }
    guard text.utf8.allSatisfy(\.isDigit), let length = Int(text) else { throw .invalidContentLength(text) }
    guard length <= limits.bodyBytes else { throw .bodyTooLarge(limit: limits.bodyBytes) }
    return .body(.length(remaining: length))
  }
}
