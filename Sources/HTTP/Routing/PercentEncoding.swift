/// Percent-decoding (RFC 3986, section 2.1).
enum PercentEncoding {
  /// The text that `encoded` stands for, or nil where a `%` is not followed by two hexadecimal digits or
  /// the bytes are not UTF-8.
  static func decode(_ encoded: some StringProtocol) -> String? {
    guard encoded.utf8.contains(ASCII.percent) else { return String(encoded) }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(encoded.utf8.count)
    var iterator = encoded.utf8.makeIterator()
    while let byte = iterator.next() {
      guard byte == ASCII.percent else {
        bytes.append(byte)
        continue
      }
      guard let high = iterator.next()?.hexadecimalValue, let low = iterator.next()?.hexadecimalValue else {
        return nil
      }
      bytes.append(UInt8(high << 4 | low))
    }
    return String(validating: bytes, as: UTF8.self)
  }
}
