import Synchronization

/// An HTTP/1.1 server on non-blocking sockets.
///
/// Handlers run on the event loops' own threads: they may await as long as they like, but must not block.
///
/// A handler's task is cancelled as soon as its client is gone, whatever it awaits. A client that has closed its sending
/// side counts as gone, since one that has aborted a stream cannot be told from it; what a handler answers all the same,
/// such a client still gets.
public final class HTTPServer: Sendable {
  private enum State {
    case idle
    case running(Listener, ConnectionRegistry)
    case stopped
  }

  private let configuration: HTTPServerConfiguration
  private let routes: Replaceable<Router>
  private let tls: Replaceable<TLSContext>?
  private let state = Mutex(State.idle)

  /// Creates a server that does not listen yet.
  public init(configuration: HTTPServerConfiguration, router: Router) {
    self.configuration = configuration
    routes = Replaceable(router)
    tls = configuration.tls.map(Replaceable.init)
  }

  /// Answers all requests that begin from now on by other routes.
  public func replaceRouter(_ router: Router) { routes.replace(router) }

  /// Takes another certificate for connections that begin from now on. A server that began without TLS stays so.
  public func replaceTLS(_ context: TLSContext) { tls?.replace(context) }

  /// The TLS of connections that begin now.
  public var currentTLS: TLSContext? { tls?.value }

  /// Connections that are open.
  public var connectionCount: Int {
    state.withLock { state in
      if case .running(_, let registry) = state { registry.count } else { 0 }
    }
  }

  /// Starts to listen and to serve, once in a server's life.
  /// - Returns: the bound address, with the port the system chose where the configuration says 0.
  public func start() async throws(HTTPServerError) -> SocketAddress {
    let canStart = state.withLock { state in
      guard case .idle = state else { return false }
      state = .stopped
      return true
    }
    guard canStart else { throw .alreadyStarted }
    let socket = try listen()
    do throws(SystemError) {
      let address = try System.localAddress(of: socket).socketAddress
      var loops: [EventLoop] = []
      for _ in 0..<max(1, configuration.eventLoops) { loops.append(try EventLoop()) }
      try await serve(socket, on: loops)
      return address
    } catch {
      System.close(socket)
      throw .noEventLoop(reason: error.description)
    }
  }

  /// Serves the connections that a listening socket accepts.
  /// - Parameter loops: at least one; the first has the socket.
  package func serve(_ socket: Descriptor, on loops: [EventLoop]) async throws(SystemError) {
    let registry = ConnectionRegistry()
    let context = ServerContext(configuration, routes: routes, tls: tls, registry: registry)
    let listener = Listener(socket: socket, loop: loops[0], loops: loops, context: context)
    try await listener.start()
    state.withLock { $0 = .running(listener, registry) }
  }

  /// Stops accepting, closes idle connections, lets running responses finish, and cuts off what is left when
  /// the grace period is over or the calling task is cancelled. A second call returns at once.
  public func shutdown(gracePeriod: Duration) async {
    let running = state.withLock { state in
      defer { state = .stopped }
      return state
    }
    guard case .running(let listener, let registry) = running else { return }
    await listener.stop()
    let loop = listener.loop
    for connection in registry.connections { await connection.shutDown() }
    await withTaskGroup { group in
      group.addTask { for await _ in registry.untilEmpty() {} }
      // Cancelled when the other task is first.
      group.addTask { try? await loop.sleep(until: loop.now + gracePeriod) }
      await group.next()
      group.cancelAll()
    }
    for connection in registry.connections { await connection.abort() }
  }

  private func listen() throws(HTTPServerError) -> Descriptor {
    var reason = "the host has no address"
    for address in try RawSocketAddress.resolve(host: configuration.host, port: configuration.port) {
      do throws(SystemError) {
        return try Listener.listen(on: address)
      } catch {
        reason = error.description
      }
    }
    throw .cannotListen(host: configuration.host, port: configuration.port, reason: reason)
  }
}
