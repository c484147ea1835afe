import Glibc

/// Plays inputs against the server, and checks what comes of them.
final class Player {
  /// The first thing that is not as it should be.
  struct Finding: Error {
    let what: String
  }

  let server: FuzzedServer
  private(set) var connections = 0
  private var sockets: [ClientSocket] = []
  private var current = 0
  /// Milliseconds that may still be slept through in this input.
  private var idleness = 0
  private let descriptors: [CInt: String]

  private static let mostSockets = 16
  /// How long the server may take to end a connection, and whatever belongs to it, once nothing keeps it from that.
  private static let limit = 5000

  init() throws {
    server = try FuzzedServer()
    descriptors = OpenDescriptors.all()
  }

  func play(_ script: Script) throws(Finding) {
    idleness = 12
    current = 0
    open(0)
    for step in script.steps {
      switch step {
      case .send(let bytes): sockets[current].send(named(bytes))
      case .perform(let operation, let argument): perform(operation, argument)
      }
    }
    try end(script)
    try wait("requests are left") { server.isIdle }
    let entries = server.ledger.take()
    for socket in sockets {
      let check = ExchangeCheck(
        received: socket.received, entries: entries[socket.address] ?? [],
        isWhole: socket.end == .closed && !socket.wasSlow && !server.isStopping(socket.server),
        hasEnd: socket.end == .closed)
      if let problem = check.problem() { throw Finding(what: problem) }
    }
    sockets = []
    server.restore()
    try wait("descriptors were \(descriptors), and are \(OpenDescriptors.all())") {
      OpenDescriptors.all().count == descriptors.count
    }
  }

  private func perform(_ operation: Script.Operation, _ argument: Int) {
    let socket = sockets[current]
    switch operation {
    case .awaitAnswer: awaitAnswer(socket)
    case .halfClose: socket.halfClose()
    case .reset: socket.reset()
    case .close: socket.close()
    case .open: open(argument % 2)
    case .select: current = argument % sockets.count
    case .stopReading: socket.isReading = false
    case .goOnReading: socket.isReading = true
    case .replaceKeys: server.replaceKeys(argument)
    case .shutDown: server.shutDown(socket.server, graceMilliseconds: argument % 64)
    case .pause: pass(max(0, min(argument, idleness)))
    case .split, .repeats, .fill, .body, .chunks: break
    }
  }

  private func open(_ number: Int) {
    if sockets.count < Self.mostSockets {
      connections += 1
      sockets.append(ClientSocket(to: number, port: server.port(of: number), number: connections))
    }
    current = sockets.count - 1
  }

  /// Puts the name of a response that the server has told of in the place of one that is nobody's.
  private func named(_ bytes: [UInt8]) -> [UInt8] {
    let prefix = Array("resp_".utf8)
    guard let place = bytes.firstRange(of: prefix + [UInt8](repeating: UInt8(ascii: "0"), count: 24)) else {
      return bytes
    }
    for received in sockets.lazy.map(\.received) {
      guard let name = received.firstRange(of: prefix) else { continue }
      var named = bytes
      named.replaceSubrange(place, with: received[name.lowerBound...].prefix(place.count))
      return named
    }
    return bytes
  }

  // MARK: - Waiting

  /// Lets clients send and receive, for milliseconds at most.
  private func pump(_ milliseconds: Int) {
    let open = sockets.filter { $0.end == nil }
    var descriptors = open.map { pollfd(fd: $0.descriptor, events: $0.events, revents: 0) }
    guard poll(&descriptors, nfds_t(descriptors.count), CInt(milliseconds)) > 0 else { return }
    for (socket, descriptor) in zip(open, descriptors) where descriptor.revents != 0 { socket.take(descriptor.revents) }
  }

  private func pass(_ milliseconds: Int) {
    idleness -= milliseconds
    for _ in 0..<milliseconds {
      pump(0)
      usleep(1000)
    }
  }

  /// Waits, but not for long, until the server has answered once more.
  private func awaitAnswer(_ socket: ClientSocket) {
    let before = server.ledger.count(of: socket.address)
    for _ in 0..<4 {
      pump(1)
      idleness -= 1
      if socket.end != nil || server.ledger.count(of: socket.address) > before || idleness <= 0 { return }
    }
  }

  /// Brings all connections to their end.
  private func end(_ script: Script) throws(Finding) {
    if script.asksForEnd {
      let last = Array("GET /health HTTP/1.1\r\nHost: fuzz\r\nConnection: close\r\n\r\n".utf8)
      for socket in sockets { socket.send(last) }
    }
    var waited = script.isStubborn && sockets.contains { !$0.isReading } ? -60 : 0
    while sockets.contains(where: { $0.end == nil }) {
      if waited >= 0 { for socket in sockets { socket.isReading = true } }
      if let patience = script.patience, waited >= patience { for socket in sockets { socket.halfClose() } }
      if waited > Self.limit { throw Finding(what: "a connection does not end: \(server.state)") }
      // A machine that stands still counts for no more than one of these.
      let before = now
      pump(max(1, min(10, (script.patience ?? 10) - waited)))
      waited += min(10, max(1, (now - before) / 1_000_000))
    }
  }

  private func wait(_ what: @autoclosure () -> String, until isDone: () -> Bool) throws(Finding) {
    var rounds = 0
    while !isDone() {
      rounds += 1
      if rounds > 20 + Self.limit { throw Finding(what: "\(what()): \(server.state)") }
      usleep(rounds < 20 ? 50 : 1000)
    }
  }

  private var now: Int {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
