import HTTP
package import HTTPTypes
package import JSON
import Serving

/// A failure as OpenAI's API tells of it: a status and an envelope with message, type, param and code, always all four.
package struct APIError: Error, Sendable {
  /// The response's status.
  package var status: HTTPResponse.Status
  /// The kind of failure, such as "invalid_request_error".
  package var type: String
  /// What programs look at; null where the status says it all.
  package var code: String?
  /// The field of the request that is at fault, such as `messages[1].content`.
  package var parameter: String?
  /// What people read.
  package var message: String
  /// Further fields of the response.
  package var headerFields: HTTPFields = [:]

  /// The status as a number.
  package var statusCode: Int { status.code }

  init(
    _ status: HTTPResponse.Status, type: String = "invalid_request_error", code: String?, parameter: String? = nil,
    _ message: String, headerFields: HTTPFields = [:]
  ) {
    self.status = status
    self.type = type
    self.code = code
    self.parameter = parameter
    self.message = message
    self.headerFields = headerFields
  }

  /// Whether the client has gone, so that nobody is to be told.
  var isDisconnect: Bool { status.code == HTTPError.disconnected.status.code }

  /// The envelope.
  package var envelope: JSON {
    [
      "error": [
        "message": .string(message), "type": .string(type), "param": parameter.map(JSON.string) ?? .null,
        "code": code.map(JSON.string) ?? .null,
      ]
    ]
  }

  /// The envelope as a response body.
  var body: [UInt8] { envelope.bytes }
}

// MARK: - What is wrong with a request

extension APIError {
  /// A field has a value of the wrong type.
  static func wrongType(_ place: String, expected: String, found: JSON) -> APIError {
    APIError(
      .badRequest, code: "invalid_type", parameter: place.isEmpty ? nil : place,
      "\(place.isEmpty ? "The request body" : "'\(place)'") must be \(expected), but is \(found.article).")
  }

  /// A field has the right type and a value that is not allowed.
  static func wrongValue(_ place: String, _ message: String) -> APIError {
    APIError(.badRequest, code: "invalid_value", parameter: place, message)
  }

  /// A field that must be there is not.
  static func missing(_ place: String) -> APIError {
    APIError(.badRequest, code: "missing_required_parameter", parameter: place, "'\(place)' is required.")
  }

  /// A field asks for what this server cannot do yet.
  static func unsupported(_ place: String, _ what: String) -> APIError {
    APIError(.badRequest, code: "unsupported_parameter", parameter: place, "'\(place)': \(what) is not supported yet.")
  }

  /// A field that nobody knows, on a server that refuses those.
  static func unknownField(_ place: String) -> APIError {
    APIError(
      .badRequest, code: "unknown_parameter", parameter: place.excerpt,
      "'\(place.excerpt)' is unknown, or not acted on, and this server refuses such fields.")
  }

  /// The body is no JSON.
  static func malformed(_ error: JSONParseError) -> APIError {
    APIError(.badRequest, code: "invalid_json", "The request body is not valid JSON: \(error).")
  }

  /// The body is not said to be JSON.
  static func wrongContentType(_ found: String?) -> APIError {
    APIError(
      .unsupportedMediaType, code: "unsupported_media_type",
      "The Content-Type must be application/json, but is \(found ?? "missing").")
  }

  /// No model has this name.
  static func unknownModel(_ name: String, served: [String], parameter: String?) -> APIError {
    APIError(
      .notFound, code: "model_not_found", parameter: parameter,
      "The model '\(name)' does not exist. This server has: " + served.joined(separator: ", ") + ".")
  }
}

// MARK: - Failures of the layers below

extension APIError {
  /// A failure of the protocol: an unknown path, a method a path does not have, a body too large.
  init(_ error: HTTPError) {
    let code: String? =
      switch error.status.code {
      case 400: "bad_request"
      case 404: "unknown_url"
      case 405: "method_not_allowed"
      case 408: "request_timeout"
      case 413: "request_too_large"
      case 415: "unsupported_media_type"
      default: nil
      }
    self.init(
      error.status, type: error.status.code < 500 ? "invalid_request_error" : "server_error", code: code,
      error.message, headerFields: error.headerFields)
  }

  /// A mode the request cannot have.
  init(_ error: ModeError) {
    self.init(.badRequest, code: "invalid_value", parameter: error.field, error.description)
  }

  /// A request for a model that is not there.
  init(_ refusal: ModelRefusal) {
    func unavailable(_ code: String, retryAfter seconds: Double) -> APIError {
      APIError(
        .serviceUnavailable, type: "server_error", code: code, refusal.description,
        headerFields: [.retryAfter: "\(Int(max(1, seconds).rounded(.up)))"])
    }
    switch refusal {
    case .draining: self = unavailable("shutting_down", retryAfter: 5)
    case .cancelled: self.init(HTTPError.disconnected)
    case .queueFull:
      self.init(
        .tooManyRequests, type: "rate_limit_error", code: "queue_full", refusal.description,
        headerFields: [.retryAfter: "5"])
    case .late: self = unavailable("model_loading", retryAfter: 5)
    case .noRoom: self = unavailable("model_memory_in_use", retryAfter: 5)
    case .failed(_, _, _, let retryAfter): self = unavailable("model_load_failed", retryAfter: retryAfter)
    }
  }

  /// A request that gets no reply, or no whole one.
  init(_ error: GenerationError) {
    let message = error.description
    switch error {
    case .template:
      self.init(.badRequest, code: "invalid_value", parameter: "messages", message)
    case .promptTooLong:
      self.init(.badRequest, code: "context_length_exceeded", parameter: "messages", message)
    case .invalidParameter(let name, _):
      self.init(.badRequest, code: "invalid_value", parameter: name, message)
    case .tooManyChoices:
      self.init(.badRequest, code: "invalid_value", parameter: "n", message)
    case .queueFull:
      self.init(
        .tooManyRequests, type: "rate_limit_error", code: "queue_full", message, headerFields: [.retryAfter: "1"])
    case .refused(_, let retryAfter):
      let seconds = Int(min(max(1, retryAfter), 86_400).rounded(.up))
      self.init(
        .tooManyRequests, type: "rate_limit_error", code: "rate_limit_exceeded", message,
        headerFields: [.retryAfter: "\(seconds)"])
    case .draining:
      self.init(
        .serviceUnavailable, type: "server_error", code: "shutting_down", message, headerFields: [.retryAfter: "5"])
    case .constraintTooDear:
      self.init(.badRequest, code: "invalid_value", message)
    case .fileChanged:
      self.init(.internalServerError, type: "server_error", code: "model_file_changed", message)
    case .engine, .defect:
      self.init(.internalServerError, type: "server_error", code: "internal_error", message)
    }
  }
}

extension JSON {
  /// The kind with its article, for messages.
  var article: String {
    switch self {
    case .null: "null"
    case .array, .object: "an \(kindName)"
    default: "a \(kindName)"
    }
  }
}
