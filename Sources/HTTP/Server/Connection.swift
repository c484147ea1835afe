import HTTPTypes

/// What all connections of a server share.
struct ServerContext: Sendable {
  let routes: Replaceable<Router>
  /// Nil: connections are plain.
  let tls: Replaceable<TLSContext>?
  let limits: HTTPLimits
  let cors: CORSPolicy
  let serverName: String
  let observer: HTTPObserver
  let registry: ConnectionRegistry

  init(
    _ configuration: HTTPServerConfiguration, routes: Replaceable<Router>, tls: Replaceable<TLSContext>?,
    registry: ConnectionRegistry
  ) {
    self.routes = routes
    self.tls = tls
    limits = configuration.limits.clamped
    cors = configuration.cors
    serverName = configuration.serverName
    observer = configuration.observer
    self.registry = registry
  }
}

/// Drives a ``ConnectionMachine`` with a socket, the clock and handlers, on its event loop.
actor Connection: EventLoopClient {
  enum Phase {
    /// Added to the loop in `start`.
    case new
    /// Of TLS; what comes after it is only a word why the connection is not served, where there is one.
    case handshaking(refusal: HTTPError?)
    case open
    /// Closes as soon as all is sent.
    case flushing(lingering: Bool)
    /// All is sent and the peer told so; what it still sends is dropped.
    case lingering(budget: Int)
    case closed
  }

  /// How long a peer may take to close its side after a response that ended the connection early, and how much it may
  /// send in that time.
  private static let lingerTimeout = Duration.seconds(2)
  private static let lingerBudget = 4 * 1024 * 1024

  nonisolated let loop: EventLoop
  nonisolated let context: ServerContext
  nonisolated let remoteAddress: String
  private let socket: Descriptor
  private var token: UInt64 = 0
  var phase = Phase.new
  private var watched: PollEvents = []

  var machine: ConnectionMachine
  /// Nil where the connection is plain, and when it can send nothing more.
  var tls: TLSSession?
  var output = OutputBuffer()
  private var isReading = true
  private var hasPeerClosed = false
  var isLost = false

  private var timer: (kind: ConnectionMachine.Timer, deadline: ContinuousClock.Instant)?
  /// For writing, and when all is written for lingering.
  private var ioDeadline: ContinuousClock.Instant?
  /// What the loop knows of the two.
  private var knownDeadline: ContinuousClock.Instant?

  var exchange: Exchange?
  var lastExchange = 0
  var bodyWaiters: [CheckedContinuation<Void, Never>] = []
  private var roomWaiters: [CheckedContinuation<Void, Never>] = []

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  /// Takes ownership of an accepted, non-blocking socket.
  init(socket: Descriptor, remoteAddress: String, loop: EventLoop, context: ServerContext) {
    self.socket = socket
    self.remoteAddress = remoteAddress
    self.loop = loop
    self.context = context
    machine = ConnectionMachine(limits: context.limits)
  }

  // MARK: Life

  /// Starts to serve, or only says why not.
  func start(refusing refusal: HTTPError?) {
    guard case .new = phase else { return }
    watched = [.readable, .peerClosed]
    do throws(SystemError) {
      token = try loop.add(self, descriptor: socket, events: watched)
    } catch {
      return lose()
    }
    if let tls = context.tls?.value { return startTLS(tls, refusing: refusal) }
    open(refusing: refusal)
  }

  /// Bytes of HTTP can be sent and received from now on.
  func open(refusing refusal: HTTPError?) {
    phase = .open
    perform(refusal.map { machine.refuse($0) } ?? machine.start())
  }

  /// Lets the handshake take as long as a request's head.
  func limitHandshake() {
    ioDeadline = loop.now + context.limits.headerTimeout
    updateDeadline()
  }

  /// Closes when the running response, if any, has ended.
  func shutDown() { perform(machine.shutDown()) }

  /// Closes at once.
  func abort() { lose() }

  /// The connection is broken.
  func lose() {
    isLost = true
    output.removeAll()
    perform(machine.lose())
    closeSocket()
  }

  private func closeSocket() {
    if case .closed = phase { return }
    phase = .closed
    tls = nil
    if token != 0 { loop.remove(token, descriptor: socket) }
    loop.close(socket)
    context.registry.remove(self)
    resumeBodyWaiters()
    resumeAll(&roomWaiters)
  }

  // MARK: Events

  nonisolated func isReady(for events: PollEvents) {
    assumeIsolated { $0.handle(events) }
  }

  nonisolated func deadlineHasPassed() {
    assumeIsolated { $0.handleDeadline() }
  }

  private func handle(_ events: PollEvents) {
    if !events.isDisjoint(with: .broken) { return lose() }
    if events.contains(.writable) { flush() }
    if events.contains(.readable) {
      receive()
    } else if events.contains(.peerClosed), !hasPeerClosed {
      hasPeerClosed = true
      perform(machine.expectEnd())
    }
  }

  private func handleDeadline() {
    // The loop forgets a deadline that has passed.
    knownDeadline = nil
    let now = loop.now
    if let ioDeadline, ioDeadline <= now { return lose() }
    if let timer, timer.deadline <= now { perform(machine.timeOut(timer.kind)) }
    updateDeadline()
  }

  private func receive() {
    var actions: [ConnectionMachine.Action] = []
    var decryption: Result<[UInt8], TLSSession.Failure>?
    do throws(SystemError) {
      switch phase {
      case .handshaking, .open:
        try loop.receive(socket) { bytes in
          if bytes.isEmpty {
            hasPeerClosed = true
            actions = machine.receiveEnd()
          } else if let tls {
            decryption = Result { () throws(TLSSession.Failure) in try tls.receive(bytes) }
          } else {
            actions = machine.receive(bytes)
          }
        }
      case .lingering(let budget):
        var left = budget
        try loop.receive(socket) { bytes in left = bytes.isEmpty ? 0 : budget - bytes.count }
        guard left > 0 else { return closeSocket() }
        phase = .lingering(budget: left)
      case .new, .flushing, .closed:
        return
      }
    } catch {
      if !error.wouldBlock { lose() }
      return
    }
    if let decryption, let tls { return takeDecrypted(decryption, from: tls) }
    perform(actions)
  }

  // MARK: Actions

  func perform(_ actions: [ConnectionMachine.Action]) {
    for action in actions {
      switch action {
      case .startRequest(let head): startExchange(head)
      case .deliverBody(let bytes):
        exchange?.body.bytes += bytes
        resumeBodyWaiters()
      case .endBody:
        exchange?.body.isComplete = true
        resumeBodyWaiters()
      case .failBody(let error):
        exchange?.body.failure = error
        resumeBodyWaiters()
      case .answer(let error, let line): answer(error, line: line)
      case .cancelRequest: exchange?.task?.cancel()
      case .send(let bytes): send(bytes)
      case .setTimer(let kind): setTimer(kind)
      case .setReading(let reading): isReading = reading
      case .endExchange(let isComplete): endExchange(isComplete: isComplete)
      case .close(let lingering):
        setTimer(nil)
        switch phase {
        case .new, .handshaking: closeSocket()
        case .open:
          closeTLS()
          phase = .flushing(lingering: lingering)
        case .flushing, .lingering, .closed: break
        }
      }
    }
    flush()
  }

  /// Sends what there is, as far as the peer takes it.
  func flush() {
    if case .closed = phase { return }
    var hasProgressed = false
    while !output.isEmpty {
      do throws(SystemError) {
        try output.drain { bytes throws(SystemError) in try loop.send(socket, bytes) }
        hasProgressed = true
      } catch {
        guard error.wouldBlock else { return lose() }
        break
      }
    }
    if output.count <= context.limits.outputBufferBytes / 2 { resumeAll(&roomWaiters) }
    if case .handshaking = phase {
      // Its deadline stands, whatever moves.
    } else if !output.isEmpty {
      if hasProgressed || ioDeadline == nil { ioDeadline = loop.now + context.limits.writeTimeout }
    } else if case .flushing(let lingering) = phase {
      guard lingering, (try? loop.shutDownSending(socket)) != nil else { return closeSocket() }
      phase = .lingering(budget: Self.lingerBudget)
      ioDeadline = loop.now + Self.lingerTimeout
    } else if case .open = phase {
      ioDeadline = nil
    }
    updateDeadline()
    updateWatch()
  }

  private func updateWatch() {
    var events: PollEvents = output.isEmpty ? [] : .writable
    switch phase {
    case .handshaking: events.formUnion([.readable, .peerClosed])
    case .open where isReading: events.formUnion([.readable, .peerClosed])
    case .open where !hasPeerClosed: events.insert(.peerClosed)
    case .lingering: events.insert(.readable)
    case .open, .flushing: break
    case .new, .closed: return
    }
    guard events != watched else { return }
    watched = events
    if (try? loop.watch(token, descriptor: socket, for: events)) == nil { lose() }
  }

  private func setTimer(_ kind: ConnectionMachine.Timer?) {
    timer = kind.map { kind in
      let limits = context.limits
      let duration =
        switch kind {
        case .idle: limits.idleTimeout
        case .header: limits.headerTimeout
        case .body: limits.bodyTimeout
        }
      return (kind, loop.now + duration)
    }
  }

  private func updateDeadline() {
    guard token != 0, !isClosed else { return }
    let deadline =
      if let timer, let ioDeadline { min(timer.deadline, ioDeadline) } else { timer?.deadline ?? ioDeadline }
    guard deadline != knownDeadline else { return }
    knownDeadline = deadline
    loop.setDeadline(deadline, for: token)
  }

  private var isClosed: Bool {
    if case .closed = phase { true } else { false }
  }

  func resumeBodyWaiters() { resumeAll(&bodyWaiters) }

  private func resumeAll(_ waiters: inout [CheckedContinuation<Void, Never>]) {
    guard !waiters.isEmpty else { return }
    let resumed = waiters
    waiters = []
    for waiter in resumed { waiter.resume() }
  }

  // MARK: Back-pressure

  /// Whether a handler may write more.
  enum Writing {
    case possible
    /// More waits to be sent than the limit allows.
    case overfull
    case impossible
  }

  var writing: Writing { isOverfull ? .overfull : isLost ? .impossible : .possible }

  /// Suspends while more waits to be sent than the limit allows.
  func waitForRoom() async throws(HTTPError) {
    while isOverfull {
      // Another job may run between the check and the closure, so it is made again.
      await withCheckedContinuation { waiter in
        if isOverfull { roomWaiters.append(waiter) } else { waiter.resume() }
      }
    }
    if isLost { throw .disconnected }
  }

  private var isOverfull: Bool { !isClosed && output.count > context.limits.outputBufferBytes }
}
