public import HTTPTypes

/// Finds the handler for a request, and answers what needs none: unknown paths (404), methods a path does not
/// have (405 with `Allow`), `OPTIONS` and CORS preflights. `HEAD` is served by the handler of `GET`.
public struct Router: Sendable {
  /// Answers one request. What it throws becomes the response, as long as there is none yet: an ``HTTPError`` as it
  /// says, any other error as status 500.
  public typealias Handler = @Sendable (Request, consuming ResponseWriter) async throws -> Void

  private struct Route: Sendable {
    let pattern: RoutePattern
    var handlers: [(method: HTTPRequest.Method, handler: Handler)]
  }

  private enum Match {
    case handler(Handler, parameters: [String: String])
    case options(allowed: String)
    case failure(HTTPError)
  }

  /// Makes the body that tells of an error; used for all errors, also those of the protocol.
  let errorBody: @Sendable (HTTPError) -> (contentType: String, body: [UInt8])
  private var routes: [Route] = []

  /// Creates a router without routes.
  /// - Parameter errorBody: makes the body of an error response and names its media type.
  public init(errorBody: @escaping @Sendable (HTTPError) -> (contentType: String, body: [UInt8])) {
    self.errorBody = errorBody
  }

  /// Adds a route.
  /// - Parameter pattern: a path, in which `{name}` stands for one segment and a last `{name...}` for all that
  ///   are left. Literal segments win over placeholders, whatever the order of adding.
  public mutating func on(_ method: HTTPRequest.Method, _ pattern: String, handler: @escaping Handler) {
    let pattern = RoutePattern(pattern)
    if let index = routes.firstIndex(where: { $0.pattern == pattern }) {
      routes[index].handlers.append((method, handler))
      return
    }
    let index = routes.firstIndex { pattern.isMoreParticular(than: $0.pattern) } ?? routes.endIndex
    routes.insert(Route(pattern: pattern, handlers: [(method, handler)]), at: index)
  }

  /// Answers `request` by its handler, or in place of one.
  func handle(_ request: Request, _ writer: consuming ResponseWriter, cors: CORSPolicy) async throws {
    switch match(request) {
    case .handler(let handler, let parameters):
      var request = request
      request.pathParameters = parameters
      try await handler(request, writer)
    case .options(let allowed):
      var fields = HTTPFields()
      fields[.allow] = allowed
      if request.headerFields.contains(.accessControlRequestMethod) {
        cors.applyPreflight(to: &fields, request: request.headerFields, methods: allowed)
      }
      try await writer.send(status: .noContent, headerFields: fields, body: [])
    case .failure(let error):
      throw error
    }
  }

  private func match(_ request: Request) -> Match {
    // RFC 9110, section 9.3.7: the asterisk asks about the server as a whole.
    if request.path == "*" { return .options(allowed: "GET, HEAD, POST, OPTIONS") }
    let path = RoutePath(request.path)
    var allowed: [String] = []
    for route in routes {
      guard let parameters = route.pattern.match(path) else { continue }
      for (method, handler) in route.handlers
      where method == request.method || (method == .get && request.method == .head) {
        return .handler(handler, parameters: parameters)
      }
      for (method, _) in route.handlers where !allowed.contains(method.rawValue) {
        allowed.append(method.rawValue)
        if method == .get { allowed.append(HTTPRequest.Method.head.rawValue) }
      }
    }
    guard !allowed.isEmpty else {
      return .failure(HTTPError(.notFound, "there is nothing at \(request.path)"))
    }
    let list = (allowed + [HTTPRequest.Method.options.rawValue]).joined(separator: ", ")
    if request.method == .options { return .options(allowed: list) }
    let message = "\(request.path) does not take \(request.method.rawValue), only \(list)"
    return .failure(HTTPError(.methodNotAllowed, message, headerFields: [.allow: list]))
  }
}
