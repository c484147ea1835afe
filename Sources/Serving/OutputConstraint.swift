import Grammar
public import JSON

/// What the content of a reply has to be. Thoughts are free, and so is a reply that calls a tool.
public struct OutputConstraint: Sendable, Hashable {
  /// A kind of content.
  public enum Content: Sendable, Hashable {
    /// Any JSON object.
    case jsonObject
    /// A JSON document that satisfies the schema.
    case jsonSchema(JSON)
    /// A text that the regular expression matches from beginning to end; see `RegularExpression`.
    case regularExpression(String)
    /// One of the texts.
    case choice([String])
    /// A text of the grammar, which is written in llama.cpp's GBNF.
    case gbnf(String)
    /// A text of the grammar, which is written in Lark's notation.
    case lark(String)
  }

  /// The content.
  public var content: Content
  /// The request's field that asks for it, for errors.
  public var field: String

  /// A constraint asked for by `field`.
  public init(_ content: Content, field: String) {
    self.content = content
    self.field = field
  }

  /// - Throws: `invalidParameter` that names the field and the place in it.
  func definition() throws(GenerationError) -> GrammarDefinition {
    do {
      switch content {
      case .jsonObject: return .jsonObject()
      case .jsonSchema(let schema): return try GrammarDefinition(jsonSchema: schema)
      case .regularExpression(let pattern):
        return GrammarDefinition(try RegularExpression.expression(pattern, matching: .whole))
      case .choice(let texts): return GrammarDefinition(.choice(texts.map { .text($0) }))
      case .gbnf(let source): return try GrammarDefinition(gbnf: source)
      case .lark(let source): return try GrammarDefinition(lark: source)
      }
    } catch {
      throw invalid("\(error)")
    }
  }

  func invalid(_ reason: String) -> GenerationError {
    .invalidParameter(name: field, message: "'\(field)' cannot be used: \(reason).")
  }
}
