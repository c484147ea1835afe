public import HTTPTypes

/// The one chance to answer a request.
///
/// It cannot be copied and every way to answer consumes it, so that a second response head is a
/// compile-time error. A handler that lets it go unused is answered for with status 500.
public struct ResponseWriter: ~Copyable, Sendable {
  private let connection: Connection
  private let exchange: Int

  init(_ connection: Connection, exchange: Int) {
    self.connection = connection
    self.exchange = exchange
  }

  /// Sends a complete response.
  ///
  /// `Content-Length`, `Transfer-Encoding`, `Connection`, `Date`, `Server` and the CORS fields are the
  /// server's to set. A `HEAD` request gets the head alone. Returns when the bytes are with the kernel or
  /// few enough to be buffered.
  /// - Throws: ``HTTPError/disconnected`` when the client has gone or does not read.
  public consuming func send(
    status: HTTPResponse.Status, headerFields: HTTPFields = [:], body: [UInt8]
  ) async throws(HTTPError) {
    let head = HTTPResponse(status: status, headerFields: headerFields)
    try await connection.respond(head, body: body, exchange: exchange)
  }

  /// Answers with status 200 and an event stream (`text/event-stream`), chunked, or delimited by the end of the
  /// connection for an HTTP/1.0 client.
  /// - Throws: ``HTTPError/disconnected`` when the client has gone.
  public consuming func startEventStream(headerFields: HTTPFields = [:]) async throws(HTTPError) -> EventStream {
    var fields = headerFields
    fields[.contentType] = "text/event-stream; charset=utf-8"
    fields[.cacheControl] = "no-cache"
    // Reverse proxies that buffer responses look for this field.
    fields[.accelBuffering] = "no"
    try await connection.startStream(HTTPResponse(status: .ok, headerFields: fields), exchange: exchange)
    return EventStream(connection, exchange: exchange)
  }
}

extension HTTPField.Name {
  static let contentTypeOptions = literal("X-Content-Type-Options")
  static let accelBuffering = literal("X-Accel-Buffering")

  /// A name written in this module's source; one that is no token would be a misprint there.
  static func literal(_ name: StaticString) -> HTTPField.Name {
    guard let name = HTTPField.Name(name.description) else { preconditionFailure("\(name) is not a token") }
    return name
  }
}
