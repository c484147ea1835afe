import CZlib
import HTTPTypes

/// Takes the content coding off a request's body (RFC 9110, section 8.4.1): `gzip` or `deflate`, piece by piece.
///
/// What comes out is bounded twice: by the limit of the body, and by a ratio to what went in, so that a small request
/// cannot make the server handle a large one.
final class ContentDecoder {
  /// Most bytes out for each byte in, once there are more than `freeBytes`.
  private static let ratio = 100
  private static let freeBytes = 64 * 1024
  private static let chunkBytes = 64 * 1024

  /// zlib keeps a pointer to it, so it must not move.
  private let stream: UnsafeMutablePointer<z_stream>
  private let isGzip: Bool
  private var inputBytes = 0
  private var isAtEnd = false

  /// A decoder for the value of a Content-Encoding field; nil where there is no coding.
  /// - Throws: 415 for any other coding than those two, and for more than one.
  init?(_ encoding: String?) throws(HTTPError) {
    let codings = FieldList.elements(encoding ?? "").filter { $0 != "identity" }
    guard let coding = codings.first else { return nil }
    guard codings.count == 1, ["gzip", "x-gzip", "deflate"].contains(coding) else {
      throw HTTPError(
        .unsupportedMediaType, "the Content-Encoding is \(codings.joined(separator: ", ")); expected gzip or deflate",
        headerFields: [.acceptEncoding: "gzip, deflate"])
    }
    isGzip = coding != "deflate"
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // 15 is the largest window; 16 more mean gzip's format, else it is zlib's (RFC 9110, section 8.4.1.2).
    let result = inflateInit2_(stream, isGzip ? 31 : 15, ZLIB_VERSION, CInt(MemoryLayout<z_stream>.size))
    guard result == Z_OK else { throw HTTPError(.internalServerError, "no memory to decompress the request body") }
  }

  deinit {
    inflateEnd(stream)
    stream.deallocate()
  }

  /// Appends what `bytes` stand for to `output`, as far as it does not exceed `limit`.
  func decode(_ bytes: [UInt8], upTo limit: Int, into output: inout [UInt8]) throws(HTTPError) {
    inputBytes += bytes.count
    var input = bytes
    let failure = input.withUnsafeMutableBufferPointer { input -> HTTPError? in
      stream.pointee.next_in = input.baseAddress
      stream.pointee.avail_in = UInt32(input.count)
      while stream.pointee.avail_in > 0 || stream.pointee.avail_out == 0 {
        if let error = inflateChunk(upTo: limit, into: &output) { return error }
        if isAtEnd, stream.pointee.avail_in == 0 { return nil }
      }
      return nil
    }
    if let failure { throw failure }
  }

  /// - Throws: 400 if the compressed body is not whole.
  func finish() throws(HTTPError) {
    guard isAtEnd else { throw HTTPError(.badRequest, "the compressed request body ends too early") }
  }

  private func inflateChunk(upTo limit: Int, into output: inout [UInt8]) -> HTTPError? {
    if isAtEnd {
      // RFC 1952, section 2.2: a gzip file may have several members.
      guard isGzip, inflateReset(stream) == Z_OK else {
        return HTTPError(.badRequest, "bytes follow the end of the compressed request body")
      }
      isAtEnd = false
    }
    let start = output.count
    var result = Z_OK
    output.append(contentsOf: repeatElement(0, count: Self.chunkBytes))
    output.withUnsafeMutableBufferPointer { output in
      stream.pointee.next_out = output.baseAddress.map { $0 + start }
      stream.pointee.avail_out = UInt32(Self.chunkBytes)
      result = inflate(stream, Z_NO_FLUSH)
    }
    output.removeLast(Int(stream.pointee.avail_out))
    switch result {
    // The latter says that there was nothing to do.
    case Z_OK, Z_BUF_ERROR: break
    case Z_STREAM_END: isAtEnd = true
    default: return HTTPError(.badRequest, "the request body is not compressed as its Content-Encoding says")
    }
    guard output.count <= limit else { return ProtocolError.bodyTooLarge(limit: limit).httpError }
    guard output.count <= max(Self.freeBytes, inputBytes * Self.ratio) else {
      return HTTPError(.contentTooLarge, "the request body is compressed more than \(Self.ratio) times")
    }
    return nil
  }
}
