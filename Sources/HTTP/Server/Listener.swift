import Glibc
import HTTPTypes

/// Accepts connections and deals them out to the event loops, in turn.
actor Listener: EventLoopClient {
  /// Connections accepted before other events get their turn.
  private static let burst = 64
  /// Connections over the limit that are told so at a time; more are just closed.
  private static let refusals = 32
  private static let pause = Duration.milliseconds(200)

  nonisolated let loop: EventLoop
  private let loops: [EventLoop]
  private let socket: Descriptor
  private let context: ServerContext
  private var token: UInt64?
  private var nextLoop = 0
  private var isPaused = false

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// Takes ownership of a listening socket.
  init(socket: Descriptor, loop: EventLoop, loops: [EventLoop], context: ServerContext) {
    self.socket = socket
    self.loop = loop
    self.loops = loops
    self.context = context
  }

  /// Makes a socket that listens on an address.
  static func listen(on address: RawSocketAddress) throws(SystemError) -> Descriptor {
    let socket = try System.socket(family: address.family)
    do throws(SystemError) {
      try System.setOption(socket, level: SOL_SOCKET, name: SO_REUSEADDR, value: 1)
      // Accepted sockets inherit these two: an event is flushed at once, a dead peer is found out in the end.
      try System.setOption(socket, level: CInt(IPPROTO_TCP), name: TCP_NODELAY, value: 1)
      try System.setOption(socket, level: SOL_SOCKET, name: SO_KEEPALIVE, value: 1)
      try System.bind(socket, to: address)
      try System.listen(socket, backlog: 1024)
    } catch {
      System.close(socket)
      throw error
    }
    return socket
  }

  func start() throws(SystemError) {
    token = try loop.add(self, descriptor: socket, events: .readable)
  }

  /// Stops accepting and closes the socket.
  func stop() {
    if let token { loop.remove(token, descriptor: socket) }
    token = nil
    loop.close(socket)
  }

  nonisolated func isReady(for events: PollEvents) {
    assumeIsolated { $0.accept() }
  }

  nonisolated func deadlineHasPassed() {
    assumeIsolated { $0.watch(.readable) }
  }

  private func accept() {
    for _ in 0..<Self.burst {
      do throws(SystemError) {
        let (descriptor, address) = try loop.accept(socket)
        if isPaused {
          isPaused = false
          context.observer.onEvent(.acceptResumed)
        }
        serve(descriptor, address)
      } catch {
        if error.wouldBlock { return }
        // Out of descriptors or memory: the connection stays in the backlog, so to try again at once would be a busy
        // loop. All other errors are those of the one connection (accept(2), "Error handling").
        guard [EMFILE, ENFILE, ENOBUFS, ENOMEM].contains(error.code) else { continue }
        return pause(error)
      }
    }
  }

  private func pause(_ error: SystemError) {
    if !isPaused { context.observer.onEvent(.acceptPaused(error.description)) }
    isPaused = true
    watch([])
    if let token { loop.setDeadline(loop.now + Self.pause, for: token) }
  }

  private func watch(_ events: PollEvents) {
    // The descriptor is watched already, which is all that could be wrong.
    if let token { try? loop.watch(token, descriptor: socket, for: events) }
  }

  private func serve(_ descriptor: Descriptor, _ remoteAddress: String) {
    let limits = context.limits
    let count = context.registry.count
    let ofAddress = limits.connectionsPerAddress == 0 ? 0 : context.registry.count(of: remoteAddress)
    guard count < limits.connections + Self.refusals, ofAddress <= limits.connectionsPerAddress + Self.refusals else {
      return loop.close(descriptor)
    }
    var refusal: HTTPError?
    if count >= limits.connections {
      refusal = HTTPError(
        .serviceUnavailable, "the server has its limit of \(limits.connections) connections",
        headerFields: [.retryAfter: "1"])
    } else if limits.connectionsPerAddress > 0, ofAddress >= limits.connectionsPerAddress {
      refusal = HTTPError(
        .tooManyRequests, "this address has its limit of \(limits.connectionsPerAddress) connections",
        headerFields: [.retryAfter: "1"])
    }
    nextLoop = (nextLoop + 1) % loops.count
    let connection = Connection(
      socket: descriptor, remoteAddress: remoteAddress, loop: loops[nextLoop], context: context)
    context.registry.add(connection)
    Task(executorPreference: connection.loop) { await connection.start(refusing: refusal) }
  }
}
