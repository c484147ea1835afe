/// Compiles grammars for one vocabulary. What grammars have in common is compiled once.
public final class GrammarCompiler: Sendable {
  /// The tokens that compiled grammars choose from.
  public let vocabulary: TokenVocabulary

  private let limits: GrammarLimits
  private let terminals: TerminalCache
  private let tables: TableCache

  /// - Parameter cacheBytes: About how much memory may be taken by what is kept for all grammars: up to half by what is
  ///   known about the vocabulary, and up to half by automata that no grammar uses any longer.
  public init(vocabulary: TokenVocabulary, limits: GrammarLimits = GrammarLimits(), cacheBytes: Int = 256 << 20) {
    self.vocabulary = vocabulary
    self.limits = limits
    terminals = TerminalCache(budgetBytes: cacheBytes / 2)
    tables = TableCache(vocabulary, budgetBytes: cacheBytes / 2)
  }

  /// Checks and compiles a definition, within the limits.
  public func compile(_ definition: GrammarDefinition) throws(GrammarError) -> CompiledGrammar {
    let budget = CompilationBudget(limits, rule: definition.root)
    let analysis = try RuleAnalysis(definition, budget)
    var builder = NetworkBuilder(analysis, terminals, budget)
    let network = try builder.build()
    tables.prepare(network.terminals, for: limits.preparation)
    return CompiledGrammar(network, tables)
  }
}
