/// A response as a ``SocketClient`` reads it.
public struct ClientResponse: Sendable {
  /// The status code.
  public let status: Int
  /// The header fields, names in lower case, in order.
  public let fields: [(name: String, value: String)]
  /// The content, with the chunked coding taken off.
  public let body: [UInt8]

  /// The content as text.
  public var text: String { String(decoding: body, as: UTF8.self) }

  /// The values of a field, whose name is given in lower case; nil when there is none, joined when there are several.
  public subscript(_ name: String) -> String? {
    let values = fields.filter { $0.name == name }.map(\.value)
    return values.isEmpty ? nil : values.joined(separator: ", ")
  }
}

extension SocketClient {
  /// Reads one response, up to where its framing says it ends.
  /// - Parameter isHead: whether the request was one of `HEAD`, to which there is no content.
  public func receiveResponse(isHead: Bool = false) async throws -> ClientResponse {
    let head = try await receive(until: "\r\n\r\n")
    let lines = head.split(separator: "\r\n").map(String.init)
    let statusLine = (lines.first ?? "").split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard statusLine.count == 3, statusLine[0] == "HTTP/1.1", let status = Int(statusLine[1]) else {
      throw SocketClientError(description: "expected a status line, found \(head)")
    }
    let fields = try lines.dropFirst().map { line in
      guard let colon = line.firstIndex(of: ":") else {
        throw SocketClientError(description: "expected a header field, found \(line)")
      }
      let value = line[line.index(after: colon)...].drop { $0 == " " }
      return (name: line[..<colon].lowercased(), value: String(value))
    }
    let unframed = ClientResponse(status: status, fields: fields, body: [])
    if isHead || status == 204 || status == 304 || status / 100 == 1 { return unframed }
    return ClientResponse(status: status, fields: fields, body: try await receiveBody(unframed))
  }

  private func receiveBody(_ response: ClientResponse) async throws -> [UInt8] {
    if let length = response["content-length"].flatMap(Int.init) { return try await receiveBytes(count: length) }
    guard response["transfer-encoding"] == "chunked" else { return Array(try await receiveAll().utf8) }
    var body: [UInt8] = []
    while true {
      let line = try await receive(until: "\r\n").dropLast()
      guard let size = Int(line, radix: 16) else {
        throw SocketClientError(description: "expected a chunk size, found \(line)")
      }
      body += try await receiveBytes(count: size)
      guard try await receive(until: "\r\n") == "\r\n" else {
        throw SocketClientError(description: "expected the end of a chunk of \(size) bytes")
      }
      if size == 0 { return body }
    }
  }
}
