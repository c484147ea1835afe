import Glibc
import HTTP

/// Sockets between simulated clients and the server, with all that can go wrong with them.
final class Network {
  /// One connection, with the kernel's buffers on the server's side.
  final class Socket {
    let descriptor: Descriptor
    let client: Client
    /// Bytes that the server can receive.
    var inbox: ArraySlice<UInt8> = []
    /// The client has closed its sending side.
    var hasEnd = false
    /// Nothing can be sent or received any more.
    var isReset = false
    /// Bytes sent that the client has not read.
    var outbox: ArraySlice<UInt8> = []
    let capacity: Int
    var hasShutDown = false
    var isClosed = false
    /// Bytes the server has received.
    fileprivate var receivedBytes = 0
    /// Bytes the server has sent before each of its calls, and what it had received then.
    fileprivate var sendings: [(sentBytes: Int, receivedBytes: Int)] = []
    fileprivate var sentBytes = 0
    /// The client has closed its socket: what is sent to it is answered with a reset.
    var isDeserted = false

    init(_ descriptor: Descriptor, _ client: Client, capacity: Int) {
      self.descriptor = descriptor
      self.client = client
      self.capacity = capacity
    }

    /// What the server had received when it sent the byte at `position` of all it sends.
    func receivedBytes(beforeSending position: Int) -> Int {
      sendings.last { $0.sentBytes <= position }?.receivedBytes ?? 0
    }
  }

  static let listener: Descriptor = 3
  /// A client that is told the same thing so often without doing anything about it spins.
  private static let mostIdleWakes = 64

  private let world: World
  private let faults: Scenario.Faults
  private var sockets: [Descriptor: Socket] = [:]
  private var backlog: [Socket] = []
  private var lastDescriptor: Descriptor = Network.listener
  private var isListening = true
  private(set) var activity = 0
  private var idleWakes: [Descriptor: Int] = [:]
  /// Until when no descriptors are left.
  private var exhaustion: Int64 = 0

  init(_ world: World, _ faults: Scenario.Faults) {
    self.world = world
    self.faults = faults
  }

  var openCount: Int { sockets.count }
  var hasBacklog: Bool { !backlog.isEmpty }

  func noteActivity() { activity += 1 }

  func noteReadiness(of descriptor: Descriptor, isActive: Bool) {
    guard !isActive else { return idleWakes[descriptor] = nil }
    idleWakes[descriptor, default: 0] += 1
    if idleWakes[descriptor, default: 0] > Self.mostIdleWakes { world.fail("descriptor \(descriptor) spins") }
  }

  // MARK: - The server's side

  func readiness(of descriptor: Descriptor) -> PollEvents {
    if descriptor == Self.listener { return backlog.isEmpty ? [] : .readable }
    guard let socket = sockets[descriptor] else { return [] }
    var events: PollEvents = []
    if !socket.inbox.isEmpty || socket.hasEnd { events.insert(.readable) }
    if socket.outbox.count < socket.capacity { events.insert(.writable) }
    if socket.hasEnd { events.insert(.peerClosed) }
    if socket.isReset || socket.hasEnd && socket.hasShutDown { events.formUnion([.broken, .readable, .writable]) }
    return events
  }

  private func open(_ descriptor: Descriptor, _ call: String) throws(SystemError) -> Socket {
    activity += 1
    guard let socket = sockets[descriptor] else {
      world.fail("\(call) on descriptor \(descriptor), which is not open")
      throw SystemError(call: call, code: EBADF)
    }
    return socket
  }

  func watch(_ descriptor: Descriptor) throws(SystemError) {
    guard descriptor != Self.listener else { return }
    let socket = try open(descriptor, "epoll_ctl")
    if world.happens(faults.epoll) {
      socket.client.isExcused = true
      throw SystemError(call: "epoll_ctl", code: ENOMEM)
    }
  }

  func accept(_ descriptor: Descriptor) throws(SystemError) -> (Descriptor, String) {
    activity += 1
    guard !backlog.isEmpty else { throw SystemError(call: "accept4", code: EAGAIN) }
    if world.happens(faults.exhaustion) { exhaustion = world.time + Int64(world.int(1...2000)) * 1_000_000 }
    if world.time < exhaustion { throw SystemError(call: "accept4", code: EMFILE) }
    let socket = backlog.removeFirst()
    guard !socket.isReset else {
      socket.isClosed = true
      throw SystemError(call: "accept4", code: ECONNABORTED)
    }
    sockets[socket.descriptor] = socket
    return (socket.descriptor, socket.client.address)
  }

