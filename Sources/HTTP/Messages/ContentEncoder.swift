import CZlib
import HTTPTypes

/// Compresses whole responses for clients that ask for it. Streams are not compressed: an event is to be sent as soon as
/// it is there.
enum ContentEncoder {
  /// Smaller bodies gain nothing; larger ones would hold up the event loop.
  private static let sizes = 1024...(4 << 20)

  /// Whether compressing is worth while for a response.
  static func isWorthwhile(_ fields: HTTPFields, byteCount: Int) -> Bool {
    guard sizes.contains(byteCount), !fields.contains(.contentEncoding), let type = fields[.contentType] else {
      return false
    }
    return type.hasPrefix("text/") || type.hasPrefix("application/json")
  }

  /// Whether a client takes gzip (RFC 9110, section 12.5.3).
  static func acceptsGzip(_ fields: HTTPFields) -> Bool {
    var any = false
    for element in FieldList.elements(fields[.acceptEncoding] ?? "") {
      let parts = element.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" } }
      let isWanted = !parts.dropFirst().contains { weight in
        weight.hasPrefix("q=") && Double(weight.dropFirst(2)).map { $0 <= 0 } ?? true
      }
      if parts.first == "gzip" || parts.first == "x-gzip" { return isWanted }
      if parts.first == "*" { any = isWanted }
    }
    return any
  }

  /// The bytes in gzip's format; nil if they do not get fewer.
  static func gzip(_ bytes: [UInt8]) -> [UInt8]? {
    var stream = z_stream()
    let version = ZLIB_VERSION
    // The fastest level: it has most of the gain. 31: the largest window, in gzip's format; 8: the usual memory.
    guard
      deflateInit2_(&stream, 1, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY, version, CInt(MemoryLayout<z_stream>.size))
        == Z_OK
    else { return nil }
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count)
    let result = input.withUnsafeMutableBufferPointer { input in
      output.withUnsafeMutableBufferPointer { output in
        stream.next_in = input.baseAddress
        stream.avail_in = UInt32(input.count)
        stream.next_out = output.baseAddress
        stream.avail_out = UInt32(output.count)
        return deflate(&stream, Z_FINISH)
      }
    }
    guard result == Z_STREAM_END else { return nil }
    output.removeLast(Int(stream.avail_out))
    return output
  }
}
