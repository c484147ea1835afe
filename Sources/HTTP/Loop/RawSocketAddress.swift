import Glibc

/// A socket address as the system calls take it.
struct RawSocketAddress: Sendable {
  private var storage = sockaddr_storage()
  private var length = socklen_t(MemoryLayout<sockaddr_storage>.size)

  /// Room for an address of any family.
  init() {}

  private init(copying pointer: UnsafePointer<sockaddr>, length: socklen_t) {
    self.length = min(length, self.length)
    withUnsafeMutableBytes(of: &storage) {
      $0.copyMemory(from: UnsafeRawBufferPointer(start: pointer, count: Int(self.length)))
    }
  }

  var family: CInt { CInt(storage.ss_family) }

  func withPointer<Result>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Result) -> Result {
    withUnsafePointer(to: storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, length) }
    }
  }

  mutating func withMutablePointer<Result>(
    _ body: (UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> Result
  ) -> Result {
    withUnsafeMutablePointer(to: &storage) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { body($0, &length) }
    }
  }

  /// The address and port in text; an IPv4 address that came in through an IPv6 socket as IPv4.
  var socketAddress: SocketAddress {
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    var port = [CChar](repeating: 0, count: Int(NI_MAXSERV))
    let result = withPointer { pointer, length in
      getnameinfo(
        pointer, length, &host, socklen_t(host.count), &port, socklen_t(port.count), NI_NUMERICHOST | NI_NUMERICSERV)
    }
    guard result == 0 else { return SocketAddress(host: "unknown", port: 0) }
    let name = Self.text(host)
    let mapped = "::ffff:"
    let isMapped = name.hasPrefix(mapped) && name.utf8.contains(UInt8(ascii: "."))
    return SocketAddress(host: isMapped ? String(name.dropFirst(mapped.count)) : name, port: Int(Self.text(port)) ?? 0)
  }

  private static func text(_ characters: [CChar]) -> String {
    String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The addresses of a host to listen on, in the system's order of preference.
  static func resolve(host: String, port: Int) throws(HTTPServerError) -> [RawSocketAddress] {
    guard (0...65_535).contains(port) else { throw .invalidPort(port) }
    var hints = addrinfo()
    hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV
    hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let result = getaddrinfo(host, String(port), &hints, &list)
    guard result == 0 else { throw .unknownHost(host, reason: String(cString: gai_strerror(result))) }
    defer { freeaddrinfo(list) }
    var addresses: [RawSocketAddress] = []
    var next = list
    while let entry = next?.pointee {
      if let address = entry.ai_addr { addresses.append(RawSocketAddress(copying: address, length: entry.ai_addrlen)) }
      next = entry.ai_next
    }
    return addresses
  }
}
