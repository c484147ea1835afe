import Grammar
import OutputParsing
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

  /// What a grammar was made of.
  fileprivate enum Source: Hashable, Sendable {
    case content(OutputConstraint.Content)
    case calls(ToolCallConstraint)
  }

  fileprivate struct State: Sendable {
    var entries: [Source: Entry] = [:]
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
    return try compiled(.content(constraint.content), constraint.definition) { constraint.invalid("\($0)") }
  }

  /// The grammar of tool calls; nil where they are free.
  ///
  /// - Throws: `invalidParameter` that names the field of the tool at fault.
  func grammar(for calls: ToolCallConstraint?) throws(GenerationError) -> CompiledToolCalls? {
    guard let calls else { return nil }
    let (open, close) = (marker(ToolCallFormat.openingTag), marker(ToolCallFormat.closingTag))
    let grammar = try compiled(
      .calls(calls),
      { () throws(GenerationError) in
        try calls.definition(
          open: open == nil ? .text(ToolCallFormat.openingTag) : .marker(0),
          close: close == nil ? .text(ToolCallFormat.closingTag) : .marker(open == nil ? 0 : 1))
      }, invalid: { .invalidParameter(name: "tools", message: "'tools' cannot be followed: \($0).") })
    var begun = grammar.makeMatcher()
    if let open { _ = begun.accept(open) } else { _ = begun.accept(Array(ToolCallFormat.openingTag.utf8)) }
    return CompiledToolCalls(whole: grammar.makeMatcher(), begun: begun)
  }

  private func compiled(
    _ source: Source, _ definition: () throws(GenerationError) -> GrammarDefinition,
    invalid: (GrammarError) -> GenerationError
  ) throws(GenerationError) -> CompiledGrammar {
    if let known = state.withLock({ $0.use(source, budget: Self.budgetBytes) }) { return known }
    let definition = try definition()
    let grammar: CompiledGrammar
    do {
      grammar = try preparedCompiler().compile(definition)
    } catch {
      throw invalid(error)
    }
    state.withLock { $0.insert(grammar, for: source, budget: Self.budgetBytes) }
    return grammar
  }

  /// The special token that a tag is, if it is one.
  private func marker(_ tag: String) -> Int32? {
    tokenizer.id(of: tag).flatMap { tokenizer.isAdded($0) ? $0 : nil }
  }

  private func preparedCompiler() -> GrammarCompiler {
    compiler.withLock { compiler in
      if let compiler { return compiler }
      // Text never holds added tokens, special or not: they have a meaning of their own.
      let texts = (0..<Int32(vocabularySize)).map { token in
        tokenizer.isAdded(token) ? nil : tokenizer.bytes(of: token)
      }
      let markers = [ToolCallFormat.openingTag, ToolCallFormat.closingTag].compactMap(marker)
      let made = GrammarCompiler(
        vocabulary: TokenVocabulary(texts: texts, endTokens: Array(endTokens), markers: markers))
      compiler = made
      return made
    }
  }
}

/// Where replies follow the grammar of their tool calls.
struct CompiledToolCalls: Sendable {
  /// In front of the first call.
  let whole: GrammarMatcher
  /// Behind the first opening tag.
  let begun: GrammarMatcher
}

extension GrammarCache.State {
  private static let usesPerCount: UInt64 = 64

  fileprivate mutating func use(_ source: GrammarCache.Source, budget: Int) -> CompiledGrammar? {
    guard let grammar = entries[source]?.grammar else { return nil }
    uses += 1
    entries[source]?.lastUse = uses
    // Grammars grow while they are followed.
    if uses % Self.usesPerCount == 0 { evict(to: budget) }
    return grammar
  }

  /// Adds a grammar.
  fileprivate mutating func insert(_ grammar: CompiledGrammar, for source: GrammarCache.Source, budget: Int) {
    uses += 1
    entries[source] = GrammarCache.Entry(grammar: grammar, lastUse: uses)
    evict(to: budget)
  }

  /// Drops the least recently used beyond the budget.
  private mutating func evict(to budget: Int) {
    var total = entries.values.reduce(0) { $0 + $1.grammar.bytes }
    for (source, entry) in entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) where total > budget {
      guard entries.count > 1 else { return }
      total -= entry.grammar.bytes
      entries[source] = nil
    }
  }
}
