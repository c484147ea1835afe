import HTTPTypes

/// The name by which a request is known in the log and in its response.
enum RequestIdentity {
  private static let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)
  private static let longest = 128

  /// The client's `x-request-id` if it is short and printable, so that it can stand in a log line; else a new one.
  static func of(_ fields: HTTPFields) -> String {
    if let given = fields[.requestID], (1...longest).contains(given.utf8.count),
      given.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
    {
      return given
    }
    return random(prefix: "req-")
  }

  /// A prefix and 24 random letters and digits: 124 bits.
  static func random(prefix: String) -> String {
    prefix + String(decoding: (0..<24).map { _ in alphabet[Int.random(in: alphabet.indices)] }, as: UTF8.self)
  }
}

extension HTTPField.Name {
  static let requestID = literal("x-request-id")
  /// Anthropic's clients send their key in it.
  static let apiKey = literal("x-api-key")
  /// Milliseconds until the first token is due, as llm-d's router has it.
  static let timeToFirstToken = literal("x-llm-d-slo-ttft-ms")
  /// Lists fields of the request that the server does not know.
  static let ignoredFields = literal("x-apus-ignored-fields")

  static func literal(_ name: StaticString) -> HTTPField.Name {
    guard let name = HTTPField.Name(name.description) else { preconditionFailure("\(name) is not a token") }
    return name
  }
}
