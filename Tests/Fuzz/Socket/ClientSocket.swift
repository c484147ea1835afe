import Glibc

/// A client's side of one connection: never blocks, keeps all it receives.
final class ClientSocket {
  enum End {
    /// The server has closed its side.
    case closed
    /// The connection was reset, or refused.
    case broken
    /// The client has left.
    case left
  }

  /// The client's IP address, which no other client of the input has.
  let address: String
  /// Which of the servers it is connected to.
  let server: Int
  private(set) var descriptor: CInt
  private(set) var received: [UInt8] = []
  private(set) var end: End?
  var isReading = true
  /// It has left bytes unread for a while, so that the server may have dropped what it had for it.
  private(set) var wasSlow = false
  private var outgoing: ArraySlice<UInt8> = []
  private var endsSending = false
  private var hasEndedSending = false

  /// More than this it does not want.
  private static let mostBytes = 8 << 20
  /// What the kernel holds for a connection whatever happens.
  private static let kernelBytes = 64 * 1024

  /// Connects.
  /// - Parameter number: of the client, from which its address follows.
  init(to server: Int, port: Int, number: Int) {
    self.server = server
    // The whole of 127.0.0.0/8 is this machine.
    let host = UInt32(number % 0xFF_FFF0 + 8)
    address = "127.\(host >> 16 & 0xFF).\(host >> 8 & 0xFF).\(host & 0xFF)"
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { fatalError("socket: \(String(cString: strerror(errno)))") }
    setOption(CInt(IPPROTO_TCP), TCP_NODELAY)
    guard Self.call(bind, descriptor, 0x7F00_0000 | host, port: 0) == 0 else {
      fatalError("bind: \(String(cString: strerror(errno)))")
    }
    guard Self.call(connect, descriptor, 0x7F00_0001, port: port) == 0 else {
      finish(.broken)
      return
    }
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
  }

  private func setOption(_ level: CInt, _ name: CInt) {
    var value: CInt = 1
    setsockopt(descriptor, level, name, &value, socklen_t(MemoryLayout<CInt>.size))
  }

  private static func call(
    _ function: (CInt, UnsafePointer<sockaddr>, socklen_t) -> CInt, _ descriptor: CInt, _ host: UInt32, port: Int
  ) -> CInt {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(truncatingIfNeeded: port).bigEndian
    address.sin_addr.s_addr = in_addr_t(host).bigEndian
    return withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        function(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
  }

  private func finish(_ end: End) {
    guard self.end == nil else { return }
    self.end = end
    Glibc.close(descriptor)
  }

  // MARK: - What the client does

  func send(_ bytes: [UInt8]) {
    guard end == nil, !endsSending else { return }
    outgoing += bytes
    flush()
  }

  func halfClose() {
    endsSending = true
    flush()
  }

  func close() { finish(.left) }

  func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    if end == nil {
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    }
    finish(.left)
  }

  // MARK: - What the network does

  /// What it waits for.
  var events: CShort {
    if !isReading { wasSlow = true }
    return CShort((isReading ? POLLIN : 0) | (outgoing.isEmpty ? 0 : POLLOUT))
  }

  func take(_ events: CShort) {
    if events & CShort(POLLOUT) != 0 { flush() }
    if events & CShort(POLLIN | POLLERR | POLLHUP) != 0 { receive() }
  }

  private func flush() {
    guard end == nil else { return }
    while !outgoing.isEmpty {
      let count = outgoing.withUnsafeBytes { Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
      guard count >= 0 else {
        if errno == EAGAIN { return }
        // What was received before the reset is still there.
        return receive()
      }
      outgoing = outgoing.dropFirst(count)
    }
    if endsSending, !hasEndedSending {
      hasEndedSending = true
      shutdown(descriptor, CInt(SHUT_WR))
    }
  }

  private func receive() {
    while end == nil {
      let count = withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 16) { buffer in
        let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
        if count > 0 { received += buffer.prefix(count) }
        return count
      }
      if count == 0 { return finish(.closed) }
      if count < 0 {
        if errno != EAGAIN { finish(.broken) }
        return
      }
      // Beyond what the kernel holds, a pause on this side may be the end of the server's patience.
      if received.count > Self.kernelBytes { wasSlow = true }
      if received.count > Self.mostBytes { reset() }
    }
  }
}
