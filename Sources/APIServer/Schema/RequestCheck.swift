import JSON

/// Checks a request against its schema and lists the members nobody knows.
///
/// A member that is `null` counts as absent, as in OpenAI's API.
struct RequestCheck {
  /// Places of members the schema does not have.
  private(set) var unknownPlaces: [String] = []

  /// Checks a body.
  /// - Returns: places of the members the schema does not have, in order.
  /// - Throws: an `APIError` that names the first member at fault.
  static func unknownPlaces(in body: JSON, _ schema: ObjectSchema) throws(APIError) -> [String] {
    var check = RequestCheck()
    try check.check(body, schema, at: "", tag: nil)
    return check.unknownPlaces
  }

  /// Checks one value.
  /// - Throws: an `APIError` that names the first member at fault.
  static func check(_ value: JSON, _ type: FieldType, at place: String) throws(APIError) {
    var check = RequestCheck()
    try check.check(value, type, at: place)
  }

  private mutating func check(
    _ value: JSON, _ schema: ObjectSchema, at path: String, tag: String?
  ) throws(APIError) {
    guard let members = value.objectValue else { throw .wrongType(path, expected: "an object", found: value) }
    func place(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }
    for field in schema.fields {
      guard let value = members[field.name], !value.isNull else {
        if field.isRequired { throw .missing(place(field.name)) }
        continue
      }
      guard field.effect != .refused else { throw .unsupported(place(field.name), field.note) }
      try check(value, field.type, at: place(field.name))
    }
    for key in members.keys where key != tag && schema.field(key) == nil { unknownPlaces.append(place(key)) }
  }

  private mutating func check(_ value: JSON, _ type: FieldType, at place: String) throws(APIError) {
    guard type.admits(value) else { throw .wrongType(place, expected: type.kind, found: value) }
    switch type {
    case .any, .boolean, .string, .anyObject: break
    case .nonEmptyString:
      if value.stringValue?.isEmpty == true { throw .wrongValue(place, "'\(place)' must not be empty.") }
    case .shortString(let bytes):
      if let text = value.stringValue, !(1...bytes).contains(text.utf8.count) {
        throw .wrongValue(place, "'\(place)' must have 1 to \(bytes) bytes.")
      }
    case .choice(let choices):
      if let text = value.stringValue, !choices.contains(text) { throw .notAmong(choices, place, found: text) }
    case .integer(let range):
      guard let integer = value.intValue, range.contains(integer) else { throw .outside(range, place) }
    case .number(let range):
      if let number = value.doubleValue, !range.contains(number) { throw .outside(range, place, found: number) }
    case .array(let element, let counts):
      let elements = value.arrayValue ?? []
      guard counts.contains(elements.count) else { throw .wrongCount(place, counts, found: elements.count) }
      // Token ids may be many: their places are made up only if one is wrong.
      if case .integer(let range) = element, elements.allSatisfy({ $0.intValue.map(range.contains) == true }) { break }
      for (index, value) in elements.enumerated() { try check(value, element, at: "\(place)[\(index)]") }
    case .object(let schema): try check(value, schema, at: place, tag: nil)
    case .texts(let count, let name, let length):
      try Self.checkTexts(value.objectValue ?? [:], count: count, name: name, length: length, at: place)
    case .variants(let tag, let otherwise, let variants):
      try check(value, tag: tag, otherwise: otherwise, variants, at: place)
    case .either(let types): try check(value, either: types, at: place)
    }
  }

  private static func checkTexts(
    _ members: JSONObject, count: Int, name: Int, length: Int, at path: String
  ) throws(APIError) {
    guard members.count <= count else {
      throw .wrongValue(path, "'\(path)' may have up to \(count) members, but has \(members.count).")
    }
    for (key, value) in members {
      let place = "\(path).\(key.excerpt)"
      guard key.unicodeScalars.count <= name else {
        throw .wrongValue(place, "'\(place)': a name in '\(path)' may have up to \(name) characters.")
      }
      guard let text = value.stringValue else { throw .wrongType(place, expected: "a string", found: value) }
      guard text.unicodeScalars.count <= length else {
        throw .wrongValue(place, "'\(place)' may have up to \(length) characters.")
      }
    }
  }

  private mutating func check(
    _ value: JSON, tag: String, otherwise: String?, _ variants: [FieldType.Variant], at path: String
  ) throws(APIError) {
    let place = "\(path).\(tag)"
    guard let given = value[tag].flatMap({ $0.isNull ? nil : $0 }) ?? otherwise.map(JSON.string) else {
      throw .missing(place)
    }
    guard let name = given.stringValue else { throw .wrongType(place, expected: "a string", found: given) }
    guard let variant = variants.first(where: { $0.name == name }) else {
      let known = variants.filter { if case .object = $0.meaning { true } else { false } }
      throw .notAmong(known.map(\.name), place, found: name)
    }
    switch variant.meaning {
    case .object(let schema): try check(value, schema, at: path, tag: tag)
    case .refused(let what): throw .unsupported(place, what)
    }
  }

  /// The value has to be of one of the types its kind allows; the last one's complaint is what the client hears.
  private mutating func check(_ value: JSON, either types: [FieldType], at place: String) throws(APIError) {
    var complaint: APIError?
    for type in types where type.admits(value) {
      var attempt = self
      do {
        try attempt.check(value, type, at: place)
        self = attempt
        return
      } catch {
        complaint = error
      }
    }
    if let complaint { throw complaint }
  }
}

extension FieldType {
  /// Whether values of this kind can be of this type at all.
  func admits(_ value: JSON) -> Bool {
    switch self {
    case .any: true
    case .boolean: value.boolValue != nil
    case .string, .nonEmptyString, .shortString, .choice: value.stringValue != nil
    case .integer, .number: value.doubleValue != nil
    case .array: value.arrayValue != nil
    case .anyObject, .object, .texts, .variants: value.objectValue != nil
    case .either(let types): types.contains { $0.admits(value) }
    }
  }

  /// The kind, as messages name it.
  var kind: String {
    switch self {
    case .any: "any value"
    case .boolean: "a boolean"
    case .string, .nonEmptyString, .shortString, .choice: "a string"
    case .integer: "an integer"
    case .number: "a number"
    case .array: "an array"
    case .anyObject, .object, .texts, .variants: "an object"
    case .either(let types):
      types.reduce(into: [String]()) { kinds, type in
        if !kinds.contains(type.kind) { kinds.append(type.kind) }
      }.joined(separator: " or ")
    }
  }
}
