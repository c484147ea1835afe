import JSON

/// Keywords that combine schemas for one value.
extension SchemaReader {
  mutating func combination(
    _ key: String, _ value: JSON, in context: KeywordContext
  ) throws(JSONSchemaError) -> SchemaFormula? {
    switch key {
    case "$ref":
      let target = try target(of: try context.string(value, key), in: context)
      return .term(context.isNegated ? target.inverted : target)
    case "not":
      let term = try term(value, in: context, at: key)
      return .term(context.isNegated ? term : term.inverted)
    case "allOf":
      let terms = try list(key, value, in: context)
      return context.isNegated ? .any(terms.map { .term($0.inverted) }) : .all(terms.map { .term($0) })
    case "anyOf":
      let terms = try list(key, value, in: context)
      return context.isNegated ? .all(terms.map { .term($0.inverted) }) : .any(terms.map { .term($0) })
    case "oneOf":
      let terms = try list(key, value, in: context)
      return context.isNegated ? Self.notExactlyOne(terms) : .exactlyOne(terms, pointer: context.place(key))
    case "if": return try conditional(value, in: context)
    case "then", "else": return nil  // Part of "if"; without one they say nothing.
    default: return try dependencies(key, value, in: context)
    }
  }

  private mutating func list(
    _ key: String, _ value: JSON, in context: KeywordContext
  ) throws(JSONSchemaError) -> [SchemaTerm] {
    let schemas = try context.array(value, key)
    guard !schemas.isEmpty else { throw context.invalid(key, expected: "at least one schema") }
    var terms: [SchemaTerm] = []
    for (position, schema) in schemas.enumerated() {
      terms.append(try term(schema, in: context, at: key, "\(position)"))
    }
    return terms
  }

  /// None of the schemas, or two of them.
  private static func notExactlyOne(_ terms: [SchemaTerm]) -> SchemaFormula {
    var ways: [SchemaFormula] = [.all(terms.map { .term($0.inverted) })]
    for (position, first) in terms.enumerated() {
      for second in terms[(position + 1)...] { ways.append(.all([.term(first), .term(second)])) }
    }
    return .any(ways)
  }

  /// `if`, `then`, `else`: the condition with the one, or its opposite with the other.
  private mutating func conditional(_ value: JSON, in context: KeywordContext) throws(JSONSchemaError) -> SchemaFormula?
  {
    guard context.members["then"] != nil || context.members["else"] != nil else { return nil }
    let condition = try term(value, in: context, at: "if")
    var ways: [SchemaFormula] = []
    for (key, holds) in [("then", condition), ("else", condition.inverted)] {
      guard let schema = context.members[key] else {
        if !context.isNegated { ways.append(.term(holds)) }
        continue
      }
      let consequence = try term(schema, in: context, at: key)
      ways.append(.all([.term(holds), .term(context.isNegated ? consequence.inverted : consequence)]))
    }
    return .any(ways)
  }

  /// `dependentRequired`, `dependentSchemas`, and their older union `dependencies`: the name is absent, or the
  /// consequence holds.
  private mutating func dependencies(
    _ key: String, _ value: JSON, in context: KeywordContext
  ) throws(JSONSchemaError) -> SchemaFormula {
    var formulas: [SchemaFormula] = []
    for (name, dependency) in try context.object(value, key) {
      let isPresent: SchemaFormula = .all([
        context.assertion(key, .kinds(.object)), context.assertion(key, .required([name])),
      ])
      let consequence: SchemaFormula
      if case .array = dependency, key != "dependentSchemas" {
        let names = try context.strings(dependency, key)
        consequence =
          context.isNegated
          ? .any(names.map { context.assertion(key, .forbidden($0)) }) : context.assertion(key, .required(names))
      } else if key != "dependentRequired" {
        let term = try term(dependency, in: context, at: key, name)
        consequence = .term(context.isNegated ? term.inverted : term)
      } else {
        throw context.invalid(key, expected: "an object of arrays of strings")
      }
      let applies: SchemaFormula = .all([isPresent, consequence])
      let isAbsent: SchemaFormula = .any([
        context.assertion(key, .kinds(ValueKinds.object.inverted)),
        .all([context.assertion(key, .kinds(.object)), context.assertion(key, .forbidden(name))]),
      ])
      formulas.append(context.isNegated ? applies : .any([isAbsent, applies]))
    }
    return context.isNegated ? .any(formulas) : .all(formulas)
  }
}
