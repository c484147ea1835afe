import JSON

extension FieldType {
  /// The type as a JSON schema (2020-12).
  var jsonSchema: JSONObject {
    switch self {
    case .any: [:]
    case .boolean: ["type": "boolean"]
    case .string: ["type": "string"]
    case .nonEmptyString: ["type": "string", "minLength": 1]
    case .shortString(let bytes): ["type": "string", "minLength": 1, "maxLength": .integer(bytes)]
    case .choice(let choices): ["type": "string", "enum": .array(choices.map(JSON.string))]
    case .integer(let range): Self.bounded("integer", range, "minimum", "maximum")
    case .number(let range):
      ["type": "number", "minimum": .double(range.lowerBound), "maximum": .double(range.upperBound)]
    case .array(let element, let counts):
      Self.bounded("array", counts, "minItems", "maxItems", ["items": .object(element.jsonSchema)])
    case .anyObject: ["type": "object"]
    case .texts(let count, let name, let value):
      [
        "type": "object", "maxProperties": .integer(count), "propertyNames": ["maxLength": .integer(name)],
        "additionalProperties": ["type": "string", "maxLength": .integer(value)],
      ]
    case .object(let schema): schema.jsonSchema()
    case .variants(let tag, let otherwise, let variants):
      [
        "oneOf": .array(
          variants.compactMap { variant in
            guard case .object(let schema) = variant.meaning else { return nil }
            return .object(schema.jsonSchema(tag: (tag, variant.name, isRequired: variant.name != otherwise)))
          })
      ]
    case .either(let types): ["anyOf": .array(types.map { .object($0.jsonSchema) })]
    }
  }

  private static func bounded(
    _ type: String, _ range: ClosedRange<Int>, _ least: String, _ most: String, _ more: JSONObject = [:]
  ) -> JSONObject {
    var schema: JSONObject = ["type": .string(type)]
    for (name, value) in more { schema[name] = value }
    if range.lowerBound > .min, !(type == "array" && range.lowerBound == 0) {
      schema[least] = .integer(range.lowerBound)
    }
    if range.upperBound < .max { schema[most] = .integer(range.upperBound) }
    return schema
  }

  /// The type in a few words, for people.
  var words: String {
    switch self {
    case .any: "any value"
    case .boolean: "boolean"
    case .string, .nonEmptyString: "string"
    case .shortString(let bytes): "string of at most \(bytes) bytes"
    case .choice(let choices): choices.map { "\"\($0)\"" }.joined(separator: ", ")
    case .integer(let range):
      switch (range.lowerBound, range.upperBound) {
      case (.min, .max): "integer"
      case (let least, .max): "integer from \(least)"
      case (let least, let most): "integer, \(least) to \(most)"
      }
    case .number(let range): "number, \(JSON.double(range.lowerBound)) to \(JSON.double(range.upperBound))"
    case .array(let element, _): "array of \(element.words)"
    case .anyObject, .object: "object"
    case .texts(let count, _, _): "object of up to \(count) strings"
    case .variants(let tag, _, let variants):
      "object by \(tag): "
        + variants.compactMap { if case .object = $0.meaning { "\"\($0.name)\"" } else { nil } }.joined(separator: ", ")
    case .either(let types): types.map(\.words).joined(separator: " or ")
    }
  }
}

extension Field {
  /// What is said of the field.
  var description: String {
    switch effect {
    case .used: note
    case .accepted: note.isEmpty ? "Accepted, without effect." : "Accepted, without effect: \(note)"
    case .refused: "Refused: \(note) is not supported."
    }
  }
}

extension ObjectSchema {
  /// The object as a JSON schema. A member that need not be there may be `null`.
  ///
  /// - Parameter tag: the member by which the object is told from others, and its value.
  func jsonSchema(tag: (name: String, value: String, isRequired: Bool)? = nil) -> JSONObject {
    var properties: JSONObject = [:]
    var required: [JSON] = []
    if let tag {
      properties[tag.name] = ["type": "string", "const": .string(tag.value)]
      if tag.isRequired { required.append(.string(tag.name)) }
    }
    for field in fields {
      properties[field.name] = .object(Self.jsonSchema(field))
      if field.isRequired { required.append(.string(field.name)) }
    }
    var schema: JSONObject = ["type": "object", "properties": .object(properties)]
    if !required.isEmpty { schema["required"] = .array(required) }
    return schema
  }

  private static func jsonSchema(_ field: Field) -> JSONObject {
    var schema: JSONObject
    if field.effect == .refused {
      schema = ["type": "null"]
    } else {
      schema = field.type.jsonSchema
      if !field.isRequired, !schema.isEmpty { schema = ["anyOf": [.object(schema), ["type": "null"]]] }
    }
    if !field.description.isEmpty { schema["description"] = .string(field.description) }
    return schema
  }
}
