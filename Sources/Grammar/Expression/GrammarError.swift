/// Why a grammar cannot be used, with the place of the fault.
public enum GrammarError: Error, Hashable, Sendable {
  /// The text of a grammar or regular expression is not well-formed. Lines and columns (in Unicode scalars) count
  /// from 1.
  case malformed(line: Int, column: Int, expected: String)
  /// Something that is understood, but not offered.
  case unsupported(line: Int, column: Int, feature: String, advice: String)
  /// A rule is used and not defined.
  case undefinedRule(String, in: String)
  /// An intersection, difference or counted unit in this rule uses a recursive rule, and so is not regular.
  case notRegular(rule: String, recursive: String)
  /// No text at all satisfies the rule, and so no document satisfies the grammar.
  case matchesNothing(rule: String)
  /// The bounds of a repetition in this rule are negative, or the lower one is above the upper one.
  case invalidBounds(rule: String, atLeast: Int, atMost: Int?)
  /// More than the limits allow.
  case tooLarge(rule: String, what: String, limit: Int)
  /// Compilation took longer than the limits allow; it was at this rule.
  case tooSlow(rule: String, limit: Duration)
}

extension GrammarError: CustomStringConvertible {
  /// One line for a user.
  public var description: String {
    switch self {
    case .malformed(let line, let column, let expected): "line \(line), column \(column): expected \(expected)"
    case .unsupported(let line, let column, let feature, let advice):
      "line \(line), column \(column): \(feature) is not supported; \(advice)"
    case .undefinedRule(let name, let user): "rule \(name), used in \(user), is not defined"
    case .notRegular(let rule, let recursive):
      "rule \(rule) combines what must be regular, but \(recursive) is recursive"
    case .matchesNothing(let rule): "rule \(rule) matches no text at all"
    case .invalidBounds(let rule, let atLeast, let atMost):
      "rule \(rule) repeats between \(atLeast) and \(atMost.map(String.init) ?? "any number of") times"
    case .tooLarge(let rule, let what, let limit): "rule \(rule) takes more than \(limit) \(what)"
    case .tooSlow(let rule, let limit): "compiling rule \(rule) exceeds the limit of \(limit)"
    }
  }
}
