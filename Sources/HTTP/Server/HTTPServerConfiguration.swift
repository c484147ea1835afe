/// Everything about a server but its routes.
public struct HTTPServerConfiguration: Sendable {
  /// The address to listen on: an IPv4 or IPv6 address or a host name of this machine.
  public var host: String
  /// The port to listen on; 0 lets the system choose.
  public var port: Int
  /// Encrypts all connections; nil: none.
  public var tls: TLSContext?
  /// Limits of a request and a connection.
  public var limits: HTTPLimits
  /// Threads that each run an event loop and the handlers of their connections.
  public var eventLoops: Int
  /// Which web pages may read responses.
  public var cors: CORSPolicy
  /// The `Server` field of responses; none is sent when empty.
  public var serverName: String
  /// Told of every response and of trouble.
  public var observer: HTTPObserver

  /// Creates a configuration with the given address and defaults for all else.
  public init(
    host: String = "127.0.0.1", port: Int = 8080, tls: TLSContext? = nil, limits: HTTPLimits = HTTPLimits(),
    eventLoops: Int = 1, cors: CORSPolicy = CORSPolicy(), serverName: String = "apus",
    observer: HTTPObserver = HTTPObserver()
  ) {
    self.host = host
    self.port = port
    self.tls = tls
    self.limits = limits
    self.eventLoops = eventLoops
    self.cors = cors
    self.serverName = serverName
    self.observer = observer
  }
}
