import HTTPTypes

/// Writes status lines and header sections (RFC 9112, sections 4 and 5).
struct ResponseHeadEncoder {
  enum Body {
    case none
    case length(Int)
    case chunked
    /// The end of the connection ends the body.
    case untilClose
  }

  let exchange: ConnectionMachine.Exchange

  /// The fields that frame the message are set here, whatever the handler says. Values cannot contain line ends; their
  /// type sees to that.
  func encode(_ head: HTTPResponse, body: Body) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(256)
    bytes += "HTTP/1.1 \(head.status.code) \(head.status.reasonPhrase)".utf8
    endLine(&bytes)
    for field in head.headerFields where !Self.isFraming(field.name) {
      bytes += field.name.rawName.utf8
      bytes += ": ".utf8
      field.withUnsafeBytesOfValue { bytes += $0 }
      endLine(&bytes)
    }
    switch body {
    case .none, .untilClose: break
    case .length(let length): append("Content-Length", String(length), &bytes)
    case .chunked: append("Transfer-Encoding", "chunked", &bytes)
    }
    // RFC 9112, section 9.3: HTTP/1.1 stays open unless told, HTTP/1.0 closes unless told.
    if !exchange.keepsAlive {
      append("Connection", "close", &bytes)
    } else if !exchange.isHTTP11 {
      append("Connection", "keep-alive", &bytes)
    }
    endLine(&bytes)
    return bytes
  }

  private static func isFraming(_ name: HTTPField.Name) -> Bool {
    name == .contentLength || name == .transferEncoding || name == .connection
  }

  private func append(_ name: String, _ value: String, _ bytes: inout [UInt8]) {
    bytes += name.utf8
    bytes += ": ".utf8
    bytes += value.utf8
    endLine(&bytes)
  }

  private func endLine(_ bytes: inout [UInt8]) {
    bytes.append(ASCII.carriageReturn)
    bytes.append(ASCII.lineFeed)
  }
}
