/// The keywords of JSON Schema, by what is done with them.
enum SchemaKeywords {
  /// Keywords that say nothing about which documents are valid.
  static let annotations: Set<String> = [
    "title", "description", "default", "examples", "example", "deprecated", "readOnly", "writeOnly", "$comment",
    "$schema", "$id", "$anchor", "$defs", "definitions", "contentEncoding", "contentMediaType", "contentSchema",
    "discriminator", "externalDocs", "xml",
  ]

  /// Keywords that are enforced.
  static let assertions: Set<String> = [
    "type", "nullable", "enum", "const", "$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf",
    "minLength", "maxLength", "pattern", "format",
    "items", "prefixItems", "additionalItems", "contains", "minContains", "maxContains", "minItems", "maxItems",
    "uniqueItems",
    "properties", "patternProperties", "additionalProperties", "propertyNames", "required", "minProperties",
    "maxProperties", "dependentRequired", "dependentSchemas", "dependencies",
  ]

  /// Keywords that are known and refused, with what to do instead.
  static let refused: [String: String] = [
    "unevaluatedProperties": "say \"additionalProperties\": false in each schema with properties",
    "unevaluatedItems": "say \"items\": false beside \"prefixItems\"",
    "$dynamicRef": "use \"$ref\"",
    "$dynamicAnchor": "use \"$anchor\" and \"$ref\"",
    "$recursiveRef": "use \"$ref\"",
    "$recursiveAnchor": "use \"$anchor\" and \"$ref\"",
    "$vocabulary": "leave it out",
    "id": "use \"$id\"",
  ]

  /// Keywords whose value is one schema.
  static let schemas: Set<String> = [
    "not", "if", "then", "else", "items", "additionalItems", "contains", "additionalProperties", "propertyNames",
  ]

  /// Keywords whose value is a list of schemas; `items` too in older drafts.
  static let schemaLists: Set<String> = ["allOf", "anyOf", "oneOf", "prefixItems", "items"]

  /// Keywords whose value is an object of schemas; `dependencies` may hold lists of names beside them.
  static let schemaMaps: Set<String> = [
    "properties", "patternProperties", "dependentSchemas", "dependencies", "$defs", "definitions",
  ]

  /// Keywords that apply a schema to the same value again.
  static let inPlace: Set<String> = ["allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentSchemas"]
}

/// The drafts that are understood, told by `$schema`. They differ in the form of `items` and in what may stand
/// beside `$ref`.
enum SchemaDialect {
  /// 2020-12, and what is assumed where nothing is said.
  case draft202012
  /// 2019-09: `items` may be a list.
  case draft201909
  /// Drafts 6 and 7: also, `$ref` stands alone.
  case draft7

  init?(uri: String) {
    var uri = uri[...]
    if uri.last == "#" { uri.removeLast() }
    for scheme in ["http://", "https://"] where uri.hasPrefix(scheme) { uri.removeFirst(scheme.count) }
    switch uri {
    case "json-schema.org/draft/2020-12/schema": self = .draft202012
    case "json-schema.org/draft/2019-09/schema": self = .draft201909
    case "json-schema.org/draft-07/schema", "json-schema.org/draft-06/schema": self = .draft7
    default: return nil
    }
  }
}
