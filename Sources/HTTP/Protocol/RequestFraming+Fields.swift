import HTTPTypes

extension RequestFraming {
  /// Decides where the body ends and what becomes of the connection, and refuses whatever two recipients could
  /// understand differently.
  init(line: RequestHead.Line, fields: HTTPFields, limits: HTTPLimits) throws(ProtocolError) {
    try Self.checkHost(fields, isRequired: line.isHTTP11)
    body = try Self.body(fields, isHTTP11: line.isHTTP11, limit: limits.bodyBytes)
    keepsAlive = Self.keepsAlive(fields, isHTTP11: line.isHTTP11)
    expectsContinue = try Self.expectsContinue(fields, isHTTP11: line.isHTTP11) && body != .none
  }

  /// RFC 9112, section 3.2: exactly one valid Host field; HTTP/1.0 does without.
  private static func checkHost(_ fields: HTTPFields, isRequired: Bool) throws(ProtocolError) {
    let hosts = fields[values: .hostField]
    guard hosts.count <= 1 else { throw .repeatedHost }
    guard let host = hosts.first else {
      if isRequired { throw .missingHost }
      return
    }
    guard HostField.isValid(Array(host.utf8)) else { throw .invalidHost }
  }

  /// RFC 9112, section 6.3. Of the choices it leaves, the strict one is taken.
  private static func body(_ fields: HTTPFields, isHTTP11: Bool, limit: Int) throws(ProtocolError) -> Body {
    let lengths = fields[values: .contentLength]
    guard lengths.count <= 1 else { throw .repeatedContentLength }
    guard fields.contains(.transferEncoding) else {
      guard let length = lengths.first else { return .none }
      return try .length(Self.length(length, limit: limit))
    }
    guard lengths.isEmpty else { throw .lengthWithTransferEncoding }
    // RFC 9112, section 6.1: HTTP/1.0 has no transfer codings, so its framing is taken for faulty.
    guard isHTTP11 else { throw .transferEncodingBeforeHTTP11 }
    try checkTransferEncoding(fields)
    return .chunked
  }

  /// RFC 9110, section 8.6: digits, and nothing but.
  private static func length(_ text: String, limit: Int) throws(ProtocolError) -> Int {
    guard !text.isEmpty, text.utf8.allSatisfy(\.isDigit) else { throw .invalidContentLength(text) }
    var length = 0
    for digit in text.utf8 {
      length = length * 10 + Int(digit - UInt8(ascii: "0"))
      guard length <= limit else { throw .bodyTooLarge(limit: limit) }
    }
    return length
  }

  /// Accepts `chunked`, once, and no list around it: not even the empty elements that RFC 9110, section 5.6.1, tolerates
  /// elsewhere, as another recipient may not. RFC 9112, section 6.1: a coding that is not understood is 501.
  private static func checkTransferEncoding(_ fields: HTTPFields) throws(ProtocolError) {
    let value = fields[.transferEncoding] ?? ""
    let codings = FieldList.elements(value)
    for coding in codings {
      guard coding.utf8.allSatisfy(\.isTokenCharacter) else { throw .malformedTransferEncoding(value) }
      guard coding == "chunked" else { throw .unknownTransferCoding(coding) }
    }
    guard codings.count == 1, !value.utf8.contains(ASCII.comma) else { throw .malformedTransferEncoding(value) }
  }

  /// RFC 9112, section 9.3.
  private static func keepsAlive(_ fields: HTTPFields, isHTTP11: Bool) -> Bool {
    guard let connection = fields[.connection] else { return isHTTP11 }
    let options = FieldList.elements(connection)
    if options.contains("close") { return false }
    return isHTTP11 || options.contains("keep-alive")
  }

  /// RFC 9110, section 10.1.1: the one expectation there is; from an HTTP/1.0 client it is ignored.
  private static func expectsContinue(_ fields: HTTPFields, isHTTP11: Bool) throws(ProtocolError) -> Bool {
    guard isHTTP11, let expectation = fields[.expect] else { return false }
    guard FieldList.elements(expectation) == ["100-continue"] else { throw .unknownExpectation(expectation) }
    return true
  }
}

extension HTTPField.Name {
  /// The library hides this name because HTTP/2 has none such; on the wire of HTTP/1.1 it is a field.
  static let hostField = literal("Host")
}

/// Comma-separated field values (RFC 9110, section 5.6.1) whose elements do not distinguish case.
enum FieldList {
  /// The elements that are not empty, in lower case.
  static func elements(_ value: String) -> [String] {
    value.utf8.split(separator: ASCII.comma).compactMap { part in
      var part = part
      while let byte = part.first, byte.isWhitespace { part.removeFirst() }
      while let byte = part.last, byte.isWhitespace { part.removeLast() }
      guard !part.isEmpty else { return nil }
      let lowered = part.map { $0 >= UInt8(ascii: "A") && $0 <= UInt8(ascii: "Z") ? $0 | 0x20 : $0 }
      return String(decoding: lowered, as: UTF8.self)
    }
  }
}
