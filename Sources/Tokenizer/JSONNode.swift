import JSON

/// A value inside of tokenizer.json that knows its path, so that every complaint names the place.
struct JSONNode {
  let path: String
  let value: JSON

  private func path(of key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  private func wrongType(expected: String) -> TokenizerError {
    .wrongType(path: path, expected: expected, found: value.kindName)
  }

  /// The member `key`, or nil where it is missing or null.
  func optionalMember(_ key: String) throws(TokenizerError) -> JSONNode? {
    guard let member = try object()[key], !member.isNull else { return nil }
    return JSONNode(path: path(of: key), value: member)
  }

  /// The member `key`, which may not be missing; it may be null.
  func member(_ key: String) throws(TokenizerError) -> JSONNode {
    guard let member = try object()[key] else { throw .missing(path: path(of: key)) }
    return JSONNode(path: path(of: key), value: member)
  }

  func object() throws(TokenizerError) -> JSONObject {
    guard let object = value.objectValue else { throw wrongType(expected: "an object") }
    return object
  }

  func elements() throws(TokenizerError) -> [JSONNode] {
    guard let array = value.arrayValue else { throw wrongType(expected: "an array") }
    return array.enumerated().map { JSONNode(path: "\(path)[\($0.offset)]", value: $0.element) }
  }

  func string() throws(TokenizerError) -> String {
    guard let string = value.stringValue else { throw wrongType(expected: "a string") }
    return string
  }

  func bool() throws(TokenizerError) -> Bool {
    guard let bool = value.boolValue else { throw wrongType(expected: "true or false") }
    return bool
  }

  /// A token id below the limit.
  func tokenID() throws(TokenizerError) -> Int32 {
    guard case .integer(let number) = value else { throw wrongType(expected: "an integer") }
    return try Self.tokenID(number, path: path)
  }

  static func tokenID(_ number: Int, path: @autoclosure () -> String) throws(TokenizerError) -> Int32 {
    guard number >= 0 else { throw .invalid(path: path(), expected: "a token id", found: "\(number)") }
    guard number < TokenizerLimits.vocabularySize else {
      throw .tooLarge(path: path(), found: number, limit: TokenizerLimits.vocabularySize - 1)
    }
    return Int32(number)
  }

  /// Throws unless the member `key` is missing, null or `expected`: this setting is not implemented any other way.
  func require(_ key: String, _ expected: JSON, whenMissing: JSON? = nil) throws(TokenizerError) {
    let found = try object()[key] ?? whenMissing ?? expected
    if found != expected, !found.isNull { throw unsupported(path(of: key), found, supported: expected.serialized()) }
  }

  /// The error for a value that names something not implemented.
  func unsupported(supported: String) -> TokenizerError { unsupported(path, value, supported: supported) }

  private func unsupported(_ path: String, _ found: JSON, supported: String) -> TokenizerError {
    .unsupported(path: path, found: Self.shown(found), supported: supported)
  }

  /// A value as error messages show it: its JSON, cut off where it is long.
  static func shown(_ value: JSON) -> String {
    let text = value.serialized().unicodeScalars
    return String(String.UnicodeScalarView(text.prefix(200))) + (text.count > 200 ? "…" : "")
  }
}
