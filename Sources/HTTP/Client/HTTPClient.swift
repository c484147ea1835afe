import Foundation
public import HTTPTypes

/// An HTTP/1.1 client for one server, for streams whose times matter: every piece of a response carries the moment at
/// which it was received.
///
/// A request has a connection of its own. There is no TLS.
public struct HTTPClient: Sendable {
  /// The server's host and port, as the `Host` field has it.
  public let authority: String
  /// What comes before the path of every request; empty, or begins with a slash.
  public let basePath: String

  /// In the system's order of preference.
  private let addresses: [RawSocketAddress]
  private let loop: EventLoop
  private let limits: HTTPLimits

  /// A client for the server at `url`, such as `http://127.0.0.1:8080`; a path goes in front of the requests' own.
  public init(url text: String, limits: HTTPLimits = HTTPLimits()) throws(HTTPClientError) {
    guard let url = URLComponents(string: text), url.scheme == "http", let host = url.host, !host.isEmpty,
      url.query == nil, url.fragment == nil, url.user == nil, (1...65_535).contains(url.port ?? 80)
    else { throw .invalidURL(text) }
    let name = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : host
    do throws(HTTPServerError) {
      addresses = try RawSocketAddress.resolve(host: name, port: url.port ?? 80)
    } catch {
      throw .unknownHost(name, reason: "\(error)")
    }
    do throws(SystemError) {
      loop = try EventLoop()
    } catch {
      throw .noEventLoop(reason: "\(error)")
    }
    authority = SocketAddress(host: name, port: url.port ?? 80).description
    basePath =
      url.percentEncodedPath.hasSuffix("/") ? String(url.percentEncodedPath.dropLast()) : url.percentEncodedPath
    self.limits = limits
  }

  /// Sends a request and waits for the head of its response.
  ///
  /// - Parameters:
  ///   - path: behind the URL's own, percent-encoded.
  ///   - fields: besides `Host`, `Connection` and `Content-Length`.
  ///   - timeout: until the end of the response.
  public func send(
    _ method: HTTPRequest.Method, _ path: String, fields: HTTPFields = [:], body: [UInt8] = [], timeout: Duration
  ) async throws(HTTPClientError) -> HTTPClientResponse {
    var head = "\(method.rawValue) \(basePath + path) HTTP/1.1\r\nHost: \(authority)\r\nConnection: close\r\n"
    if !body.isEmpty || method == .post { head += "Content-Length: \(body.count)\r\n" }
    for field in fields { head += "\(field.name.rawName): \(field.value)\r\n" }
    let exchange = ClientExchange(
      addresses: addresses, request: Array((head + "\r\n").utf8) + body, loop: loop, limits: limits)
    return try await exchange.start(timeout: timeout)
  }
}

/// A response whose head has come, and whose body is coming.
///
/// Whoever stops before the end has to call `cancel`.
public struct HTTPClientResponse: Sendable {
  /// The status code.
  public let status: Int
  /// The header fields.
  public let fields: HTTPFields
  /// When the head was received.
  public let received: ContinuousClock.Instant

  let exchange: ClientExchange

  /// A piece of the body, and when it was received.
  public struct Piece: Sendable {
    /// At least one byte.
    public var bytes: [UInt8]
    /// When it was received.
    public var received: ContinuousClock.Instant
  }

  /// The pieces received since the last call, at least one; none at the end.
  public func next() async throws(HTTPClientError) -> [Piece] { try await exchange.next() }

  /// The rest of the body.
  public func rest() async throws(HTTPClientError) -> [UInt8] {
    var body: [UInt8] = []
    while true {
      let pieces = try await next()
      if pieces.isEmpty { return body }
      for piece in pieces { body += piece.bytes }
    }
  }

  /// Ends the connection.
  public func cancel() async { await exchange.cancel() }
}
