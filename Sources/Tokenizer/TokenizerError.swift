public import JSON

/// Why a tokenizer cannot be used. Paths name the place in its file, as in `model.merges[17]`.
public enum TokenizerError: Error, Hashable, Sendable {
  /// The file is not JSON.
  case malformedJSON(JSONParseError)
  /// A required value is not there.
  case missing(path: String)
  /// A value of another JSON type.
  case wrongType(path: String, expected: String, found: String)
  /// A value of the right type that contradicts the rest of the file or the format.
  case invalid(path: String, expected: String, found: String)
  /// A tokenizer of a kind that this one does not implement.
  case unsupported(path: String, found: String, supported: String)
  /// More than the limits allow.
  case tooLarge(path: String, found: Int, limit: Int)
}

extension TokenizerError: CustomStringConvertible {
  /// One line for a user: where in the file, what was found, and what was expected. Whoever opened the file adds its name.
  public var description: String {
    switch self {
    case .malformedJSON(let error): "\(error)"
    case .missing(let path): "\(path) is missing"
    case .wrongType(let path, let expected, let found), .invalid(let path, let expected, let found):
      "\(path): expected \(expected), found \(found)"
    case .unsupported(let path, let found, let supported):
      "\(path): \(found) is not supported; supported: \(supported)"
    case .tooLarge(let path, let found, let limit): "\(path): \(found) is above the limit of \(limit)"
    }
  }
}
