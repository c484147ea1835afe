import HTTPTypes

/// What precedes the body of a request, as the parser found it.
struct RequestHead: Sendable, Hashable {
  /// RFC 9112, section 3: the first line.
  struct Line: Sendable, Hashable {
    var method: HTTPRequest.Method
    /// The path, or `*`.
    var path: String
    var query: String?
    /// Of HTTP/1.minor; minor versions above 1 are treated as 1 (RFC 9110, section 2.5).
    var isHTTP11: Bool
  }

  var line: Line
  var fields: HTTPFields
  var framing: RequestFraming
}

/// What the header section says about the body and the connection.
struct RequestFraming: Sendable, Hashable {
  enum Body: Sendable, Hashable {
    case none
    case length(Int)
    case chunked
  }

  var body: Body
  /// Whether the client wants to send another request on this connection (RFC 9112, section 9.3).
  var keepsAlive: Bool
  /// Whether the client waits for `100 Continue` (RFC 9110, section 10.1.1).
  var expectsContinue: Bool
}
