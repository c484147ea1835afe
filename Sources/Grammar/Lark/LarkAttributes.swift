/// What stands in brackets after a rule's name.
struct LarkAttributes {
  /// Whether the rule is one lexeme that is as short as can be.
  var isLazy = false
  /// What a lazy lexeme ends with.
  var suffix: String?

  /// The texts of a rule with these attributes whose body is `body`.
  func applied(to body: GrammarExpression) -> GrammarExpression {
    guard isLazy else { return body }
    let whole = suffix.map { GrammarExpression.sequence([body, .text($0)]) } ?? body
    let longer = GrammarExpression.sequence([
      whole, .repetition(.characters(.all), atLeast: 1, atMost: nil),
    ])
    return .difference(whole, longer)
  }
}

extension LarkParser {
  mutating func attributes() throws(GrammarError) -> LarkAttributes {
    var attributes = LarkAttributes()
    guard take(.mark("[")) else { return attributes }
    repeat {
      guard case .rule(let name) = peek else { throw malformed("an attribute, such as lazy") }
      switch name {
      case "lazy":
        advance()
        attributes.isLazy = true
      case "suffix":
        advance()
        guard take(.mark("=")), case .string(let suffix, ignoresCase: false) = peek, !suffix.isEmpty else {
          throw malformed("= and a string that is not empty")
        }
        advance()
        attributes.isLazy = true
        attributes.suffix = suffix
      case "capture":
        // It names a part of the text for those who parse it.
        advance()
        if take(.mark("=")) {
          guard case .string = peek else { throw malformed("a string: the name of what is captured") }
          advance()
        }
      default: throw unsupported("the attribute \(name)", "use lazy, suffix or capture")
      }
    } while take(.mark(","))
    guard take(.mark("]")) else { throw malformed("a comma or a closing bracket") }
    return attributes
  }
}
