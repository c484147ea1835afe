/// An HTTP/1.1 server.
public final class HTTPServer: Sendable {
  private let configuration: HTTPServerConfiguration
  private let router: Router

  /// Creates a server that does not listen yet.
  public init(configuration: HTTPServerConfiguration, router: Router) {
    self.configuration = configuration
    self.router = router
  }

  /// Starts to listen and to serve.
  /// - Returns: the bound address, with the port the system chose where the configuration says 0.
  public func start() async throws(HTTPServerError) -> SocketAddress {
    SocketAddress(host: configuration.host, port: configuration.port)
  }

  /// Stops accepting, closes idle connections, lets running responses finish, and cuts off what is left when
  /// the grace period is over.
  public func shutdown(gracePeriod: Duration) async {}
}