  func receive(_ descriptor: Descriptor) throws(SystemError) -> [UInt8] {
    let socket = try open(descriptor, "recv")
    if socket.isReset { throw SystemError(call: "recv", code: ECONNRESET) }
    guard !socket.inbox.isEmpty else {
      if socket.hasEnd { return [] }
      throw SystemError(call: "recv", code: EAGAIN)
    }
    let count = min(socket.inbox.count, world.happens(300_000) ? world.magnitude(1...4096) : 65_536)
    let bytes = Array(socket.inbox.prefix(count))
    socket.inbox = socket.inbox.dropFirst(count)
    socket.receivedBytes += count
    return bytes
  }

  func send(_ descriptor: Descriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    let socket = try open(descriptor, "send")
    if socket.hasShutDown { world.fail("bytes are sent on descriptor \(descriptor) after its end") }
    if socket.isReset { throw SystemError(call: "send", code: EPIPE) }
    if socket.isDeserted {
      // The peer answers with a reset, some time later.
      reset(socket, in: Int64(world.int(1...2000)) * 1000)
      return bytes.count
    }
    let room = socket.capacity - socket.outbox.count
    guard room > 0 else { throw SystemError(call: "send", code: EAGAIN) }
    let count = min(bytes.count, room, world.happens(200_000) ? world.magnitude(1...4096) : .max)
    let wasEmpty = socket.outbox.isEmpty
    socket.sendings.append((socket.sentBytes, socket.receivedBytes))
    socket.sentBytes += count
    socket.outbox += bytes.prefix(count)
    if wasEmpty { socket.client.expectBytes() }
    return count
  }

  func shutDownSending(_ descriptor: Descriptor) throws(SystemError) {
    let socket = try open(descriptor, "shutdown")
    if socket.isReset { throw SystemError(call: "shutdown", code: ENOTCONN) }
    socket.hasShutDown = true
    socket.client.expectBytes()
  }

  func close(_ descriptor: Descriptor) {
    activity += 1
    if descriptor == Self.listener {
      if !isListening { world.fail("the listener is closed twice") }
      isListening = false
      // What nobody has accepted is refused.
      for socket in backlog { refuse(socket) }
      backlog = []
      return
    }
    // A listener that is overrun closes what it has accepted.
    guard let socket = sockets.removeValue(forKey: descriptor) else {
      return world.fail("close of descriptor \(descriptor), which is not open")
    }
    idleWakes[descriptor] = nil
    refuse(socket)
  }

  private func refuse(_ socket: Socket) {
    socket.isClosed = true
    // Bytes that nobody has received make the kernel reset the connection, which may destroy what was sent.
    if !socket.inbox.isEmpty || socket.isReset {
      if world.happens(500_000) { socket.outbox = [] }
      socket.isReset = true
    }
    socket.inbox = []
    socket.client.expectBytes()
  }

  // MARK: - The clients' side

  /// Connects.
  /// - Returns: the socket, and when the server hears of it.
  func connect(_ client: Client, capacity: Int) -> (Socket, Int64) {
    lastDescriptor += 1
    let socket = Socket(lastDescriptor, client, capacity: capacity)
    let arrival = world.time + Int64(world.magnitude(1...20_000)) * 1000
    world.at(arrival) { [self] in
      world.tell("connected: \(socket.descriptor)")
      guard isListening else { return refuse(socket) }
      backlog.append(socket)
    }
    return (socket, arrival)
  }

  /// Bytes arrive at the server.
  func deliver(_ bytes: ArraySlice<UInt8>, to socket: Socket) {
    guard !socket.isReset else { return }
    guard !socket.isClosed else {
      // Sent to a socket that is closed.
      socket.isReset = true
      return socket.client.expectBytes()
    }
    socket.inbox += bytes
    idleWakes[socket.descriptor] = nil
  }

  /// The client's sending side is closed.
  func deliverEnd(to socket: Socket) {
    socket.hasEnd = true
    idleWakes[socket.descriptor] = nil
  }

  func reset(_ socket: Socket, in nanoseconds: Int64) {
    world.after(nanoseconds, isAlive: { !socket.isReset && !socket.isClosed }) {
      socket.isReset = true
      socket.inbox = []
      socket.outbox = []
    }
  }
}
