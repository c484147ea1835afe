public import JSON

/// Turns the untyped values of an XML tool call into JSON, by the JSON schema of the tool's parameters.
struct ParameterTyping {
  /// Schema of the object that holds the parameters; nil if the tool is unknown.
  let schema: JSON?

  /// JSON text for the value of parameter `key`.
  ///
  /// Where the schema allows a type other than string and the text is JSON of that type, it is taken as it is (Python's
  /// `True`, `False` and `None` count as JSON's). Everything else is a string, also when the schema forbids one: the
  /// caller sees what the model wrote.
  func json(_ text: String, of key: String) -> String {
    let types = schema.map { Self.types(of: key, in: $0) } ?? []
    let trimmed = trim(text)
    let candidate = ["True": "true", "False": "false", "None": "null"][trimmed] ?? trimmed
    if !types.isSubset(of: .string), let value = try? JSON(parsing: candidate),
      !types.isDisjoint(with: JSONTypes(value)),
      value.stringValue == nil
    {
      return candidate
    }
    return JSON.string(text).serialized()
  }

  /// The types that the schema allows parameter `key`.
  private static func types(of key: String, in schema: JSON) -> JSONTypes {
    (schema["properties"]?[key] ?? schema["additionalProperties"]).map { JSONTypes(schema: $0, root: schema) } ?? []
  }

  private func trim(_ text: String) -> String {
    let bytes = Array(text.utf8)
    let end = bytes.startOfWhitespace(before: bytes.count)
    return bytes.text(min(bytes.skippingWhitespace(from: 0), end)..<end)
  }
}

/// Which JSON the parameters of an XML tool call are looked through for; all else in them is strings.
public struct ParameterTypes: Sendable {
  /// The types, by the names of JSON Schema's `type`, of each parameter that the schema speaks of.
  public let named: [String: Set<String>]
  /// Those of all others.
  public let others: Set<String>

  /// The types for a tool whose parameters have this schema.
  public init(schema: JSON) {
    var named: [String: Set<String>] = [:]
    for (key, property) in schema["properties"]?.objectValue ?? [:] {
      named[key] = JSONTypes(schema: property, root: schema).names
    }
    self.named = named
    others = schema["additionalProperties"].map { JSONTypes(schema: $0, root: schema).names } ?? []
  }
}

/// JSON types a schema allows, or a value has. Empty: nothing is known.
struct JSONTypes: OptionSet {
  let rawValue: UInt8

  static let string = JSONTypes(rawValue: 1)
  static let number = JSONTypes(rawValue: 2)
  static let integer = JSONTypes(rawValue: 4)
  static let boolean = JSONTypes(rawValue: 8)
  static let null = JSONTypes(rawValue: 16)
  static let object = JSONTypes(rawValue: 32)
  static let array = JSONTypes(rawValue: 64)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The types a schema may ask for that `value` has.
  init(_ value: JSON) {
    switch value {
    case .null: self = .null
    case .bool: self = .boolean
    case .integer: self = [.integer, .number]
    // A whole number is an integer however it is written (JSON Schema 2020-12, validation, 6.1.1).
    case .double(let number): self = number == number.rounded() ? [.integer, .number] : .number
    case .string: self = .string
    case .array: self = .array
    case .object: self = .object
    }
  }

  /// The types that `schema` mentions: by `type`, by its values, by its shape, or in its alternatives and references.
  init(schema: JSON, root: JSON, depth: Int = 0) {
    self = []
    guard depth < 16 else { return }
    for name in schema["type"]?.arrayValue ?? [schema["type"] ?? .null] { formUnion(Self.named(name)) }
    if isEmpty, schema["properties"] != nil { formUnion(.object) }
    if isEmpty, schema["items"] != nil { formUnion(.array) }
    if isEmpty {
      for value in (schema["enum"]?.arrayValue ?? []) + (schema["const"].map { [$0] } ?? []) {
        formUnion(JSONTypes(value))
      }
    }
    for keyword in ["anyOf", "oneOf", "allOf"] {
      for alternative in schema[keyword]?.arrayValue ?? [] {
        formUnion(JSONTypes(schema: alternative, root: root, depth: depth + 1))
      }
    }
    if let target = schema["$ref"]?.stringValue.flatMap({ Self.resolve($0, root: root) }) {
      formUnion(JSONTypes(schema: target, root: root, depth: depth + 1))
    }
  }

  private static let byName: [String: JSONTypes] = [
    "string": .string, "number": .number, "integer": .integer, "boolean": .boolean, "null": .null, "object": .object,
    "array": .array,
  ]

  private static func named(_ name: JSON) -> JSONTypes { name.stringValue.flatMap { byName[$0] } ?? [] }

  /// The types by the names of `type`.
  var names: Set<String> { Set(Self.byName.filter { contains($0.value) }.keys) }

  /// A reference into the same document, such as `#/$defs/Place`.
  private static func resolve(_ reference: String, root: JSON) -> JSON? {
    guard reference.utf8.starts(with: "#/".utf8) else { return nil }
    var target: JSON? = root
    for name in reference.dropFirst(2).split(separator: "/") { target = target?[String(name)] }
    return target
  }
}
