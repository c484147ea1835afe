import JSON

/// Keywords of arrays.
extension SchemaReader {
  mutating func elements(
    _ key: String, _ value: JSON, in context: KeywordContext
  ) throws(JSONSchemaError) -> SchemaFormula? {
    switch key {
    case "minItems":
      let count = try context.count(value, key)
      return try context.assertion(
        key, on: .array, .minItems(count), opposite: count > 0 ? .maxItems(count - 1) : .values([]))
    case "maxItems":
      let count = try context.count(value, key)
      return try context.assertion(key, on: .array, .maxItems(count), opposite: .minItems(count + 1))
    case "uniqueItems":
      guard let isUnique = value.boolValue else { throw context.invalid(key, expected: "true or false") }
      if !isUnique { return context.isNegated ? .any([]) : nil }
      return try context.assertion(key, on: .array, .uniqueItems, opposite: nil)
    case "contains": return try contains(value, in: context)
    case "minContains", "maxContains":
      _ = try context.count(value, key)
      return nil  // Part of "contains"; without one they say nothing.
    default:
      // The keywords by position are read together, at the first of them.
      let positional = ["prefixItems", "items", "additionalItems"]
      guard context.members.keys.first(where: positional.contains) == key else { return nil }
      return try positions(in: context)
    }
  }

  private mutating func contains(_ value: JSON, in context: KeywordContext) throws(JSONSchemaError) -> SchemaFormula? {
    let term = try term(value, in: context, at: "contains")
    let atLeast =
      try context.members["minContains"].map { value throws(JSONSchemaError) in try context.count(value, "minContains")
      } ?? 1
    let atMost = try context.members["maxContains"].map { value throws(JSONSchemaError) in
      try context.count(value, "maxContains")
    }
    guard context.isNegated else {
      return context.assertion("contains", .contains(term, atLeast: atLeast, atMost: atMost))
    }
    var ways: [SchemaFormula] = []
    if atLeast > 0 { ways.append(context.assertion("contains", .contains(term, atLeast: 0, atMost: atLeast - 1))) }
    if let atMost { ways.append(context.assertion("contains", .contains(term, atLeast: atMost + 1, atMost: nil))) }
    return .all([context.assertion("contains", .kinds(.array)), .any(ways)])
  }

  private mutating func positions(in context: KeywordContext) throws(JSONSchemaError) -> SchemaFormula? {
    var elements = SchemaElements(prefix: [], rest: nil)
    let prefixKey: String
    let restKey: String
    if case .array? = context.members["items"] {
      guard context.dialect != .draft202012 else {
        throw context.invalid("items", expected: "one schema; since draft 2020-12 a list is called \"prefixItems\"")
      }
      (prefixKey, restKey) = ("items", "additionalItems")
    } else {
      (prefixKey, restKey) = ("prefixItems", "items")
      if context.dialect == .draft202012, context.members["additionalItems"] != nil {
        throw context.invalid(
          "additionalItems", expected: "no such keyword; since draft 2020-12 it is called \"items\"")
      }
    }
    if let list = context.members[prefixKey] {
      for (position, schema) in try context.array(list, prefixKey).enumerated() {
        elements.prefix.append(try term(schema, in: context, at: prefixKey, "\(position)"))
      }
    }
    if let schema = context.members[restKey] { elements.rest = try term(schema, in: context, at: restKey) }
    guard context.isNegated else { return context.assertion(restKey, .elements(elements)) }

    // Some element breaks its schema.
    var ways: [SchemaFormula] = elements.prefix.enumerated().map { position, term in
      .all([
        context.assertion(prefixKey, .minItems(position + 1)),
        context.assertion(prefixKey, .element(position, term.inverted)),
      ])
    }
    if let rest = elements.rest {
      if elements.prefix.isEmpty {
        ways.append(context.assertion(restKey, .contains(rest.inverted, atLeast: 1, atMost: nil)))
      } else if isImpossible(rest) {
        ways.append(context.assertion(restKey, .minItems(elements.prefix.count + 1)))
      } else if !isTrivial(rest) {
        throw context.noOpposite(restKey)
      }
    }
    return .all([context.assertion(restKey, .kinds(.array)), .any(ways)])
  }
}
