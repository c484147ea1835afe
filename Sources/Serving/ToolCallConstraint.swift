import Grammar
import JSON
import OutputParsing

/// Which tool calls a reply has to hold.
public enum ToolChoice: Sendable, Hashable {
  /// None, or any.
  case automatic
  /// At least one, and nothing but calls.
  case required
  /// Exactly one, of the tool of this name.
  case function(String)

  /// Whether it asks for exactly one call.
  public var isSingle: Bool { if case .function = self { true } else { false } }
}

/// What the calls of a reply have to be, from the first opening tag to the reply's end.
struct ToolCallConstraint: Sendable, Hashable {
  /// How closely the arguments follow the schema.
  enum Strictness: Sendable, Hashable {
    /// To the letter; a schema that cannot be followed is refused.
    case exact
    /// To the letter where that is possible; else they are any object.
    case whereSupported
    /// They are any object.
    case object
  }

  struct Tool: Sendable, Hashable {
    let name: String
    /// The schema of the arguments; nil: there are none.
    let parameters: JSON?
    let strictness: Strictness
    /// The request's field that holds the function.
    let field: String
  }

  let format: ToolCallFormat
  let tools: [Tool]
  /// Whether there is no more than one call.
  let isSingle: Bool

  /// The calls, one after the other as templates write them, with line breaks in front of the first.
  ///
  /// - Parameters:
  ///   - open: reads the opening tag.
  ///   - close: reads the closing tag.
  /// - Throws: `invalidParameter` that names the tool's field and the place in its schema.
  func definition(
    open: GrammarExpression, close: GrammarExpression
  ) throws(GenerationError) -> GrammarDefinition {
    var definition = GrammarDefinition(root: "calls")
    var bodies: [GrammarExpression] = []
    for (index, tool) in tools.enumerated() {
      let arguments = definition.embed(try tool.arguments(format), as: "\(index) \(tool.name) ")
      bodies.append(tool.body(format, arguments))
    }
    definition["call"] = .sequence([open, .text("\n"), .choice(bodies), close])
    let newline = GrammarExpression.text("\n")
    let more = GrammarExpression.anyNumber(of: .sequence([newline, .rule("call")]))
    definition["calls"] = .sequence([
      .repetition(newline, atLeast: 0, atMost: 2), .rule("call"), isSingle ? .empty : more,
    ])
    return definition
  }
}

extension ToolCallConstraint {
  /// The constraint on the calls of a request's replies; nil where they are free.
  init?(_ request: ChatRequest, _ format: ToolCallFormat) {
    let isForced = request.toolChoice != .automatic
    let functions = request.tools.map { $0["function"] ?? $0 }
    guard isForced || functions.contains(where: { $0["strict"]?.boolValue == true }) else { return nil }
    var tools: [Tool] = []
    for (index, function) in functions.enumerated() {
      let name = function["name"]?.stringValue ?? ""
      if case .function(let chosen) = request.toolChoice, name != chosen { continue }
      let strictness: Strictness =
        switch function["strict"]?.boolValue {
        case true: .exact
        case false: isForced ? .whereSupported : .object
        case nil: isForced ? .exact : .object
        }
      tools.append(
        Tool(
          name: name, parameters: function["parameters"].flatMap { $0.isNull ? nil : $0 }, strictness: strictness,
          field: request.toolFields.indices.contains(index) ? request.toolFields[index] : "tools[\(index)]"))
    }
    self.init(
      format: format, tools: tools, isSingle: request.toolChoice.isSingle || !request.allowsParallelToolCalls)
  }
}

extension ToolCallConstraint.Tool {
  /// A call between its tags.
  fileprivate func body(_ format: ToolCallFormat, _ arguments: GrammarExpression) -> GrammarExpression {
    switch format {
    case .json:
      .sequence([
        .text("{\"name\": \(JSON.string(name).serialized()), \"arguments\": "), arguments, .text("}\n"),
      ])
    case .xml: .sequence([.text("<function=\(name)>\n"), arguments, .text("</function>\n")])
    }
  }

  fileprivate func arguments(_ format: ToolCallFormat) throws(GenerationError) -> GrammarDefinition {
    if format == .xml, !name.unicodeScalars.allSatisfy(ToolCallConstraint.nameCharacters.contains) {
      throw .invalidParameter(
        name: "\(field).name", message: "'\(field).name' is \"\(name)\", which this model's format cannot write.")
    }
    do {
      switch strictness {
      case .object: return try Self.object(format)
      case .exact: return try following(format)
      case .whereSupported:
        if let definition = try? following(format) { return definition }
        return try Self.object(format)
      }
    } catch {
      throw .invalidParameter(
        name: "\(field).parameters",
        message: "'\(field).parameters' of the tool '\(name)' cannot be followed: \(error).")
    }
  }

  private static func object(_ format: ToolCallFormat) throws(JSONSchemaError) -> GrammarDefinition {
    switch format {
    case .json: .jsonObject()
    case .xml: try GrammarDefinition(parametersOf: [:], markup: ToolCallConstraint.markup([:]))
    }
  }

  private func following(_ format: ToolCallFormat) throws(JSONSchemaError) -> GrammarDefinition {
    let schema = Self.closed(parameters ?? ["properties": [:]])
    return switch format {
    case .json: try GrammarDefinition(jsonSchema: schema)
    case .xml: try GrammarDefinition(parametersOf: schema, markup: ToolCallConstraint.markup(schema))
    }
  }

  /// The schema as one of objects. Members that it does not name are left out unless it speaks of them: functions do
  /// not expect any.
  private static func closed(_ schema: JSON) -> JSON {
    guard var members = schema.objectValue, members["$ref"] == nil else { return schema }
    if members["type"] == nil { members["type"] = "object" }
    let open = [
      "additionalProperties", "patternProperties", "propertyNames", "minProperties", "allOf", "anyOf", "oneOf", "if",
      "dependentSchemas", "dependentRequired", "dependencies", "unevaluatedProperties",
    ]
    let names = members["properties"]?.objectValue
    let required = (members["required"]?.arrayValue ?? []).compactMap(\.stringValue)
    if let names, !open.contains(where: { members[$0] != nil }), required.allSatisfy({ names[$0] != nil }) {
      members["additionalProperties"] = false
    }
    return .object(members)
  }
}

extension ToolCallConstraint {
  /// What names between tags consist of.
  fileprivate static let nameCharacters = ScalarSet(of: "<>\n").inverted

  /// Parameters as `OutputParser` reads them.
  fileprivate static func markup(_ schema: JSON) -> ParameterMarkup {
    let types = ParameterTypes(schema: schema)
    let blanks = GrammarExpression.anyNumber(of: .byteClass(ByteSet([0x20, 0x09, 0x0A, 0x0D])))
    let close = ToolCallFormat.closingTag
    return ParameterMarkup(
      beforeName: "<parameter=", afterName: ">\n", afterValue: "\n</parameter>\n", nameCharacters: nameCharacters,
      ends: .choice([
        .sequence([
          .text("</parameter>"), blanks, .choice([.text("<parameter="), .text("</function>"), .text(close)]),
        ]),
        .sequence([.text("</function>"), blanks, .text(close)]),
      ]),
      types: types.named, otherTypes: types.others)
  }
}
