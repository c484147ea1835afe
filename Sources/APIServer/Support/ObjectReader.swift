import JSON

/// Takes the members of one JSON object of a request, checks their types, and remembers which it was asked for and as
/// what, so that those nobody knows can be reported, and those it does know described.
///
/// A member that is `null` counts as absent, as in OpenAI's API.
struct ObjectReader {
  private let members: JSONObject
  /// Where in the request the object is; empty for the whole body.
  private let path: String
  /// What was asked for, in order.
  private(set) var fields: [Field] = []

  init(_ value: JSON, at path: String) throws(APIError) {
    guard case .object(let members) = value else {
      throw .wrongType(path, expected: "an object", found: value)
    }
    self.members = members
    self.path = path
  }

  /// A member's place as errors name it: `stream_options.include_usage`.
  func place(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

  /// Places of the members nobody asked for, in order.
  var unknownPlaces: [String] {
    members.keys.filter { key in !fields.contains { $0.name == key } }.map(place)
  }

  /// The member, whatever it is; `type` is what it ought to be.
  mutating func value(_ key: String, as type: FieldType = .any, isRequired: Bool = false) -> JSON? {
    if !fields.contains(where: { $0.name == key }) {
      fields.append(isRequired ? .required(key, type) : .optional(key, type))
    }
    guard let value = members[key], !value.isNull else { return nil }
    return value
  }

  /// The member, whatever it is, once it is checked.
  mutating func checked(_ key: String, as type: FieldType) throws(APIError) -> JSON? {
    guard let value = value(key, as: type) else { return nil }
    try RequestCheck.check(value, type, at: place(key))
    return value
  }

  /// Declares members known that are not acted on, or handled elsewhere.
  mutating func accept(_ keys: String...) { for key in keys { _ = value(key) } }

  mutating func string(_ key: String) throws(APIError) -> String? { try string(key, as: .string) }

  private mutating func string(
    _ key: String, as type: FieldType, isRequired: Bool = false
  ) throws(APIError) -> String? {
    guard let value = value(key, as: type, isRequired: isRequired) else { return nil }
    guard let string = value.stringValue else { throw .wrongType(place(key), expected: "a string", found: value) }
    return string
  }

  mutating func requiredString(_ key: String) throws(APIError) -> String {
    guard let string = try string(key, as: .nonEmptyString, isRequired: true) else { throw .missing(place(key)) }
    guard !string.isEmpty else { throw .wrongValue(place(key), "'\(place(key))' must not be empty.") }
    return string
  }

  /// One of some strings.
  mutating func choice(_ key: String, among choices: [String]) throws(APIError) -> String? {
    guard let string = try string(key, as: .choice(choices)) else { return nil }
    guard choices.contains(string) else { throw .notAmong(choices, place(key), found: string) }
    return string
  }

  mutating func bool(_ key: String) throws(APIError) -> Bool? {
    guard let value = value(key, as: .boolean) else { return nil }
    guard let bool = value.boolValue else { throw .wrongType(place(key), expected: "a boolean", found: value) }
    return bool
  }

  mutating func integer(_ key: String, in range: ClosedRange<Int>) throws(APIError) -> Int? {
    guard let value = value(key, as: .integer(range)) else { return nil }
    guard value.doubleValue != nil else { throw .wrongType(place(key), expected: "an integer", found: value) }
    guard let integer = value.intValue, range.contains(integer) else { throw .outside(range, place(key)) }
    return integer
  }

  mutating func number(_ key: String, in range: ClosedRange<Double>) throws(APIError) -> Double? {
    guard let value = value(key, as: .number(range)) else { return nil }
    guard let number = value.doubleValue else { throw .wrongType(place(key), expected: "a number", found: value) }
    guard range.contains(number) else { throw .outside(range, place(key), found: number) }
    return number
  }

  mutating func requiredArray(_ key: String) throws(APIError) -> [JSON] {
    _ = value(key, as: .array(.any), isRequired: true)
    guard let array = try array(key) else { throw .missing(place(key)) }
    return array
  }

  mutating func array(_ key: String) throws(APIError) -> [JSON]? {
    guard let value = value(key, as: .array(.any)) else { return nil }
    guard let array = value.arrayValue else { throw .wrongType(place(key), expected: "an array", found: value) }
    return array
  }

  mutating func object(_ key: String) throws(APIError) -> JSONObject? {
    guard let value = value(key, as: .anyObject) else { return nil }
    guard let object = value.objectValue else { throw .wrongType(place(key), expected: "an object", found: value) }
    return object
  }
}

extension String {
  /// The beginning, for messages that quote what a client sent.
  var excerpt: String {
    unicodeScalars.count <= 64 ? self : String(String.UnicodeScalarView(unicodeScalars.prefix(64))) + "…"
  }
}
