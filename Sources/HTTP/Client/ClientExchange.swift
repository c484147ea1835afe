import Glibc
import HTTPTypes

/// One request and its response over a connection of their own, on an event loop.
actor ClientExchange: EventLoopClient {
  private typealias Waiter = CheckedContinuation<Void, Never>

  private enum Phase {
    case connecting
    case open
    case closed
  }

  private let loop: EventLoop
  /// Those that have not been tried, the next one last.
  private var addresses: [RawSocketAddress]
  private var socket: Descriptor = -1
  private var token: UInt64 = 0
  private var phase = Phase.connecting
  private var deadline = ContinuousClock.now
  private var output = OutputBuffer()
  private var reader: ResponseReader

  private var head: (status: Int, fields: HTTPFields, received: ContinuousClock.Instant)?
  private var pieces: [HTTPClientResponse.Piece] = []
  private var failure: HTTPClientError?
  private var isComplete = false
  private var waiter: Waiter?

  nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

  init(addresses: [RawSocketAddress], request: [UInt8], loop: EventLoop, limits: HTTPLimits) {
    self.addresses = addresses.reversed()
    self.loop = loop
    reader = ResponseReader(limits: limits)
    output.append(request)
  }

  /// Connects, sends, and waits for the response's head.
  func start(timeout: Duration) async throws(HTTPClientError) -> HTTPClientResponse {
    deadline = .now + timeout
    connect(after: .connectionFailed(reason: "the host has no address"))
    while head == nil, failure == nil { await change() }
    if let head {
      return HTTPClientResponse(status: head.status, fields: head.fields, received: head.received, exchange: self)
    }
    throw failure ?? .closedEarly
  }

  func next() async throws(HTTPClientError) -> [HTTPClientResponse.Piece] {
    while pieces.isEmpty, !isComplete {
      if let failure { throw failure }
      await change()
    }
    defer { pieces = [] }
    return pieces
  }

  func cancel() { close() }

  // MARK: Connection

  /// Tries the next address; where there is none left, the error before is what counts.
  private func connect(after error: HTTPClientError) {
    closeSocket()
    guard let address = addresses.popLast() else { return fail(error) }
    do throws(SystemError) {
      socket = try System.socket(family: address.family)
      phase = .connecting
      // Small requests must not wait for more to come.
      try System.setOption(socket, level: CInt(IPPROTO_TCP), name: TCP_NODELAY, value: 1)
      try System.connect(socket, to: address)
      token = try loop.add(self, descriptor: socket, events: [.readable, .writable])
      loop.setDeadline(deadline, for: token)
    } catch {
      connect(after: .connectionFailed(reason: "\(error)"))
    }
  }

  nonisolated func isReady(for events: PollEvents) { assumeIsolated { $0.handle(events) } }

  nonisolated func deadlineHasPassed() { assumeIsolated { $0.fail(.timedOut) } }

  private func handle(_ events: PollEvents) {
    if phase == .connecting {
      if let error = System.pendingError(of: socket) { return connect(after: .connectionFailed(reason: "\(error)")) }
      phase = .open
    }
    if events.contains(.writable) { flush() }
    // What has arrived before a reset is read all the same.
    if !events.isDisjoint(with: [.readable, .broken]) { receive() }
  }

  private func flush() {
    do throws(SystemError) {
      while !output.isEmpty {
        try output.drain { bytes throws(SystemError) in try System.send(socket, bytes) }
      }
      try loop.watch(token, descriptor: socket, for: .readable)
    } catch {
      // A server may answer and close before it has read all; its answer is still to be read.
      if error.code == EPIPE || error.code == ECONNRESET {
        output.removeAll()
      } else if !error.wouldBlock {
        fail(.connectionFailed(reason: "\(error)"))
      }
    }
  }

  private func receive() {
    guard phase == .open else { return }
    var result: Result<[ResponseReader.Event], HTTPClientError> = .success([])
    do throws(SystemError) {
      try loop.receive(socket) { bytes in
        result = Result { () throws(HTTPClientError) in
          bytes.isEmpty ? try reader.receiveEnd() : try reader.receive(bytes)
        }
      }
    } catch {
      if !error.wouldBlock { fail(.connectionFailed(reason: "\(error)")) }
      return
    }
    let now = ContinuousClock.now
    switch result {
    case .failure(let error): fail(error)
    case .success(let events):
      for event in events {
        switch event {
        case .head(let status, let fields): head = (status, fields, now)
        case .body(let bytes): pieces.append(HTTPClientResponse.Piece(bytes: bytes, received: now))
        case .end:
          isComplete = true
          close()
        }
      }
      if !events.isEmpty { resume() }
    }
  }

  private func fail(_ error: HTTPClientError) {
    if failure == nil, !isComplete { failure = error }
    close()
  }

  private func close() {
    defer { resume() }
    guard phase != .closed else { return }
    if !isComplete, failure == nil { failure = .closedEarly }
    phase = .closed
    closeSocket()
  }

  private func closeSocket() {
    if token != 0 { loop.remove(token, descriptor: socket) }
    if socket >= 0 { System.close(socket) }
    (token, socket) = (0, -1)
  }

  // MARK: Waiting

  private func change() async {
    await withCheckedContinuation { waiter = $0 }
  }

  private func resume() {
    waiter?.resume()
    waiter = nil
  }
}
