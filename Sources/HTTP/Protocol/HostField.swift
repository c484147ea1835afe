/// The value of a Host field (RFC 9112, section 3.2): `uri-host [ ":" port ]` of RFC 3986, section 3.2.
enum HostField {
  static func isValid(_ value: some BidirectionalCollection<UInt8>) -> Bool {
    var host = value[...]
    if let colon = host.lastIndex(of: ASCII.colon), host[colon...].dropFirst().allSatisfy(\.isDigit) {
      host = host[..<colon]
    }
    if host.first == UInt8(ascii: "[") {
      guard host.last == UInt8(ascii: "]") else { return false }
      return host.dropFirst().dropLast().allSatisfy {
        $0.hexadecimalValue != nil || $0 == ASCII.colon || $0 == UInt8(ascii: ".")
      }
    }
    // A registered name or an IPv4 address: unreserved, escaped, or one of the sub-delimiters.
    return host.allSatisfy { byte in
      byte < 0x80 && (byte.isTokenCharacter && !"^`|#".utf8.contains(byte) || "(),;=".utf8.contains(byte))
    }
  }
}
