/// Why a server could not start.
public enum HTTPServerError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The host has no address the system knows of.
  case unknownHost(String, reason: String)
  /// The port is not one (0…65535).
  case invalidPort(Int)
  /// The address could not be listened on.
  case cannotListen(host: String, port: Int, reason: String)
  /// An event loop could not be set up.
  case noEventLoop(reason: String)
  /// The server has been started before.
  case alreadyStarted

  /// The same in words.
  public var description: String {
    switch self {
    case .unknownHost(let host, let reason): "no address for host \"\(host)\": \(reason)"
    case .invalidPort(let port): "port \(port) is outside 0…65535"
    case .cannotListen(let host, let port, let reason): "cannot listen on \(host), port \(port): \(reason)"
    case .noEventLoop(let reason): "cannot set up an event loop: \(reason)"
    case .alreadyStarted: "the server has been started before"
    }
  }
}
