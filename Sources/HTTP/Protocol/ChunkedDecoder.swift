/// Decodes the chunked transfer coding (RFC 9112, section 7.1). Extensions and trailers are checked and dropped.
struct ChunkedDecoder: Sendable {
  private enum State: Sendable {
    case size
    case data(remaining: Int)
    case dataEnd
    case trailers(HeaderFieldParser)
    case complete
  }

  /// Longest line of a chunk's size and extensions.
  private static let lineLimit = 1024
  /// Most bytes all those lines of a body may have beyond its content: chunks of one byte with long
  /// extensions would else make work out of all proportion.
  private static let overheadLimit = 16 * 1024

  private let limits: HTTPLimits
  private var state = State.size
  private var length = 0
  private var overhead = 0

  init(limits: HTTPLimits) {
    self.limits = limits
  }

  mutating func decode(_ buffer: inout InputBuffer, into output: inout [UInt8]) throws(ProtocolError) -> Bool {
    while true {
      switch state {
      case .size:
        guard let size = try nextSize(&buffer) else { return false }
        state = size == 0 ? .trailers(HeaderFieldParser(limits: limits)) : .data(remaining: size)
      case .data(let remaining):
        let part = buffer.take(upTo: remaining)
        output += part
        guard part.count == remaining else {
          state = .data(remaining: remaining - part.count)
          return false
        }
        state = .dataEnd
      case .dataEnd:
        switch try buffer.nextLine(limit: 0) {
        case .incomplete: return false
        case .complete: state = .size
        case .tooLong: throw .chunkWithoutLineEnd
        }
      case .trailers(var parser):
        // RFC 9110, section 6.5.1: a recipient may drop trailers, and none means anything to this server.
        guard try parser.parse(&buffer) != nil else {
          state = .trailers(parser)
          return false
        }
        state = .complete
      case .complete:
        return true
      }
    }
  }

  private mutating func nextSize(_ buffer: inout InputBuffer) throws(ProtocolError) -> Int? {
    switch try buffer.nextLine(limit: Self.lineLimit) {
    case .incomplete:
      return nil
    case .tooLong:
      throw .chunkLineTooLong(limit: Self.lineLimit)
    case .complete(let line):
      let digits = line.prefix { $0.hexadecimalValue != nil }
      guard !digits.isEmpty else { throw .invalidChunkSize }
      var size = 0
      for digit in digits.compactMap(\.hexadecimalValue) {
        size = size << 4 | digit
        // Before it can overflow (RFC 9112, section 7.1).
        guard size <= limits.bodyBytes - length else { throw .bodyTooLarge(limit: limits.bodyBytes) }
      }
      let extensions = line[digits.endIndex...]
      guard ChunkExtension.isValid(extensions) else { throw .invalidChunkExtension }
      length += size
      // The shortest way to write a chunk of one byte costs nothing.
      overhead += max(0, line.count - size)
      guard overhead <= Self.overheadLimit else { throw .chunkLineTooLong(limit: Self.overheadLimit) }
      return size
    }
  }
}

/// Chunk extensions (RFC 9112, section 7.1.1): `*( BWS ";" BWS token [ BWS "=" BWS ( token / quoted-string ) ] )`.
enum ChunkExtension {
  static func isValid(_ text: ArraySlice<UInt8>) -> Bool {
    var rest = text
    while !rest.isEmpty {
      skipWhitespace(&rest)
      guard rest.popFirst() == ASCII.semicolon else { return false }
      skipWhitespace(&rest)
      guard skipToken(&rest) else { return false }
      let afterName = rest
      skipWhitespace(&rest)
      guard rest.first == ASCII.equals else {
        rest = afterName
        continue
      }
      rest.removeFirst()
      skipWhitespace(&rest)
      guard rest.first == ASCII.quote ? skipQuotedString(&rest) : skipToken(&rest) else { return false }
    }
    return true
  }

  private static func skipWhitespace(_ text: inout ArraySlice<UInt8>) {
    text = text.drop(while: \.isWhitespace)
  }

  private static func skipToken(_ text: inout ArraySlice<UInt8>) -> Bool {
    let rest = text.drop(while: \.isTokenCharacter)
    defer { text = rest }
    return rest.count < text.count
  }

  /// RFC 9110, section 5.6.4.
  private static func skipQuotedString(_ text: inout ArraySlice<UInt8>) -> Bool {
    text.removeFirst()
    while let byte = text.popFirst() {
      switch byte {
      case ASCII.quote:
        return true
      case ASCII.backslash:
        guard let escaped = text.popFirst(), escaped.isFieldValueCharacter else { return false }
      default:
        guard byte.isFieldValueCharacter else { return false }
      }
    }
    return false
  }
}
