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

  /// Takes over another grammar's rules, `prefix` in front of their names, and returns what stands for its documents.
  ///
  /// Of rules that this grammar has under such a name already, the others take the place.
  public mutating func embed(_ other: GrammarDefinition, as prefix: String) -> GrammarExpression {
    for (name, expression) in other.rules { rules[prefix + name] = expression.renamingRules(prefix) }
    return .rule(prefix + other.root)
  }
}

extension GrammarExpression {
  /// The expression with `prefix` in front of every rule's name.
  func renamingRules(_ prefix: String) -> GrammarExpression {
    switch self {
    case .bytes, .byteClass, .characters, .automaton: self
    case .rule(let name): .rule(prefix + name)
    case .sequence(let parts): .sequence(parts.map { $0.renamingRules(prefix) })
    case .choice(let parts): .choice(parts.map { $0.renamingRules(prefix) })
    case .intersection(let parts): .intersection(parts.map { $0.renamingRules(prefix) })
    case .difference(let first, let second): .difference(first.renamingRules(prefix), second.renamingRules(prefix))
    case .repetition(let unit, let atLeast, let atMost):
      .repetition(unit.renamingRules(prefix), atLeast: atLeast, atMost: atMost)
    }
  }
}
