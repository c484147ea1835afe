/// An IP address and a port.
public struct SocketAddress: Sendable, Hashable, CustomStringConvertible {
  /// The address in its textual form, IPv6 without brackets.
  public let host: String
  /// The port.
  public let port: Int

  /// Creates an address.
  public init(host: String, port: Int) {
    self.host = host
    self.port = port
  }

  /// `host:port`, with an IPv6 address in brackets, as a URL wants it.
  public var description: String {
    host.utf8.contains(UInt8(ascii: ":")) ? "[\(host)]:\(port)" : "\(host):\(port)"
  }
}
