extension GrammarDefinition {
  /// The grammar of a text in llama.cpp's GBNF: rules `name ::= …`, of which `root` is what documents follow.
  ///
  /// Literals, classes, `.`, groups, `|`, the repetitions `* + ? {m} {m,} {m,n}` and comments mean what they mean there;
  /// rules may be recursive in any way, and a rule may go on in the next line. Tokens (`<think>`, `<[1000]>`) are
  /// refused: no content has special tokens.
  ///
  /// - Throws: `malformed` and `unsupported` with line and column; `tooLarge`.
  public init(gbnf source: String) throws(GrammarError) {
    var parser = try GBNFParser(source)
    self = try parser.grammar()
  }
}
