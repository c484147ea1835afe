import CLinux
import Glibc

/// A system call that failed, and why.
package struct SystemError: Error, Hashable, Sendable, CustomStringConvertible {
  let call: String
  let code: CInt

  package init(call: String, code: CInt) {
    self.call = call
    self.code = code
  }

  package var description: String { "\(call): \(String(cString: strerror(code)))" }

  /// Nothing to read or no room to write for now.
  var wouldBlock: Bool { code == EAGAIN || code == EWOULDBLOCK }
}

/// A file descriptor, owned by whoever holds it.
package typealias Descriptor = CInt

/// Every system call of this module: repeated when a signal interrupts it, its failure a typed error.
enum System {
  private static func call(_ name: String, _ body: () -> Int) throws(SystemError) -> Int {
    while true {
      let result = body()
      if result >= 0 { return result }
      let code = errno
      if code != EINTR { throw SystemError(call: name, code: code) }
    }
  }

  /// A close that is interrupted has closed the descriptor all the same on Linux, so it is not repeated.
  static func close(_ descriptor: Descriptor) { _ = Glibc.close(descriptor) }

  // MARK: Sockets

  static func socket(family: CInt) throws(SystemError) -> Descriptor {
    let type = CInt(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    return CInt(try call("socket") { Int(Glibc.socket(family, type, 0)) })
  }

  static func setOption(_ socket: Descriptor, level: CInt, name: CInt, value: CInt) throws(SystemError) {
    var value = value
    _ = try call("setsockopt") {
      Int(setsockopt(socket, level, name, &value, socklen_t(MemoryLayout<CInt>.size)))
    }
  }

  static func bind(_ socket: Descriptor, to address: RawSocketAddress) throws(SystemError) {
    _ = try call("bind") { address.withPointer { Int(Glibc.bind(socket, $0, $1)) } }
  }

  static func listen(_ socket: Descriptor, backlog: CInt) throws(SystemError) {
    _ = try call("listen") { Int(Glibc.listen(socket, backlog)) }
  }

  static func localAddress(of socket: Descriptor) throws(SystemError) -> RawSocketAddress {
    var address = RawSocketAddress()
    _ = try call("getsockname") { address.withMutablePointer { Int(getsockname(socket, $0, $1)) } }
    return address
  }

  /// Descriptors that connections leave to everything else: to files, and to what the runtime opens for itself.
  /// libdispatch ends the process where it cannot read `/proc/PID/stat` of its own threads.
  private static let reserve = 32

  /// Throws what would be thrown without any descriptors left, if the next one is of the reserve.
  private static func keepReserve(_ listener: Descriptor) throws(SystemError) {
    var limit = rlimit()
    guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
    // Of little there is, a quarter.
    let most = Int(clamping: limit.rlim_cur)
    let next = CInt(try call("accept4") { Int(fcntl(listener, F_DUPFD_CLOEXEC, 0)) })
    close(next)
    guard Int(next) < most - min(reserve, most / 4) else { throw SystemError(call: "accept4", code: EMFILE) }
  }

  /// Accepts a connection, non-blocking. A few descriptors are left to others.
  static func accept(_ listener: Descriptor) throws(SystemError) -> (Descriptor, RawSocketAddress) {
    try keepReserve(listener)
    var address = RawSocketAddress()
    let flags = CInt(SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue)
    let descriptor = try call("accept4") { address.withMutablePointer { Int(accept4(listener, $0, $1, flags)) } }
    return (CInt(descriptor), address)
  }

  /// Connects, or begins to: a non-blocking socket is writable once it is connected or has failed.
  static func connect(_ socket: Descriptor, to address: RawSocketAddress) throws(SystemError) {
    do throws(SystemError) {
      _ = try call("connect") { address.withPointer { Int(Glibc.connect(socket, $0, $1)) } }
    } catch {
      guard error.code == EINPROGRESS else { throw error }
    }
  }

  /// What went wrong with a socket since the last time this was asked.
  static func pendingError(of socket: Descriptor) -> SystemError? {
    var code: CInt = 0
    var size = socklen_t(MemoryLayout<CInt>.size)
    let result = getsockopt(socket, SOL_SOCKET, SO_ERROR, &code, &size)
    let failure = result == 0 ? code : errno
    return failure == 0 ? nil : SystemError(call: "connect", code: failure)
  }

  /// Receives at most as many bytes as `buffer` holds; none at the end of the peer's data.
  static func receive(_ socket: Descriptor, into buffer: UnsafeMutableRawBufferPointer) throws(SystemError) -> Int {
    try call("recv") { recv(socket, buffer.baseAddress, buffer.count, 0) }
  }

  /// Sends what the kernel takes. A peer that has gone is an error here, never a SIGPIPE.
  static func send(_ socket: Descriptor, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Int {
    try call("send") { Glibc.send(socket, bytes.baseAddress, bytes.count, CInt(MSG_NOSIGNAL)) }
  }

  static func shutDownSending(_ socket: Descriptor) throws(SystemError) {
    _ = try call("shutdown") { Int(shutdown(socket, CInt(SHUT_WR))) }
  }

  // MARK: Event queues

  static func makeEventQueue() throws(SystemError) -> Descriptor {
    CInt(try call("epoll_create1") { Int(epoll_create1(CInt(EPOLL_CLOEXEC))) })
  }

  static func makeEventCounter() throws(SystemError) -> Descriptor {
    CInt(try call("eventfd") { Int(eventfd(0, CInt(EFD_NONBLOCK | EFD_CLOEXEC))) })
  }

  static func signal(_ counter: Descriptor) {
    // The one failure there can be is a counter that is full, and so wakes its reader anyway.
    _ = try? call("eventfd_write") { Int(eventfd_write(counter, 1)) }
  }

  static func reset(_ counter: Descriptor) {
    var value: eventfd_t = 0
    // None to read: the counter is at zero.
    _ = try? call("eventfd_read") { Int(eventfd_read(counter, &value)) }
  }

  enum Change {
    case add, modify, remove

    fileprivate var operation: CInt {
      switch self {
      case .add: EPOLL_CTL_ADD
      case .modify: EPOLL_CTL_MOD
      case .remove: EPOLL_CTL_DEL
      }
    }
  }

  static func change(
    _ queue: Descriptor, _ change: Change, _ descriptor: Descriptor, events: PollEvents, token: UInt64
  ) throws(SystemError) {
    var event = epoll_event(events: events.rawValue, data: epoll_data_t(u64: token))
    _ = try call("epoll_ctl") { Int(epoll_ctl(queue, change.operation, descriptor, &event)) }
  }

  /// Waits for events, at most `timeout` milliseconds (negative: for ever). An interruption counts as no event.
  static func wait(
    _ queue: Descriptor, into events: UnsafeMutableBufferPointer<epoll_event>, timeout: CInt
  ) throws(SystemError) -> Int {
    let count = epoll_wait(queue, events.baseAddress, CInt(events.count), timeout)
    guard count >= 0 else {
      if errno == EINTR { return 0 }
      throw SystemError(call: "epoll_wait", code: errno)
    }
    return Int(count)
  }
}

/// What a descriptor is ready for, or is to be watched for.
package struct PollEvents: OptionSet, Sendable {
  package let rawValue: UInt32

  package init(rawValue: UInt32) { self.rawValue = rawValue }

  package static let readable = PollEvents(rawValue: EPOLLIN.rawValue)
  package static let writable = PollEvents(rawValue: EPOLLOUT.rawValue)
  /// The peer has closed its sending side.
  package static let peerClosed = PollEvents(rawValue: EPOLLRDHUP.rawValue)
  /// Reported whether watched for or not: both sides are closed, or the connection was reset.
  package static let broken = PollEvents(rawValue: EPOLLHUP.rawValue | EPOLLERR.rawValue)
}
