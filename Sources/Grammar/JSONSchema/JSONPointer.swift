import JSON

/// JSON pointers (RFC 6901).
enum JSONPointer {
  /// The pointer one step further, at `token`.
  static func appending(_ token: String, to pointer: String) -> String {
    let escaped = token.split(separator: "~", omittingEmptySubsequences: false).joined(separator: "~0")
      .split(separator: "/", omittingEmptySubsequences: false).joined(separator: "~1")
    return pointer + "/" + escaped
  }

  /// The tokens of a pointer; nil if it is malformed.
  static func tokens(of pointer: String) -> [String]? {
    if pointer.isEmpty { return [] }
    guard pointer.hasPrefix("/") else { return nil }
    var tokens: [String] = []
    for part in pointer.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
      var token = ""
      var rest = part[...]
      while let character = rest.popFirst() {
        guard character == "~" else {
          token.append(character)
          continue
        }
        switch rest.popFirst() {
        case "0": token.append("~")
        case "1": token.append("/")
        default: return nil
        }
      }
      tokens.append(token)
    }
    return tokens
  }

  /// The element of `value` that one token names.
  static func element(_ token: String, of value: JSON) -> JSON? {
    switch value {
    case .object(let members): members[token]
    case .array(let elements):
      Int(token).flatMap { index in
        index.description == token && elements.indices.contains(index) ? elements[index] : nil
      }
    default: nil
    }
  }
}
