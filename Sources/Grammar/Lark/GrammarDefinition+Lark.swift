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
