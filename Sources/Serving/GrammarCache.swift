import Grammar
import Synchronization
import Tokenizer

/// The grammars of recent requests, compiled for the model's vocabulary.
///
/// Compiling happens on the caller's thread, which is never the step loop's, and within `GrammarLimits`. The
/// vocabulary itself is prepared for the first constraint: a few tenths of a second for 150,000 tokens.
final class GrammarCache: Sendable {
  fileprivate struct Entry: Sendable {
    var grammar: CompiledGrammar
    var lastUse: UInt64
  }

  fileprivate struct State: Sendable {
    var entries: [OutputConstraint.Content: Entry] = [:]
    var uses: UInt64 = 0
  }

  private let tokenizer: Tokenizer
  private let endTokens: Set<Int32>
  private let vocabularySize: Int
  private let compiler = Mutex<GrammarCompiler?>(nil)
  private let state = Mutex(State())

  /// Memory that grammars may take while no reply follows them, beside what the compiler keeps for all.
  private static let budgetBytes = 64 << 20

  /// - Parameter vocabularySize: logits in a row; at least the tokenizer's tokens.
  init(tokenizer: Tokenizer, endTokens: Set<Int32>, vocabularySize: Int) {
    self.tokenizer = tokenizer
    self.endTokens = endTokens
    self.vocabularySize = vocabularySize
  }

  /// The grammar of a constraint; nil where there is none.
  ///
  /// - Throws: `invalidParameter` that names the constraint's field, and says what is wrong where.
  func grammar(for constraint: OutputConstraint?) throws(GenerationError) -> CompiledGrammar? {
    guard let constraint else { return nil }
    if let known = state.withLock({ $0.use(constraint.content) }) { return known }
    let definition = try constraint.definition()
    let grammar: CompiledGrammar
    do {
      grammar = try preparedCompiler().compile(definition)
    } catch {
      throw constraint.invalid("\(error)")
    }
    state.withLock { $0.insert(grammar, for: constraint.content, budget: Self.budgetBytes) }
    return grammar
  }

  private func preparedCompiler() -> GrammarCompiler {
    compiler.withLock { compiler in
      if let compiler { return compiler }
      // Text never holds added tokens, special or not: they have a meaning of their own.
      let texts = (0..<Int32(vocabularySize)).map { token in
        tokenizer.isAdded(token) ? nil : tokenizer.bytes(of: token)
      }
      let made = GrammarCompiler(vocabulary: TokenVocabulary(texts: texts, endTokens: Array(endTokens)))
      compiler = made
      return made
    }
  }
}

extension GrammarCache.State {
  fileprivate mutating func use(_ content: OutputConstraint.Content) -> CompiledGrammar? {
    guard let grammar = entries[content]?.grammar else { return nil }
    uses += 1
    entries[content]?.lastUse = uses
    return grammar
  }

  /// Adds a grammar, and drops the least recently used ones beyond the budget.
  fileprivate mutating func insert(_ grammar: CompiledGrammar, for content: OutputConstraint.Content, budget: Int) {
    uses += 1
    entries[content] = GrammarCache.Entry(grammar: grammar, lastUse: uses)
    var total = entries.values.reduce(0) { $0 + $1.grammar.bytes }
    for (content, entry) in entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) where total > budget {
      guard entries.count > 1 else { return }
      total -= entry.grammar.bytes
      entries[content] = nil
    }
  }
}
