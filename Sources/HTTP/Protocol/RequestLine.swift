import HTTPTypes

extension RequestHead.Line {
  /// Reads `method SP request-target SP HTTP-version` (RFC 9112, section 3), without its line end.
  init(parsing line: ArraySlice<UInt8>) throws(ProtocolError) {
    let parts = line.split(separator: ASCII.space, omittingEmptySubsequences: false)
    guard parts.count == 3, let method = HTTPRequest.Method(String(decoding: parts[0], as: UTF8.self)) else {
      throw .malformedRequestLine
    }
    self.method = method
    isHTTP11 = try Self.isHTTP11(parts[2])
    // RFC 9112, section 3.2.3: the authority form is for CONNECT alone.
    guard method != .connect else { throw .connectNotSupported }
    var target = parts[1]
    if target.elementsEqual([ASCII.asterisk]) {
      // RFC 9112, section 3.2.4: the asterisk form is for OPTIONS alone.
      guard method == .options else { throw .invalidTarget }
      path = "*"
      return
    }
    if target.first != ASCII.slash { target = try Self.removeOrigin(target) }
    let end = target.firstIndex(of: ASCII.question) ?? target.endIndex
    guard Self.isValidPath(target[..<end]) else { throw .invalidTarget }
    path = end == target.startIndex ? "/" : String(decoding: target[..<end], as: UTF8.self)
    if end < target.endIndex {
      let query = target[(end + 1)...]
      guard Self.isValid(query) else { throw .invalidTarget }
      self.query = String(decoding: query, as: UTF8.self)
    }
  }

  /// RFC 9112, section 2.3: `HTTP/DIGIT.DIGIT`, in capitals.
  private static func isHTTP11(_ version: ArraySlice<UInt8>) throws(ProtocolError) -> Bool {
    let digits = Array(version.dropFirst(5))
    guard version.starts(with: "HTTP/".utf8), digits.count == 3, digits[0].isDigit, digits[1] == UInt8(ascii: "."),
      digits[2].isDigit
    else { throw .malformedVersion }
    guard digits[0] == UInt8(ascii: "1") else {
      throw .unsupportedVersion(String(decoding: version, as: UTF8.self))
    }
    return digits[2] != UInt8(ascii: "0")
  }

  /// RFC 9112, section 3.2.2: a server accepts whole URLs too. What is left is the path and the query.
  private static func removeOrigin(_ target: ArraySlice<UInt8>) throws(ProtocolError) -> ArraySlice<UInt8> {
    for scheme in ["http://", "https://"] where hasPrefix(target, ignoringCase: scheme) {
      let rest = target.dropFirst(scheme.utf8.count)
      let end = rest.firstIndex { $0 == ASCII.slash || $0 == ASCII.question } ?? rest.endIndex
      guard end > rest.startIndex, HostField.isValid(rest[..<end]) else { throw .invalidTarget }
      return rest[end...]
    }
    throw .invalidTarget
  }

  private static func hasPrefix(_ bytes: ArraySlice<UInt8>, ignoringCase prefix: String) -> Bool {
    bytes.count >= prefix.utf8.count
      && zip(bytes, prefix.utf8).allSatisfy { $0 == $1 || ($0 | 0x20 == $1 && $0.isTokenCharacter) }
  }

  /// Browsers leave these unescaped in queries, but in no path.
  private static func isValidPath(_ path: ArraySlice<UInt8>) -> Bool {
    isValid(path)
      && !path.contains { byte in
        switch byte {
        case ASCII.backslash, UInt8(ascii: "^"), UInt8(ascii: "`"), UInt8(ascii: "{"), UInt8(ascii: "|"),
          UInt8(ascii: "}"):
          true
        default: false
        }
      }
  }

  /// Printable ASCII but for the delimiters RFC 3986 keeps out of every URI, and `%` only before two digits.
  private static func isValid(_ text: ArraySlice<UInt8>) -> Bool {
    var digitsWanted = 0
    for byte in text {
      if digitsWanted > 0 {
        guard byte.hexadecimalValue != nil else { return false }
        digitsWanted -= 1
        continue
      }
      switch byte {
      case ...ASCII.space, 0x7F..., ASCII.quote, UInt8(ascii: "#"), UInt8(ascii: "<"), UInt8(ascii: ">"): return false
      case ASCII.percent: digitsWanted = 2
      default: break
      }
    }
    return digitsWanted == 0
  }
}
