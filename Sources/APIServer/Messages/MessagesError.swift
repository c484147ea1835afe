import JSON

/// Errors in the envelope of Anthropic's API.
enum MessagesError {
  static func envelope(_ error: APIError) -> JSON {
    ["type": "error", "error": ["type": .string(type(of: error)), "message": .string(error.message)]]
  }

  private static func type(of error: APIError) -> String {
    switch error.statusCode {
    case 401: "authentication_error"
    case 403: "permission_error"
    case 404: "not_found_error"
    case 413: "request_too_large"
    case 429: "rate_limit_error"
    case 503: "overloaded_error"
    case 500...: "api_error"
    default: "invalid_request_error"
    }
  }
}
