import JSON

/// Keywords of objects.
extension SchemaReader {
  mutating func members(
    _ key: String, _ value: JSON, in context: KeywordContext
  ) throws(JSONSchemaError) -> SchemaFormula? {
    switch key {
    case "minProperties":
      let count = try context.count(value, key)
      return try context.assertion(
        key, on: .object, .minProperties(count), opposite: count > 0 ? .maxProperties(count - 1) : .values([]))
    case "maxProperties":
      let count = try context.count(value, key)
      return try context.assertion(key, on: .object, .maxProperties(count), opposite: .minProperties(count + 1))
    case "required":
      let names = try context.strings(value, key)
      guard context.isNegated else { return context.assertion(key, .required(names)) }
      return .all([
        context.assertion(key, .kinds(.object)), .any(names.map { context.assertion(key, .forbidden($0)) }),
      ])
    case "propertyNames":
      let term = try term(value, in: context, at: key)
      return try context.assertion(key, on: .object, .memberNames(term), opposite: nil)
    default:
      // The keywords by name are read together, at the first of them.
      let byName = ["properties", "patternProperties", "additionalProperties"]
      guard context.members.keys.first(where: byName.contains) == key else { return nil }
      return try names(in: context)
    }
  }

  private mutating func names(in context: KeywordContext) throws(JSONSchemaError) -> SchemaFormula {
    var members = SchemaMembers()
    if let properties = context.members["properties"] {
      for (name, schema) in try context.object(properties, "properties") {
        members.add(name, try term(schema, in: context, at: "properties", name))
      }
    }
    if let patterns = context.members["patternProperties"] {
      for (pattern, schema) in try context.object(patterns, "patternProperties") {
        let term = try term(schema, in: context, at: "patternProperties", pattern)
        let place = JSONPointer.appending(pattern, to: context.place("patternProperties"))
        members.matching.append((pattern, term, place))
      }
    }
    if let schema = context.members["additionalProperties"] {
      members.rest = try term(schema, in: context, at: "additionalProperties")
    }
    guard context.isNegated else { return context.assertion("properties", .members(members)) }

    // Some member breaks its schema. Of members that are not named, none can be singled out.
    for (key, isTrivial) in [
      ("patternProperties", members.matching.allSatisfy { isTrivial($0.term) }),
      ("additionalProperties", members.rest.map { isTrivial($0) } ?? true),
    ] where !isTrivial {
      throw context.noOpposite(key)
    }
    let ways: [SchemaFormula] = members.named.map { name, term in
      .all([
        context.assertion("properties", .required([name])),
        context.assertion("properties", .member(name, term.inverted)),
      ])
    }
    return .all([context.assertion("properties", .kinds(.object)), .any(ways)])
  }
}
