import HTTP
import HTTPTypes

/// Stands in front of the endpoints that want a key.
struct AccessGate: Sendable {
  let access: AccessControl

  /// The endpoint's handler, behind the gate.
  func guarding(_ endpoint: Endpoint) -> Router.Handler {
    let handler = endpoint.handler
    guard endpoint.wantsKey else { return handler }
    return { [access] request, writer in
      switch Result(catching: { () throws(APIError) in try access.enter(request.headerFields) }) {
      case .success(let name):
        defer { access.leave(name) }
        var request = request
        request.principal = name
        try await handler(request, writer)
      case .failure(let error):
        var fields = error.headerFields
        fields[.contentType] = "application/json"
        fields[.requestID] = RequestIdentity.of(request.headerFields)
        let body = endpoint.errorForm == .anthropic ? MessagesError.envelope(error) : error.envelope
        try await writer.send(status: error.status, headerFields: fields, body: body.bytes)
      }
    }
  }
}
