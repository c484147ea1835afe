import HTTPTypes

/// Reads field lines up to the empty line that ends them: a header section (RFC 9112, section 5) or the
/// trailers of a chunked body (section 7.1.2).
struct HeaderFieldParser: Sendable {
  private let limits: HTTPLimits
  private var fields = HTTPFields()
  private var count = 0
  private var byteCount = 0

  init(limits: HTTPLimits) {
    self.limits = limits
  }

  /// Consumes the field lines in `buffer`.
  /// - Returns: all fields when the section is complete, else nil: more bytes are needed.
  mutating func parse(_ buffer: inout InputBuffer) throws(ProtocolError) -> HTTPFields? {
    while true {
      switch try buffer.nextLine(limit: max(0, limits.headerBytes - byteCount)) {
      case .incomplete:
        return nil
      case .tooLong:
        throw .headerTooLarge(limit: limits.headerBytes)
      case .complete(let line) where line.isEmpty:
        return fields
      case .complete(let line):
        byteCount += line.count + 2
        count += 1
        guard byteCount <= limits.headerBytes else { throw .headerTooLarge(limit: limits.headerBytes) }
        guard count <= limits.headerFieldCount else { throw .tooManyHeaderFields(limit: limits.headerFieldCount) }
        fields.append(try Self.field(line))
      }
    }
  }

  private static func field(_ line: ArraySlice<UInt8>) throws(ProtocolError) -> HTTPField {
    // RFC 9112, section 5.2: a line that starts with space would go on with the one before it.
    guard line.first?.isWhitespace != true else { throw .foldedHeaderField }
    // RFC 9112, section 5.1: no space is allowed between the name and the colon; it is no token character.
    guard let colon = line.firstIndex(of: ASCII.colon),
      let name = HTTPField.Name(String(decoding: line[..<colon], as: UTF8.self))
    else { throw .invalidHeaderFieldName }
    var value = line[(colon + 1)...]
    while let byte = value.first, byte.isWhitespace { value.removeFirst() }
    while let byte = value.last, byte.isWhitespace { value.removeLast() }
    guard value.allSatisfy(\.isFieldValueCharacter) else { throw .invalidHeaderFieldValue(name: name.rawName) }
    return HTTPField(name: name, value: String(decoding: value, as: UTF8.self))
  }
}
