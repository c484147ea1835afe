import ArgumentParser
import Grammar
import JSON

/// What a grammar is written in.
enum GrammarFormat: String, CaseIterable, ExpressibleByArgument {
  case jsonSchema = "json-schema"
  case jsonObject = "json-object"
  case regex
  case choice
  case gbnf
  case lark

  /// The format that files with this ending have; nil where the ending says nothing.
  init?(fileExtension: String) {
    switch fileExtension.lowercased() {
    case "json": self = .jsonSchema
    case "regex": self = .regex
    case "gbnf", "ebnf": self = .gbnf
    case "lark": self = .lark
    default: return nil
    }
  }

  /// Whether the grammar is given as a JSON value, and not as text.
  var isJSON: Bool { self == .jsonSchema || self == .choice }
}

/// The two policies for white space, by name.
enum WhitespaceName: String, CaseIterable, ExpressibleByArgument {
  case compact, flexible

  var policy: JSONSchemaOptions.Whitespace {
    switch self {
    case .compact: .compact
    case .flexible: JSONSchemaOptions().whitespace
    }
  }
}

/// A grammar, and what is to be done with it.
struct GrammarRequest {
  var format: GrammarFormat
  /// A schema, a list of choices, or the text of the grammar.
  var grammar: JSON
  var whitespace = WhitespaceName.flexible
  var documents: [String] = []
  var readsTokens = false
  var sampleCount = 0
  var seed: UInt64 = 0
  var maximumTokens = 1000

  init(format: GrammarFormat, grammar: JSON) {
    self.format = format
    self.grammar = grammar
  }

  /// A request as `--lines` has it.
  init(line: ArraySlice<UInt8>, number: Int) throws(CommandError) {
    let value: JSON
    do {
      value = try JSON(parsing: line)
    } catch {
      throw .badInput(place: "line \(number)", found: "\(error)", expected: "JSON")
    }
    guard case .object(let members) = value else {
      throw .badInput(place: "line \(number)", found: value.kindName, expected: "an object")
    }
    self.init(format: .jsonSchema, grammar: .null)
    for (key, value) in members {
      let failure = { (expected: String) in
        CommandError.badInput(place: "line \(number): \(key)", found: "\(value)", expected: expected)
      }
      switch key {
      case "format":
        guard let format = value.stringValue.flatMap(GrammarFormat.init(rawValue:)) else {
          throw failure("a format of grammars")
        }
        self.format = format
      case "grammar": grammar = value
      case "whitespace":
        guard let name = value.stringValue.flatMap(WhitespaceName.init) else { throw failure("compact or flexible") }
        whitespace = name
      case "documents":
        guard let texts = value.arrayValue?.map(\.stringValue), !texts.contains(nil) else {
          throw failure("an array of strings")
        }
        documents = texts.compactMap(\.self)
      case "tokens":
        guard let flag = value.boolValue else { throw failure("true or false") }
        readsTokens = flag
      case "sample", "max_tokens", "seed":
        guard let count = value.intValue, count >= 0 else { throw failure("a whole number from 0 on") }
        switch key {
        case "sample": sampleCount = count
        case "max_tokens": maximumTokens = count
        default: seed = UInt64(count)
        }
      default: throw failure("no such key; see apus help grammar")
      }
    }
  }

  /// The grammar's definition.
  func definition() throws -> GrammarDefinition {
    switch format {
    case .jsonSchema:
      var options = JSONSchemaOptions()
      options.whitespace = whitespace.policy
      return try GrammarDefinition(jsonSchema: grammar, options: options)
    case .jsonObject: return .jsonObject(whitespace: whitespace.policy)
    case .regex: return GrammarDefinition(try RegularExpression.expression(try text(), matching: .whole))
    case .gbnf: return try GrammarDefinition(gbnf: try text())
    case .lark: return try GrammarDefinition(lark: try text())
    case .choice:
      guard let texts = grammar.arrayValue?.map(\.stringValue), !texts.isEmpty, !texts.contains(nil) else {
        throw CommandError.badInput(place: "grammar", found: grammar.kindName, expected: "an array of strings")
      }
      return GrammarDefinition(.choice(texts.compactMap(\.self).map(GrammarExpression.text)))
    }
  }

  private func text() throws(CommandError) -> String {
    guard let text = grammar.stringValue else {
      throw .badInput(place: "grammar", found: grammar.kindName, expected: "a string")
    }
    return text
  }
}
