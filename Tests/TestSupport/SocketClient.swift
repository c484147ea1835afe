import Dispatch
import Glibc
import Synchronization

/// A failed call of a ``SocketClient``.
public struct SocketClientError: Error, CustomStringConvertible {
  /// The system call and the reason, or what was expected of the server.
  public let description: String

  /// Something came that was not to come.
  public static func unexpected(_ what: String) -> SocketClientError {
    SocketClientError(description: "did not expect \(what)")
  }

  static func last(_ call: String) -> SocketClientError {
    SocketClientError(description: "\(call): \(String(cString: strerror(errno)))")
  }
}

/// A TCP client that sends exactly the bytes it is told to, for tests of servers on 127.0.0.1.
///
/// Its calls block on threads of their own, never on those of Swift's concurrency. Whatever takes 20 seconds
/// fails, so that a test ends.
public final class SocketClient: Sendable {
  private let descriptor: CInt
  private let isOpen = Mutex(true)
  /// Bytes received but not asked for yet.
  private let pending = Mutex<[UInt8]>([])

  /// Connects.
  /// - Parameter receiveBuffer: the kernel's receive buffer in bytes, small for a client that is to fall behind.
  public init(port: Int, receiveBuffer: Int? = nil) throws {
    descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SocketClientError.last("socket") }
    var timeout = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &timeout, socklen_t(MemoryLayout<timeval>.size))
    var noDelay: CInt = 1
    setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &noDelay, socklen_t(MemoryLayout<CInt>.size))
    if let receiveBuffer {
      var size = CInt(receiveBuffer)
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<CInt>.size))
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      let error = SocketClientError.last("connect")
      close()
      throw error
    }
  }

  deinit { close() }

  /// Closes the connection in both directions.
  public func close() {
    let wasOpen = isOpen.withLock { open in
      defer { open = false }
      return open
    }
    if wasOpen { _ = Glibc.close(descriptor) }
  }

  /// Closes the connection with a reset.
  public func reset() {
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
    close()
  }

  /// Closes the sending side only.
  public func closeSending() { _ = shutdown(descriptor, CInt(SHUT_WR)) }

  /// Sends all the bytes.
  public func send(_ bytes: [UInt8]) async throws {
    try await offThread { [descriptor] in
      var sent = 0
      while sent < bytes.count {
        let count = bytes[sent...].withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
        }
        guard count >= 0 else { throw SocketClientError.last("send") }
        sent += count
      }
    }
  }

  /// Sends all the text.
  public func send(_ text: String) async throws { try await send(Array(text.utf8)) }

  /// Waits for bytes.
  /// - Returns: what there is, at least one byte, or none at the end of the connection.
  public func receive() async throws -> [UInt8] {
    let kept = pending.withLock { bytes in
      defer { bytes = [] }
      return bytes
    }
    if !kept.isEmpty { return kept }
    return try await offThread { [descriptor] in
      var buffer = [UInt8](repeating: 0, count: 64 * 1024)
      let count = recv(descriptor, &buffer, buffer.count, 0)
      guard count >= 0 else { throw SocketClientError.last("recv") }
      return Array(buffer[..<count])
    }
  }

  /// Everything up to the end of the connection.
  public func receiveAll() async throws -> String {
    var bytes: [UInt8] = []
    while true {
      let part = try await receive()
      if part.isEmpty { return String(decoding: bytes, as: UTF8.self) }
      bytes += part
    }
  }

  /// Everything up to and including `end`; fails when the connection ends before it.
  public func receive(until end: String) async throws -> String {
    String(decoding: try await receiveBytes(until: Array(end.utf8)), as: UTF8.self)
  }

  func receiveBytes(until end: [UInt8]) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    while true {
      let searchStart = max(0, bytes.count - end.count + 1)
      let part = try await receive()
      guard !part.isEmpty else {
        throw SocketClientError(description: "the connection ended after \(String(decoding: bytes, as: UTF8.self))")
      }
      bytes += part
      for start in searchStart..<max(searchStart, bytes.count - end.count + 1)
      where bytes[start..<start + end.count].elementsEqual(end) {
        putBack(bytes[(start + end.count)...])
        return Array(bytes[..<(start + end.count)])
      }
    }
  }

  func receiveBytes(count: Int) async throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      let part = try await receive()
      guard !part.isEmpty else {
        throw SocketClientError(description: "the connection ended after \(bytes.count) of \(count) bytes")
      }
      bytes += part
    }
    putBack(bytes[count...])
    return Array(bytes[..<count])
  }

  private func putBack(_ bytes: ArraySlice<UInt8>) {
    pending.withLock { $0 = bytes + $0 }
  }

  private func offThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      DispatchQueue.global().async { continuation.resume(with: Result(catching: body)) }
    }
  }
}
