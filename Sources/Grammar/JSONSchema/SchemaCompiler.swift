public import JSON

extension GrammarDefinition {
  /// The grammar of the JSON documents that satisfy `schema`.
  ///
  /// Members of objects come in the order in which the schema names them, those that it does not name at the end.
  /// Every keyword is enforced or refused; docs/structured-output.md says which, and how numbers and strings are
  /// written.
  public init(jsonSchema schema: JSON, options: JSONSchemaOptions = JSONSchemaOptions()) throws(JSONSchemaError) {
    var compiler = try SchemaCompiler(schema, options: options)
    self = try compiler.grammar()
  }

  /// The grammar of all JSON objects.
  public static func jsonObject(
    whitespace: JSONSchemaOptions.Whitespace = JSONSchemaOptions().whitespace
  ) -> GrammarDefinition {
    GrammarDefinition(root: JSONText.objectRule, rules: JSONText.sharedRules(whitespace))
  }
}

/// Writes a rule for every combination of schemas that hold at one place.
struct SchemaCompiler {
  var expander: SchemaExpander
  let limits: JSONSchemaLimits
  private var rules: [String: GrammarExpression]
  private var names: [[SchemaTerm]: String] = [:]
  private var languages: [GrammarExpression: String] = [:]
  private var pending: [[SchemaTerm]] = []
  /// How often a name was wanted again.
  private var repeats: [String: Int] = [:]
  /// What no string may contain.
  private let barred: GrammarExpression?

  static let space = GrammarExpression.rule(JSONText.whitespaceRule)

  /// - Parameter barred: what no string of a document may contain, as it is written.
  init(
    _ schema: JSON, options: JSONSchemaOptions, barred: GrammarExpression? = nil
  ) throws(JSONSchemaError) {
    limits = options.limits
    self.barred = barred
    expander = SchemaExpander(try SchemaReader(schema, limits: options.limits), limits: options.limits)
    rules = JSONText.sharedRules(options.whitespace)
    if barred != nil {
      rules[JSONText.stringRule] = JSONText.string(guarded(.anyNumber(of: JSONText.freeCharacter)))
    }
  }

  mutating func grammar() throws(JSONSchemaError) -> GrammarDefinition {
    let root = try rule(of: [SchemaTerm(node: 0)])
    return try finished(root)
  }

  /// The grammar whose documents follow the rule `root`, with all that it needs.
  mutating func finished(_ root: String) throws(JSONSchemaError) -> GrammarDefinition {
    while let terms = pending.popLast(), let name = names[terms] {
      rules[name] = try expression(of: terms, name)
    }
    return GrammarDefinition(root: root, rules: rules)
  }

  // MARK: - Rules

  /// The name of the rule for the values that satisfy all `terms`.
  mutating func rule(of terms: [SchemaTerm]) throws(JSONSchemaError) -> String {
    let terms = expander.canonical(terms)
    if terms.isEmpty { return JSONText.valueRule }
    if let known = names[terms] { return known }
    let places = terms.prefix(3).map { ($0.isNegated ? "not " : "") + expander.pointer(of: $0) }
    let name = unused(places.joined(separator: " and ") + (terms.count > 3 ? " and \(terms.count - 3) more" : ""))
    names[terms] = name
    try addRule(name, .nothing)  // Takes the name; the expression follows.
    pending.append(terms)
    return name
  }

  /// A reference to the rule of `terms`.
  mutating func value(of terms: [SchemaTerm]) throws(JSONSchemaError) -> GrammarExpression {
    .rule(try rule(of: terms))
  }

  /// A name that no rule has.
  private mutating func unused(_ name: String) -> String {
    var result = name
    while rules[result] != nil {
      repeats[name, default: 1] += 1
      result = "\(name) (\(repeats[name, default: 1]))"
    }
    return result
  }

  mutating func addRule(_ name: String, _ expression: GrammarExpression) throws(JSONSchemaError) {
    rules[name] = expression
    guard rules.count <= limits.rules else {
      throw JSONSchemaError(.tooLarge(what: "rules", limit: limits.rules), at: "#")
    }
  }

