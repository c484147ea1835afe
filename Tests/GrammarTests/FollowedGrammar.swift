import Grammar
import JSON

/// A grammar that texts are followed through, byte by byte.
struct FollowedGrammar {
  private let grammar: CompiledGrammar

  init(_ definition: GrammarDefinition) throws(GrammarError) {
    let vocabulary = TokenVocabulary(texts: (0...255).map { [UInt8($0)] }, endTokens: [])
    var limits = GrammarLimits()
    limits.time = .seconds(60)  // By the clock, and tests share the machine.
    grammar = try GrammarCompiler(vocabulary: vocabulary, limits: limits).compile(definition)
  }

  init(_ expression: GrammarExpression) throws(GrammarError) { try self.init(GrammarDefinition(expression)) }

  init(jsonSchema schema: JSON, options: JSONSchemaOptions = JSONSchemaOptions()) throws {
    try self.init(GrammarDefinition(jsonSchema: schema, options: options))
  }

  /// Whether the text is a whole document.
  func accepts(_ text: String) -> Bool {
    var matcher = grammar.makeMatcher()
    return text.utf8.allSatisfy { matcher.accept([$0]) } && matcher.isComplete
  }
}
