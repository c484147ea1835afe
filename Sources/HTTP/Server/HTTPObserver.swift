/// One line of an access log: a request and what became of it.
public struct AccessLogEntry: Sendable {
  /// The method, as sent; nil when the request line could not be read.
  public var method: String?
  /// The path without the query; nil when the request line could not be read.
  public var path: String?
  /// The status sent; nil when the client went before there was one.
  public var status: Int?
  /// Bytes of the response body handed to the connection.
  public var bytes: Int
  /// From the end of the request's header section to the end of the response.
  public var duration: Duration
  /// The client's IP address.
  public var remoteAddress: String
  /// The error the handler ended with, which a client is told of only in part.
  public var error: String?
  /// Whether the response was sent to its end.
  public var isComplete: Bool
}

/// Something about the server itself that its operator should know.
public enum ServerEvent: Sendable, Equatable {
  /// No connection could be accepted for the reason given (such as too many open files); the server
  /// tries again after a pause.
  case acceptPaused(String)
  /// Connections are accepted again.
  case acceptResumed
  /// A client and the server could not agree on TLS, for the reason given: old protocols, no certificate of a client
  /// that needs one, plain HTTP.
  case handshakeFailed(remoteAddress: String, reason: String)
}

/// Calls that let the layer above log; made on an event loop's thread, so they must not block.
public struct HTTPObserver: Sendable {
  /// Called once for every request, when its response has ended.
  public var onResponse: @Sendable (AccessLogEntry) -> Void
  /// Called when the server runs into trouble and when that is over.
  public var onEvent: @Sendable (ServerEvent) -> Void

  /// Creates an observer that does nothing but what is given.
  public init(
    onResponse: @escaping @Sendable (AccessLogEntry) -> Void = { _ in },
    onEvent: @escaping @Sendable (ServerEvent) -> Void = { _ in }
  ) {
    self.onResponse = onResponse
    self.onEvent = onEvent
  }
}
