/// Compiles grammars for one vocabulary. What grammars have in common is compiled once.
public final class GrammarCompiler: Sendable {
  /// The tokens that compiled grammars choose from.
  public let vocabulary: TokenVocabulary

  private let limits: GrammarLimits
  private let terminals: TerminalCache

  /// - Parameter cacheBytes: About how much memory automata and their masks may take that no grammar uses any longer.
  public init(vocabulary: TokenVocabulary, limits: GrammarLimits = GrammarLimits(), cacheBytes: Int = 256 << 20) {
    self.vocabulary = vocabulary
    self.limits = limits
    terminals = TerminalCache(budgetBytes: cacheBytes)
  }

  /// Checks and compiles a definition, within the limits.
  public func compile(_ definition: GrammarDefinition) throws(GrammarError) -> CompiledGrammar {
    let budget = CompilationBudget(limits, rule: definition.root)
    let analysis = try RuleAnalysis(definition, budget)
    var builder = NetworkBuilder(analysis, terminals, budget)
    return CompiledGrammar(try builder.build(), vocabulary)
  }
}
