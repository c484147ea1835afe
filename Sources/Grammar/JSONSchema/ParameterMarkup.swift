public import JSON

/// How the members of the outermost object are written where that is not JSON's way: each between tags of its own,
/// strings as they are, all other values as JSON.
public struct ParameterMarkup: Hashable, Sendable {
  /// What stands in front of a member's name.
  public var beforeName: String
  /// What stands between the name and the value.
  public var afterName: String
  /// What stands after the value.
  public var afterValue: String
  /// The characters of names.
  public var nameCharacters: ScalarSet
  /// What a reader takes for the end of a value, so that no value may contain it.
  public var ends: GrammarExpression
  /// By member: the types, by the names of the keyword `type`, of the JSON values that a reader looks for. What is none
  /// of them is a string.
  public var types: [String: Set<String>]
  /// The same for members that are not in `types`.
  public var otherTypes: Set<String>

  /// A way of writing.
  public init(
    beforeName: String, afterName: String, afterValue: String, nameCharacters: ScalarSet, ends: GrammarExpression,
    types: [String: Set<String>], otherTypes: Set<String>
  ) {
    self.beforeName = beforeName
    self.afterName = afterName
    self.afterValue = afterValue
    self.nameCharacters = nameCharacters
    self.ends = ends
    self.types = types
    self.otherTypes = otherTypes
  }

  /// The names that meet all conditions and are none of the others.
  func name(within conditions: [GrammarExpression], without others: [GrammarExpression]) -> GrammarExpression {
    let name = GrammarExpression.repetition(.characters(nameCharacters), atLeast: 1, atMost: nil)
    let within = conditions.isEmpty ? name : .intersection([name] + conditions)
    return others.isEmpty ? within : .difference(within, .choice(others))
  }

  /// The strings that a reader does not take for strings: JSON values of the types, and Python's names for them. Of
  /// arrays and objects, whatever begins like them.
  static func texts(readAs types: Set<String>) -> [GrammarExpression] {
    let space = GrammarExpression.anyNumber(of: .byteClass(ByteSet([0x20, 0x09, 0x0A, 0x0D])))
    let digit = GrammarExpression.byteClass(ByteSet(UInt8(ascii: "0")...UInt8(ascii: "9")))
    let digits = GrammarExpression.repetition(digit, atLeast: 1, atMost: nil)
    let sign = GrammarExpression.byteClass(ByteSet(Array("+-".utf8)))
    let number = GrammarExpression.sequence([
      .optional(.text("-")), digits, .optional(.sequence([.text("."), digits])),
      .optional(.sequence([.byteClass(ByteSet(Array("eE".utf8))), .optional(sign), digits])),
    ])
    func words(_ words: String...) -> GrammarExpression { .choice(words.map { .text($0) }) }
    var texts: [GrammarExpression] = []
    if types.contains("null") { texts.append(words("null", "None")) }
    if types.contains("boolean") { texts.append(words("true", "false", "True", "False")) }
    if !types.isDisjoint(with: ["integer", "number"]) { texts.append(number) }
    if types.contains("array") { texts.append(.sequence([.text("["), .anyBytes])) }
    if types.contains("object") { texts.append(.sequence([.text("{"), .anyBytes])) }
    return texts.map { .sequence([space, $0, space]) }
  }
}

extension GrammarDefinition {
  /// The grammar of the objects that satisfy `schema`, one member after the other as `markup` has it, without
  /// anything around them.
  public init(
    parametersOf schema: JSON, markup: ParameterMarkup, options: JSONSchemaOptions = JSONSchemaOptions()
  ) throws(JSONSchemaError) {
    var compiler = try SchemaCompiler(schema, options: options, barred: markup.ends)
    self = try compiler.parameters(markup)
  }
}

