extension GrammarDefinition {
  /// The grammar of a text in Lark's notation, with llguidance's extensions; `start` is what documents follow.
  ///
  /// Names in upper case are terminals, which are regular; names in lower case are rules. Which texts match is decided
  /// by the grammar alone, without a lexer that takes the longest terminal: priorities, aliases and `?`, `!` before
  /// names make no difference. What `%ignore` names may follow every lexeme. docs/structured-output.md has the list of
  /// what is taken and what is refused.
  ///
  /// - Throws: `malformed` and `unsupported` with line and column; `tooLarge`.
  public init(lark source: String) throws(GrammarError) {
    var parser = try LarkParser(source)
    self = try parser.grammar()
  }
}

extension GrammarExpression {
  /// The expression with other names for the rules it uses.
  func renamingRules(_ name: (String) -> String) -> GrammarExpression {
    switch self {
    case .bytes, .byteClass, .characters, .automaton: self
    case .rule(let old): .rule(name(old))
    case .sequence(let parts): .sequence(parts.map { $0.renamingRules(name) })
    case .choice(let parts): .choice(parts.map { $0.renamingRules(name) })
    case .intersection(let parts): .intersection(parts.map { $0.renamingRules(name) })
    case .difference(let first, let second): .difference(first.renamingRules(name), second.renamingRules(name))
    case .repetition(let unit, let atLeast, let atMost):
      .repetition(unit.renamingRules(name), atLeast: atLeast, atMost: atMost)
    }
  }
}
