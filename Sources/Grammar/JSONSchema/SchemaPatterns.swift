/// The regular expressions of one schema, each read once.
struct SchemaPatterns {
  private var expressions: [String: GrammarExpression] = [:]
  private var formats: [String: GrammarExpression] = [:]

  /// The texts in which the pattern is found.
  mutating func expression(_ pattern: String, at pointer: String) throws(JSONSchemaError) -> GrammarExpression {
    if let known = expressions[pattern] { return known }
    let expression = try read(pattern, .anywhere, at: pointer)
    expressions[pattern] = expression
    return expression
  }

  /// The texts of the format.
  mutating func expression(format: String, at pointer: String) throws(JSONSchemaError) -> GrammarExpression {
    if let known = formats[format] { return known }
    guard let pattern = StringFormats.patterns[format] else {
      let known = StringFormats.patterns.keys.sorted().joined(separator: ", ")
      throw JSONSchemaError(
        .undecidable(keyword: "format", problem: "\"\(format)\" is no regular format; known are \(known)"),
        at: pointer)
    }
    var expression = try read(pattern, .whole, at: pointer)
    if let longest = StringFormats.longest[format] {
      let text = GrammarExpression.repetition(.characters(.all), atLeast: 0, atMost: longest)
      expression = .intersection([expression, text])
    }
    formats[format] = expression
    return expression
  }

  private func read(
    _ pattern: String, _ extent: RegularExpression.Extent, at pointer: String
  ) throws(JSONSchemaError) -> GrammarExpression {
    do throws(GrammarError) {
      return try RegularExpression.expression(pattern, matching: extent)
    } catch {
      throw JSONSchemaError(.invalidPattern("\(error)"), at: pointer)
    }
  }

  /// Whether the pattern is found in `text`.
  mutating func matches(_ text: String, _ pattern: String, at pointer: String) throws(JSONSchemaError) -> Bool {
    try matches(text, try expression(pattern, at: pointer), at: pointer)
  }

  /// Whether `text` is of the format.
  mutating func matches(_ text: String, format: String, at pointer: String) throws(JSONSchemaError) -> Bool {
    try matches(text, try expression(format: format, at: pointer), at: pointer)
  }

  private func matches(
    _ text: String, _ expression: GrammarExpression, at pointer: String
  ) throws(JSONSchemaError) -> Bool {
    guard let matches = expression.matches(text) else {
      throw JSONSchemaError(.tooLarge(what: "steps to match a name or value", limit: 20_000), at: pointer)
    }
    return matches
  }
}
