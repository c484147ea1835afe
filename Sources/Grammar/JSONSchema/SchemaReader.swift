import JSON

/// Reads the keywords of one schema after the other.
struct SchemaReader {
  private(set) var index: SchemaIndex
  private let limits: JSONSchemaLimits
  private var formulas: [SchemaTerm: SchemaFormula] = [:]
  private var valueCount = 0

  init(_ document: JSON, limits: JSONSchemaLimits) throws(JSONSchemaError) {
    self.limits = limits
    index = try SchemaIndex(document, limits: limits)
  }

  /// What the term says of a value.
  mutating func formula(of term: SchemaTerm) throws(JSONSchemaError) -> SchemaFormula {
    if let known = formulas[term] { return known }
    let parts = try keywordFormulas(of: term.node, isNegated: term.isNegated)
    let formula: SchemaFormula = term.isNegated ? .any(parts) : .all(parts)
    formulas[term] = formula
    return formula
  }

  /// Whether the term holds for every value.
  func isTrivial(_ term: SchemaTerm) -> Bool {
    switch index.nodes[term.node].value {
    case .bool(let value): value != term.isNegated
    case .object(let members): members.isEmpty && !term.isNegated
    default: false
    }
  }

  /// Whether the term holds for no value, told by its form alone.
  func isImpossible(_ term: SchemaTerm) -> Bool { isTrivial(term.inverted) }

  // MARK: - One schema

  /// The conditions of the keywords one by one, or, negated, the ways to break them.
  private mutating func keywordFormulas(of node: Int, isNegated: Bool) throws(JSONSchemaError) -> [SchemaFormula] {
    let members: JSONObject
    switch index.nodes[node].value {
    case .object(let object): members = object
    case .bool(let value): return value ? [] : [isNegated ? .all([]) : .any([])]
    default: return []
    }
    let context = KeywordContext(
      node: node, pointer: "#" + index.nodes[node].pointer, dialect: index.nodes[node].dialect, members: members,
      isNegated: isNegated)
    try check(context)
    var formulas: [SchemaFormula] = []
    for (key, value) in members where SchemaKeywords.assertions.contains(key) {
      if let formula = try formula(of: key, value, in: context) { formulas.append(formula) }
    }
    return formulas
  }

  /// Refuses what is not known, or cannot stand beside what is there.
  private func check(_ context: KeywordContext) throws(JSONSchemaError) {
    for (key, _) in context.members {
      if SchemaKeywords.assertions.contains(key) || SchemaKeywords.annotations.contains(key) || key.hasPrefix("x-") {
        continue
      }
      let advice = SchemaKeywords.refused[key] ?? "it is not known; leave it out, or check its spelling"
      throw JSONSchemaError(.unsupportedKeyword(key, advice: advice), at: context.place(key))
    }
    if context.dialect == .draft7, context.members["$ref"] != nil {
      for (key, _) in context.members where key != "$ref" && SchemaKeywords.assertions.contains(key) {
        throw JSONSchemaError(
          .undecidable(keyword: key, problem: "drafts 6 and 7 ignore what stands beside \"$ref\"; use \"allOf\""),
          at: context.place(key))
      }
    }
  }

  /// The condition of one keyword; nil where it says nothing, or where its neighbour's covers it.
  private mutating func formula(
    of key: String, _ value: JSON, in context: KeywordContext
  ) throws(JSONSchemaError) -> SchemaFormula? {
    switch key {
    case "type": try type(value, in: context)
    case "nullable": try nullable(value, in: context)
    case "enum": try values(try context.array(value, key), key, in: context)
    case "const": try values([value], key, in: context)
    case "$ref", "allOf", "anyOf", "oneOf", "not", "if", "then", "else", "dependentRequired", "dependentSchemas",
      "dependencies":
      try combination(key, value, in: context)
    case "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf":
      try context.numeric(key, value)
    case "minLength", "maxLength", "pattern", "format": try context.textual(key, value)
    case "items", "prefixItems", "additionalItems", "contains", "minContains", "maxContains", "minItems", "maxItems",
      "uniqueItems":
      try elements(key, value, in: context)
    default: try members(key, value, in: context)
    }
  }

  /// The term of the schema at the end of `path` within the context's.
  mutating func term(
    _ value: JSON, in context: KeywordContext, at key: String, _ step: String? = nil
  ) throws(JSONSchemaError) -> SchemaTerm {
    let node =
      if let step {
        try index.child(value, of: context.node, at: key, step)
      } else {
        try index.child(value, of: context.node, at: key)
      }
    return SchemaTerm(node: node)
  }

  /// The identity of the schema that a `$ref` in the context refers to.
  mutating func target(of reference: String, in context: KeywordContext) throws(JSONSchemaError) -> SchemaTerm {
    SchemaTerm(node: try index.target(of: reference, in: context.node))
  }

  // MARK: - Any kind

  private func type(_ value: JSON, in context: KeywordContext) throws(JSONSchemaError) -> SchemaFormula {
    let names: [JSON]
    switch value {
    case .string: names = [value]
    case .array(let list): names = list
    default: throw context.invalid("type", expected: "the name of a type or a list of them")
    }
    var kinds: ValueKinds = []
    for name in names {
      guard let kind = name.stringValue.flatMap(ValueKinds.init(name:)) else {
        throw context.invalid(
          "type", expected: "null, boolean, integer, number, string, array or object, found \(name)")
      }
      kinds.formUnion(kind)
    }
    if context.members["nullable"]?.boolValue == true { kinds.insert(.null) }
    return context.assertion("type", .kinds(context.isNegated ? kinds.inverted : kinds))
  }

  /// OpenAPI's `nullable` widens the `type` beside it.
  private func nullable(_ value: JSON, in context: KeywordContext) throws(JSONSchemaError) -> SchemaFormula? {
    guard let isNullable = value.boolValue else { throw context.invalid("nullable", expected: "true or false") }
    guard !isNullable || context.members["type"] != nil else {
      throw JSONSchemaError(
        .undecidable(keyword: "nullable", problem: "it widens a \"type\", and there is none beside it"),
        at: context.place("nullable"))
    }
    return nil
  }

  private mutating func values(
    _ values: [JSON], _ key: String, in context: KeywordContext
  ) throws(JSONSchemaError) -> SchemaFormula {
    valueCount += values.count
    guard valueCount <= limits.values else {
      throw JSONSchemaError(.tooLarge(what: "values in \"enum\"", limit: limits.values), at: context.place(key))
    }
    for value in values {
      guard Self.depth(of: value, isAtMost: limits.depth) else {
        throw JSONSchemaError(.tooLarge(what: "levels in a value", limit: limits.depth), at: context.place(key))
      }
    }
    return context.assertion(key, context.isNegated ? .notValues(values) : .values(values))
  }

  private static func depth(of value: JSON, isAtMost limit: Int) -> Bool {
    guard limit > 0 else { return false }
    return switch value {
    case .array(let elements): elements.allSatisfy { depth(of: $0, isAtMost: limit - 1) }
    case .object(let members): members.allSatisfy { depth(of: $0.value, isAtMost: limit - 1) }
    default: true
    }
  }
}