  /// A rule of its own for a lexical unit, the same for the same expression wherever it is used.
  mutating func unit(_ expression: GrammarExpression, _ name: String) throws(JSONSchemaError) -> GrammarExpression {
    if let known = languages[expression] { return .rule(known) }
    let name = unused(name)
    languages[expression] = name
    try addRule(name, expression)
    return .rule(name)
  }

  // MARK: - Values

  private mutating func expression(of terms: [SchemaTerm], _ name: String) throws(JSONSchemaError) -> GrammarExpression
  {
    var ways: [GrammarExpression] = []
    for way in try expander.cases(of: terms) { ways += try values(of: way, name) }
    return ways.count == 1 ? ways[0] : .choice(ways)
  }

  /// The values of a case, kind by kind.
  mutating func values(of way: SchemaCase, _ name: String) throws(JSONSchemaError) -> [GrammarExpression] {
    if let values = way.values { return [try listed(values, way, name)] }
    var ways: [GrammarExpression] = []
    if way.kinds.contains(.null), !way.excludes(.null) { ways.append(.text("null")) }
    if way.kinds.contains(.boolean) {
      for value in [false, true] where !way.excludes(.bool(value)) { ways.append(.text("\(value)")) }
    }
    if !way.kinds.isDisjoint(with: .number) { ways.append(try number(way, name)) }
    if way.kinds.contains(.string) { ways.append(try string(way, name)) }
    if way.kinds.contains(.array) { ways.append(try array(way, name)) }
    if way.kinds.contains(.object) { ways.append(try object(way, name)) }
    return ways
  }

  /// The values of an `enum` that satisfy all else, as written in the schema.
  private mutating func listed(
    _ values: [JSON], _ way: SchemaCase, _ name: String
  ) throws(JSONSchemaError) -> GrammarExpression {
    var scalars: [GrammarExpression] = []
    var others: [GrammarExpression] = []
    for value in values where try expander.accepts(value, way) {
      switch value {
      case .array, .object: others.append(Self.literal(value))
      default: scalars.append(Self.literal(value))
      }
    }
    if !scalars.isEmpty { others.insert(try unit(.choice(scalars), name + " values"), at: 0) }
    return .choice(others)
  }

  /// The content of a string, without what no string may contain.
  func guarded(_ content: GrammarExpression) -> GrammarExpression {
    guard let barred else { return content }
    let free = GrammarExpression.difference(.anyText, .containing(barred))
    if case .intersection(let parts) = content { return .intersection(parts + [free]) }
    return .intersection([content, free])
  }

  /// One value, with white space where it may be.
  static func literal(_ value: JSON) -> GrammarExpression {
    switch value {
    case .null: .text("null")
    case .bool(let value): .text("\(value)")
    case .integer(let value): .text("\(value)")
    case .double(let value):
      // The same number may be meant as a whole one.
      if let integer = Int(exactly: value) {
        .choice([.text("\(integer)"), .text(value.pythonDescription)])
      } else {
        .text(value.pythonDescription)
      }
    case .string(let text): JSONText.string(JSONText.encoded(text))
    case .array(let elements): bracketed("[", elements.map(literal), "]")
    case .object(let members):
      bracketed(
        "{",
        members.map { name, value in
          .sequence([JSONText.string(JSONText.encoded(name)), space, .text(":"), space, literal(value)])
        }, "}")
    }
  }

  private static func bracketed(_ open: String, _ items: [GrammarExpression], _ close: String) -> GrammarExpression {
    var parts: [GrammarExpression] = [.text(open), space]
    for (position, item) in items.enumerated() {
      if position > 0 { parts += [.text(","), space] }
      parts += [item, space]
    }
    return .sequence(parts + [.text(close)])
  }
}

extension SchemaCase {
  /// The error where arrays or objects are excluded one by one, unless the value is refused anyway.
  func checkExcluded(_ kinds: ValueKinds) throws(JSONSchemaError) {
    for (value, pointer) in excluded where kinds.contains(ComparableValue(value).kind) {
      throw JSONSchemaError(
        .undecidable(keyword: "not", problem: "single arrays and objects cannot be excluded"), at: pointer)
    }
  }
}
