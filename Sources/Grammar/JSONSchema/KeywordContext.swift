import JSON

/// The schema that a keyword stands in, and the checks on keywords' values.
struct KeywordContext {
  /// The schema's identity.
  let node: Int
  /// The schema's place, with `#`.
  let pointer: String
  let dialect: SchemaDialect
  let members: JSONObject
  /// Whether the ways to break the schema are wanted.
  let isNegated: Bool

  /// The place of a keyword.
  func place(_ key: String) -> String { JSONPointer.appending(key, to: pointer) }

  /// The error of a keyword with a wrong value.
  func invalid(_ key: String, expected: String) -> JSONSchemaError {
    JSONSchemaError(.invalid(expected: expected), at: place(key))
  }

  /// The error of a keyword whose opposite has no grammar.
  func noOpposite(_ key: String) -> JSONSchemaError {
    JSONSchemaError(
      .undecidable(
        keyword: key,
        problem: "a \"not\", \"oneOf\", \"if\" or \"contains\" with overlapping cases needs its opposite"),
      at: place(key))
  }

  func assertion(_ key: String, _ assertion: SchemaAssertion) -> SchemaFormula {
    .assertion(assertion, pointer: place(key))
  }

  /// The condition on values of one kind; negated, the value is of the kind and breaks it.
  func assertion(
    _ key: String, on kinds: ValueKinds, _ positive: SchemaAssertion, opposite: SchemaAssertion?
  ) throws(JSONSchemaError) -> SchemaFormula {
    guard isNegated else { return assertion(key, positive) }
    guard let opposite else { throw noOpposite(key) }
    return .all([assertion(key, .kinds(kinds)), assertion(key, opposite)])
  }

  func array(_ value: JSON, _ key: String) throws(JSONSchemaError) -> [JSON] {
    guard case .array(let elements) = value else { throw invalid(key, expected: "an array") }
    return elements
  }

  func object(_ value: JSON, _ key: String) throws(JSONSchemaError) -> JSONObject {
    guard case .object(let members) = value else { throw invalid(key, expected: "an object") }
    return members
  }

  func string(_ value: JSON, _ key: String) throws(JSONSchemaError) -> String {
    guard case .string(let text) = value else { throw invalid(key, expected: "a string") }
    return text
  }

  func strings(_ value: JSON, _ key: String) throws(JSONSchemaError) -> [String] {
    var strings: [String] = []
    for element in try array(value, key) {
      guard case .string(let text) = element else { throw invalid(key, expected: "an array of strings") }
      strings.append(text)
    }
    return strings
  }

  /// A whole number from 0 on. Bounds beyond `Int32` act as `Int32.max`; no document is as large.
  func count(_ value: JSON, _ key: String) throws(JSONSchemaError) -> Int {
    guard let number = value.doubleValue, number >= 0, value.intValue != nil || number > Double(Int32.max) else {
      throw invalid(key, expected: "a whole number from 0 on")
    }
    return value.intValue.map { min($0, Int(Int32.max)) } ?? Int(Int32.max)
  }

  // MARK: - Numbers and strings

  func numeric(_ key: String, _ value: JSON) throws(JSONSchemaError) -> SchemaFormula {
    guard let number = ExactDecimal(value) else { throw invalid(key, expected: "a number") }
    switch key {
    case "minimum":
      return try assertion(
        key, on: .number, .minimum(number, isExclusive: false), opposite: .maximum(number, isExclusive: true))
    case "maximum":
      return try assertion(
        key, on: .number, .maximum(number, isExclusive: false), opposite: .minimum(number, isExclusive: true))
    case "exclusiveMinimum":
      return try assertion(
        key, on: .number, .minimum(number, isExclusive: true), opposite: .maximum(number, isExclusive: false))
    case "exclusiveMaximum":
      return try assertion(
        key, on: .number, .maximum(number, isExclusive: true), opposite: .minimum(number, isExclusive: false))
    default:
      guard !number.isNegative, !number.isZero else { throw invalid(key, expected: "a number above 0") }
      return try assertion(key, on: .number, .multipleOf(number), opposite: nil)
    }
  }

  func textual(_ key: String, _ value: JSON) throws(JSONSchemaError) -> SchemaFormula {
    switch key {
    case "minLength":
      let length = try count(value, key)
      return try assertion(
        key, on: .string, .minLength(length), opposite: length > 0 ? .maxLength(length - 1) : .values([]))
    case "maxLength":
      let length = try count(value, key)
      return try assertion(key, on: .string, .maxLength(length), opposite: .minLength(length + 1))
    case "pattern":
      let pattern = try string(value, key)
      return try assertion(
        key, on: .string, .pattern(pattern, isNegated: false), opposite: .pattern(pattern, isNegated: true))
    default: return try format(try string(value, key))
    }
  }

  /// A format of strings, or of numbers: those are bounds.
  private func format(_ name: String) throws(JSONSchemaError) -> SchemaFormula {
    if StringFormats.annotations.contains(name) { return isNegated ? .any([]) : .all([]) }
    guard let range = StringFormats.integerRanges[name] else {
      return try assertion("format", on: .string, .format(name), opposite: nil)
    }
    let bounds: [SchemaFormula] = [
      try assertion(
        "format", on: .number, .minimum(range.lowest, isExclusive: false),
        opposite: .maximum(range.lowest, isExclusive: true)),
      try assertion(
        "format", on: .number, .maximum(range.highest, isExclusive: false),
        opposite: .minimum(range.highest, isExclusive: true)),
    ]
    return isNegated ? .any(bounds) : .all(bounds)
  }
}
