public import HTTPTypes

/// One HTTP request as a handler sees it.
public struct Request: Sendable {
  /// The method; a `HEAD` request reaches the handler registered for `GET` with its method kept.
  public var method: HTTPRequest.Method
  /// The path of the request target, percent-encoded as it was sent, without the query.
  public var path: String
  /// What follows the first `?` of the request target, percent-encoded as it was sent.
  public var query: String?
  /// The header fields in the order of their arrival.
  public var headerFields: HTTPFields
  /// The content, which may still be on its way.
  public var body: RequestBody
  /// The client's IP address, without its port.
  public var remoteAddress: String
  /// Who asks, as whoever lets requests in has found; nil until then.
  public var principal: String?
  /// What the placeholders of the route's pattern matched, percent-decoded.
  public var pathParameters: [String: String]

  /// Creates a request; the server does this for every message it reads, tests do it to call a handler.
  public init(
    method: HTTPRequest.Method, path: String, query: String? = nil, headerFields: HTTPFields = [:],
    body: RequestBody = RequestBody([]), remoteAddress: String = "", pathParameters: [String: String] = [:]
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headerFields = headerFields
    self.body = body
    self.remoteAddress = remoteAddress
    self.pathParameters = pathParameters
  }
}
