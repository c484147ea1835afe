import HTTPTypes

/// Reads request lines and header sections (RFC 9112, sections 3 and 5).
struct RequestHeadParser: Sendable {
  private let limits: HTTPLimits
  /// The request line, once it is complete; of use when what follows is malformed.
  private(set) var line: RequestHead.Line?
  /// Whether the method is known to be HEAD, be the rest of the line malformed or not there: what is answered has no body
  /// (RFC 9110, section 9.3.2).
  private(set) var isHead = false
  private var fields: HeaderFieldParser
  private var hasSkippedEmptyLine = false

  init(limits: HTTPLimits) {
    self.limits = limits
    fields = HeaderFieldParser(limits: limits)
  }

  /// Consumes what `buffer` has of a request's head.
  /// - Returns: the head when it is complete, else nil: more bytes are needed.
  mutating func parse(_ buffer: inout InputBuffer) throws(ProtocolError) -> RequestHead? {
    guard let line = try parseLine(&buffer), let fields = try fields.parse(&buffer) else { return nil }
    let framing = try RequestFraming(line: line, fields: fields, limits: limits)
    return RequestHead(line: line, fields: fields, framing: framing)
  }

  private mutating func parseLine(_ buffer: inout InputBuffer) throws(ProtocolError) -> RequestHead.Line? {
    if let line { return line }
    while true {
      isHead = buffer.prefix(5).elementsEqual("HEAD ".utf8)
      switch try buffer.nextLine(limit: limits.requestLineBytes) {
      case .incomplete:
        return nil
      case .tooLong:
        // RFC 9112, section 3: a target too long is 414; without a method before it this is no request line.
        let isTarget = buffer.prefix(limits.requestLineBytes).contains(ASCII.space)
        throw isTarget ? .requestLineTooLong(limit: limits.requestLineBytes) : .malformedRequestLine
      case .complete(let bytes) where bytes.isEmpty && !hasSkippedEmptyLine:
        // RFC 9112, section 2.2: old clients send a CR LF too many after a body.
        hasSkippedEmptyLine = true
      case .complete(let bytes):
        line = try RequestHead.Line(parsing: bytes)
        return line
      }
    }
  }
}
