/// The content of a request, read as it arrives.
///
/// The connection holds a bounded number of unread bytes and then stops reading from the network, so a
/// handler that does not want a body costs nothing. Asking for the body is what answers
/// `Expect: 100-continue`.
public struct RequestBody: Sendable {
  private enum Source: Sendable {
    case bytes([UInt8])
    case connection(Connection, exchange: Int, encoding: String?)
  }

  private let source: Source

  /// A body that is already there.
  public init(_ bytes: [UInt8]) {
    source = .bytes(bytes)
  }

  init(_ connection: Connection, exchange: Int, encoding: String?) {
    source = .connection(connection, exchange: exchange, encoding: encoding)
  }

  /// Reads the body to its end, without its content coding. It can be read once.
  ///
  /// - Parameter limit: the greatest number of bytes to accept.
  /// - Throws: 413 when the body is longer than `limit` or the server's own limit, 400 when its chunked
  ///   coding is malformed or it is compressed in another way than it says, 415 when it is
  ///   compressed in a way the server does not know, 408 when it does not arrive in time, ``HTTPError/disconnected`` when it never will.
  public func collect(upTo limit: Int) async throws(HTTPError) -> [UInt8] {
    switch source {
    case .bytes(let bytes):
      guard bytes.count <= limit else { throw ProtocolError.bodyTooLarge(limit: limit).httpError }
      return bytes
    case .connection(let connection, let exchange, let encoding):
      let decoder = try ContentDecoder(encoding)
      var body: [UInt8] = []
      while let part = try await connection.nextBodyPart(exchange: exchange) {
        if let decoder {
          try decoder.decode(part, upTo: limit, into: &body)
          continue
        }
        guard body.count + part.count <= limit else { throw ProtocolError.bodyTooLarge(limit: limit).httpError }
        if body.isEmpty { body = part } else { body += part }
      }
      try decoder?.finish()
      return body
    }
  }
}
