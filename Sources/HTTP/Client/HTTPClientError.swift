/// Why a request got no response, or not all of it.
public enum HTTPClientError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The text is no URL of a kind this client speaks.
  case invalidURL(String)
  /// The host has no address the system knows of.
  case unknownHost(String, reason: String)
  /// An event loop could not be set up.
  case noEventLoop(reason: String)
  /// No connection came about, or it broke.
  case connectionFailed(reason: String)
  /// What came is not HTTP.
  case invalidResponse(String)
  /// The connection ended before the response did.
  case closedEarly
  /// The response did not end in time.
  case timedOut

  /// The same in words.
  public var description: String {
    switch self {
    case .invalidURL(let text): "expected a URL such as http://127.0.0.1:8080, found \"\(text)\""
    case .unknownHost(let host, let reason): "no address for host \"\(host)\": \(reason)"
    case .noEventLoop(let reason): "cannot set up an event loop: \(reason)"
    case .connectionFailed(let reason): "no connection: \(reason)"
    case .invalidResponse(let what): "the response is malformed: \(what)"
    case .closedEarly: "the connection ended before the response did"
    case .timedOut: "the response did not end in time"
    }
  }
}
