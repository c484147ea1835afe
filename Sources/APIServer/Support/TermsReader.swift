import HTTPTypes
import Serving

/// Reads from a request's head whose it is, and when its first token is due.
///
/// Clients are told apart by the name of the key that let them in; where no keys are wanted, by the key they send all the
/// same, `Authorization` or `x-api-key`. And the users of one key by the name that a gateway gives them. A name alone cannot make one client another that sends a
/// key.
struct TermsReader: Sendable {
  /// The field with the gateway's name; nil reads none.
  let tenantField: HTTPField.Name?

  /// Bytes of a name at most.
  private static let longestName = 256
  /// Milliseconds of a deadline at most: a day.
  private static let longestDeadline = 86_400_000.0

  /// The terms that a request's head has; priority and salt are in its body.
  ///
  /// - Parameters:
  ///   - principal: the name of the key that let the request in.
  ///   - now: when it came; deadlines count from then.
  /// - Throws: an `APIError` that names the field at fault.
  func terms(
    of fields: HTTPFields, principal: String? = nil, at now: ContinuousClock.Instant
  ) throws(APIError) -> RequestTerms {
    var terms = RequestTerms()
    let name = tenantField.flatMap { fields[$0] }
    if let tenantField, let name, !(1...Self.longestName).contains(name.utf8.count) {
      throw .wrongHeader(tenantField, "a name of 1 to \(Self.longestName) bytes")
    }
    terms.tenant = Tenant(credential: principal ?? fields[.authorization] ?? fields[.apiKey], name: name)
    if let text = fields[.timeToFirstToken] {
      guard let milliseconds = Double(text), milliseconds > 0, milliseconds <= Self.longestDeadline else {
        throw .wrongHeader(.timeToFirstToken, "milliseconds, more than 0 and no more than a day")
      }
      terms.deadline = now + .milliseconds(milliseconds)
    }
    return terms
  }
}

extension APIError {
  /// A header field has a value that is not allowed.
  fileprivate static func wrongHeader(_ name: HTTPField.Name, _ expected: String) -> APIError {
    APIError(
      .badRequest, code: "invalid_value", parameter: name.rawName, "The header '\(name.rawName)' must be \(expected).")
  }
}

extension Field {
  /// Priorities a request may have.
  static let priorities = -1_000_000...1_000_000

  /// vLLM's field.
  static let priority = Field.optional(
    "priority", .integer(priorities), "An extension: requests with a smaller number go first. Default: 0.")

  /// vLLM's field.
  static let cacheSalt = Field.optional(
    "cache_salt", .string, "An extension: keeps what is cached of the prompt apart from requests with another one.")
}
