/// A grammar: named rules, and the one that a whole document follows.
///
/// Errors name rules, so a front end names a rule after its place in the source where the source has no names, for
/// instance by JSON path.
public struct GrammarDefinition: Hashable, Sendable {
  /// The rules by name. Their order has no meaning.
  public private(set) var rules: [String: GrammarExpression]
  /// The name of the rule that documents follow.
  public var root: String

  /// A grammar of the given rules. That `root` and every name used exist is checked when the grammar is compiled.
  public init(root: String, rules: [String: GrammarExpression] = [:]) {
    self.root = root
    self.rules = rules
  }

  /// A grammar of one rule, `root`.
  public init(_ expression: GrammarExpression) {
    self.init(root: "root", rules: ["root": expression])
  }

  /// The expression of a rule; nil if there is none of this name.
  public subscript(name: String) -> GrammarExpression? {
    get { rules[name] }
    set { rules[name] = newValue }
  }
}
