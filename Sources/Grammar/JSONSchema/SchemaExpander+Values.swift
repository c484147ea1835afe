import JSON

/// Whether values, and whether any value, satisfy terms.
extension SchemaExpander {
  /// Whether all `terms` hold for `value`.
  mutating func accepts(_ value: JSON, _ terms: [SchemaTerm]) throws(JSONSchemaError) -> Bool {
    let terms = canonical(terms)
    if terms.isEmpty { return true }
    for way in try cases(of: terms) where try accepts(value, way) { return true }
    return false
  }

  /// Whether all conditions of the case hold for `value`.
  mutating func accepts(_ value: JSON, _ way: SchemaCase) throws(JSONSchemaError) -> Bool {
    try countStep(at: "#")
    let comparable = ComparableValue(value)
    guard way.kinds.contains(comparable.kind) else { return false }
    if way.values != nil, !way.listed.contains(comparable) { return false }
    if way.excludes(value) { return false }
    return switch value {
    case .null, .bool: true
    case .integer, .double: acceptsNumber(value, way)
    case .string(let text): try acceptsText(text, way)
    case .array(let elements): try acceptsArray(elements, way)
    case .object(let members): try acceptsObject(members, way)
    }
  }

  private func acceptsNumber(_ value: JSON, _ way: SchemaCase) -> Bool {
    guard let number = ExactDecimal(value) else { return false }
    if let minimum = way.minimum, number < minimum.value || (minimum.isExclusive && number == minimum.value) {
      return false
    }
    if let maximum = way.maximum, maximum.value < number || (maximum.isExclusive && number == maximum.value) {
      return false
    }
    return way.divisors.allSatisfy { number.isMultiple(of: $0.value) }
  }

  private mutating func acceptsText(_ text: String, _ way: SchemaCase) throws(JSONSchemaError) -> Bool {
    let length = text.unicodeScalars.count
    guard length >= way.minLength, length <= way.maxLength ?? length else { return false }
    for pattern in way.patterns {
      let matches = try patterns.matches(text, pattern.text, at: pattern.pointer)
      if matches == pattern.isNegated { return false }
    }
    for format in way.formats where try !patterns.matches(text, format: format.name, at: format.pointer) {
      return false
    }
    return true
  }

  private mutating func acceptsArray(_ elements: [JSON], _ way: SchemaCase) throws(JSONSchemaError) -> Bool {
    guard elements.count >= way.minItems, elements.count <= way.maxItems ?? elements.count else { return false }
    for (position, element) in elements.enumerated() {
      if try !accepts(element, way.terms(ofElement: position)) { return false }
    }
    for condition in way.contains {
      var count = 0
      for element in elements where try accepts(element, [condition.term]) { count += 1 }
      if count < condition.atLeast || count > condition.atMost ?? count { return false }
    }
    return way.uniqueItems == nil || Set(elements.map(ComparableValue.init)).count == elements.count
  }

  private mutating func acceptsObject(_ members: JSONObject, _ way: SchemaCase) throws(JSONSchemaError) -> Bool {
    guard members.count >= way.minProperties, members.count <= way.maxProperties ?? members.count else { return false }
    for name in way.required where members[name] == nil { return false }
    for (name, value) in members {
      if way.forbidden.contains(name) { return false }
      guard try accepts(.string(name), way.memberNames), try accepts(value, terms(ofMember: name, way)) else {
        return false
      }
    }
    return true
  }

  /// The terms that hold for the member called `name`.
  mutating func terms(ofMember name: String, _ way: SchemaCase) throws(JSONSchemaError) -> [SchemaTerm] {
    var terms = way.memberTerms.filter { $0.name == name }.map(\.term)
    for members in way.members {
      try countStep(at: "#")
      var found = members.term(named: name).map { [$0] } ?? []
      for (pattern, term, pointer) in members.matching where try patterns.matches(name, pattern, at: pointer) {
        found.append(term)
      }
      terms += found.isEmpty ? members.rest.map { [$0] } ?? [] : found
    }
    return terms
  }

  // MARK: - Emptiness

  /// Whether no value satisfies all `terms`, told by kinds, listed values, bounds, and up to `depth` levels of
  /// required members and elements. False where that does not settle it.
  mutating func isProvablyEmpty(_ terms: [SchemaTerm], depth: Int) throws(JSONSchemaError) -> Bool {
    if terms.contains(where: reader.isImpossible) { return true }
    let terms = canonical(terms)
    if terms.isEmpty { return false }
    for way in try cases(of: terms) where try !isProvablyEmpty(way, depth: depth) { return false }
    return true
  }

  private mutating func isProvablyEmpty(_ way: SchemaCase, depth: Int) throws(JSONSchemaError) -> Bool {
    try countStep(at: "#")
    if let values = way.values {
      for value in values where try accepts(value, way) { return false }
      return true
    }
    var kinds = way.kinds
    if let minimum = way.minimum, let maximum = way.maximum,
      maximum.value < minimum.value
        || (maximum.value == minimum.value && (maximum.isExclusive || minimum.isExclusive))
    {
      kinds.subtract(.number)
    }
    if way.minLength > way.maxLength ?? .max { kinds.remove(.string) }
    if kinds.contains(.array), try hasNoArray(way, depth: depth) { kinds.remove(.array) }
    if kinds.contains(.object), try hasNoObject(way, depth: depth) { kinds.remove(.object) }
    return kinds.isEmpty
  }

  private mutating func hasNoArray(_ way: SchemaCase, depth: Int) throws(JSONSchemaError) -> Bool {
    if way.minItems > way.maxItems ?? .max { return true }
    guard depth > 0 else { return false }
    for position in 0..<min(way.minItems, way.uniformFrom + 1) {
      if try isProvablyEmpty(way.terms(ofElement: position), depth: depth - 1) { return true }
    }
    return false
  }

  private mutating func hasNoObject(_ way: SchemaCase, depth: Int) throws(JSONSchemaError) -> Bool {
    if way.minProperties > way.maxProperties ?? .max || way.required.count > way.maxProperties ?? .max { return true }
    for name in way.required {
      if way.forbidden.contains(name) { return true }
      guard depth > 0 else { continue }
      if try isProvablyEmpty(terms(ofMember: name, way), depth: depth - 1) { return true }
    }
    return false
  }
}
