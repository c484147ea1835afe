/// Why a JSON Schema cannot be followed, with the place of the fault as a JSON pointer (RFC 6901, after `#`).
public struct JSONSchemaError: Error, Hashable, Sendable {
  /// What is wrong at the place.
  public enum Reason: Hashable, Sendable {
    /// The schema is not well-formed there.
    case invalid(expected: String)
    /// A keyword that is not known, or one that cannot be enforced.
    case unsupportedKeyword(String, advice: String)
    /// A keyword that can be enforced in other schemas, but not with what stands there or beside it.
    case undecidable(keyword: String, problem: String)
    /// A reference that leads nowhere within the schema.
    case unresolvedReference(String)
    /// A schema that refers to itself without anything in between, so that it says nothing.
    case endlessReference
    /// A regular expression that is malformed or uses what is not offered.
    case invalidPattern(String)
    /// No value satisfies the schema.
    case unsatisfiable
    /// More than the limits allow.
    case tooLarge(what: String, limit: Int)
  }

  /// The place in the schema, such as `#/properties/name/pattern`.
  public let pointer: String
  /// What is wrong there.
  public let reason: Reason

  init(_ reason: Reason, at pointer: String) {
    self.reason = reason
    self.pointer = pointer
  }
}

extension JSONSchemaError: CustomStringConvertible {
  /// One sentence for a user, with the place and, where there is one, a way out.
  public var description: String { "\(pointer): \(reason)" }
}

extension JSONSchemaError.Reason: CustomStringConvertible {
  /// The reason without its place.
  public var description: String {
    switch self {
    case .invalid(let expected): "expected \(expected)"
    case .unsupportedKeyword(let keyword, let advice): "the keyword \"\(keyword)\" is not supported; \(advice)"
    case .undecidable(let keyword, let problem): "the keyword \"\(keyword)\" cannot be enforced here: \(problem)"
    case .unresolvedReference(let reference):
      "the reference \"\(reference)\" leads nowhere; only references within the schema are followed"
    case .endlessReference: "the schema refers to itself with nothing in between"
    case .invalidPattern(let problem): "the regular expression cannot be used: \(problem)"
    case .unsatisfiable: "no value satisfies the schema"
    case .tooLarge(let what, let limit): "the schema takes more than \(limit) \(what)"
    }
  }
}
