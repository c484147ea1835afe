public import HTTPTypes

/// A failure that can be told to a client: a status, a sentence for people and, where the status calls
/// for it, header fields such as `Allow` or `Retry-After`.
///
/// Handlers throw it to be answered with it; what reading a body or writing a response throws is one too.
public struct HTTPError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The status of the response that tells of this failure.
  public let status: HTTPResponse.Status
  /// What was expected and what was found, in one sentence.
  public let message: String
  /// Fields the response carries beside those of its body.
  public let headerFields: HTTPFields

  /// Creates an error that is answered with `status`.
  public init(_ status: HTTPResponse.Status, _ message: String, headerFields: HTTPFields = [:]) {
    self.status = status
    self.message = message
    self.headerFields = headerFields
  }

  /// The peer has gone: nothing can be read from it or written to it any more. Never sent; it shows up
  /// as status 499 in logs.
  public static let disconnected = HTTPError(
    HTTPResponse.Status(code: 499, reasonPhrase: "Client Closed Request"), "the client has disconnected")

  /// Whether this is ``disconnected``.
  public var isDisconnect: Bool { status.code == 499 }

  /// The status and the message, for logs.
  public var description: String { "\(status.code): \(message)" }
}