extension SchemaCompiler {
  fileprivate mutating func parameters(_ markup: ParameterMarkup) throws(JSONSchemaError) -> GrammarDefinition {
    let root = "parameters"
    var ways: [GrammarExpression] = []
    for way in try expander.cases(of: expander.canonical([SchemaTerm(node: 0)])) where way.kinds.contains(.object) {
      guard way.values == nil else {
        throw JSONSchemaError(
          .undecidable(keyword: "enum", problem: "the members of these objects are written one by one"), at: "#")
      }
      var way = way
      try way.excludeEmpty(.object([:]), kind: .object) { $0.minProperties = max($0.minProperties, 1) }
      if let members = try members(way, "#", markup) { ways.append(try content(members, way, "#")) }
    }
    guard !ways.isEmpty else { throw JSONSchemaError(.unsatisfiable, at: "#") }
    try addRule(root, .choice(ways))
    return try finished(root)
  }

  /// A member with a name of its own.
  mutating func parameter(
    _ name: String, _ terms: [SchemaTerm], _ place: String, _ markup: ParameterMarkup
  ) throws(JSONSchemaError) -> GrammarExpression {
    guard !name.isEmpty, name.unicodeScalars.allSatisfy(markup.nameCharacters.contains) else {
      throw JSONSchemaError(
        .undecidable(keyword: "properties", problem: "a member called \"\(name)\" cannot be written between tags"),
        at: JSONPointer.appending("properties", to: place))
    }
    return try parameter(
      .text(name), terms, markup.types[name] ?? markup.otherTypes, "\(place) parameter \(name)", markup)
  }

  /// A member whose name the expression has.
  mutating func parameter(
    _ name: GrammarExpression, _ terms: [SchemaTerm], _ types: Set<String>, _ place: String, _ markup: ParameterMarkup
  ) throws(JSONSchemaError) -> GrammarExpression {
    let kinds = types.compactMap(ValueKinds.init(name:)).reduce(ValueKinds()) { $0.union($1) }
    var ways: [GrammarExpression] = []
    for way in try expander.cases(of: expander.canonical(terms)) {
      if way.kinds.contains(.string) {
        // With what follows it, so that one automaton finds its end.
        let barred = [.containing(markup.ends)] + ParameterMarkup.texts(readAs: types)
        let text = GrammarExpression.intersection([try plainText(way), .difference(.anyText, .choice(barred))])
        ways.append(try unit(.sequence([text.flattened, .text(markup.afterValue)]), place + " text"))
      }
      var rest = way
      rest.kinds.formIntersection(kinds.subtracting(.string))
      guard !rest.kinds.isEmpty else { continue }
      ways.append(.sequence([.choice(try values(of: rest, place)), .text(markup.afterValue)]))
    }
    return .sequence([.text(markup.beforeName), name, .text(markup.afterName), .choice(ways)])
  }

  /// The strings that satisfy the case, as they are.
  mutating func plainText(_ way: SchemaCase) throws(JSONSchemaError) -> GrammarExpression {
    if way.hasNoLength || !way.kinds.contains(.string) { return .nothing }
    if let values = way.values {
      var texts: [GrammarExpression] = []
      for case .string(let text) in values where try expander.accepts(.string(text), way) { texts.append(.text(text)) }
      return .choice(texts)
    }
    var conditions: [GrammarExpression] = []
    if way.minLength > 0 || way.maxLength != nil {
      conditions.append(.repetition(.characters(.all), atLeast: way.minLength, atMost: way.maxLength))
    }
    var opposites = way.excluded.compactMap { $0.value.stringValue.map(GrammarExpression.text) }
    for pattern in way.patterns {
      let expression = try expander.patterns.expression(pattern.text, at: pattern.pointer)
      if pattern.isNegated { opposites.append(expression) } else { conditions.append(expression) }
    }
    for format in way.formats {
      conditions.append(try expander.patterns.expression(format: format.name, at: format.pointer))
    }
    if !opposites.isEmpty { conditions.append(.difference(.anyText, .choice(opposites))) }
    return conditions.isEmpty ? .anyText : .intersection(conditions)
  }
}

extension GrammarExpression {
  /// An intersection with the operands of those it combines in their places, so that counted ones are found.
  fileprivate var flattened: GrammarExpression {
    guard case .intersection(let parts) = self else { return self }
    return .intersection(
      parts.flatMap { part in if case .intersection(let inner) = part { inner } else { [part] } })
  }
}
