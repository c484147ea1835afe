import Synchronization

/// The terminals of recent grammars by their expressions, so that what they allow of the vocabulary is found out once.
final class TerminalCache: Sendable {
  fileprivate struct Entry {
    var terminal: Terminal
    var lastUse: UInt64
  }

  fileprivate struct State {
    var entries: [GrammarExpression: Entry] = [:]
    var uses: UInt64 = 0
    /// Uses until the memory is counted again.
    var untilCount = TerminalCache.usesPerCount
  }

  private let state = Mutex(State())
  private let budgetBytes: Int

  private static let usesPerCount = 64

  init(budgetBytes: Int) {
    self.budgetBytes = budgetBytes
  }

  /// The terminal of an expression, made by `make` if need be; nil if that gives none.
  func terminal(
    for expression: GrammarExpression,
    make: () throws(GrammarError) -> (automaton: ByteAutomaton, counting: Counting?)?
  ) throws(GrammarError) -> Terminal? {
    if let known = state.withLock({ $0.use(expression) }) { return known }
    guard let (automaton, counting) = try make() else { return nil }
    let made = Terminal(automaton, counting)
    return state.withLock { state in
      // Another compilation may have been faster.
      if let known = state.use(expression) { return known }
      state.uses += 1
      state.entries[expression] = Entry(terminal: made, lastUse: state.uses)
      state.untilCount -= 1
      if state.untilCount <= 0 {
        state.untilCount = Self.usesPerCount
        state.evict(to: budgetBytes)
      }
      return made
    }
  }
}

extension TerminalCache.State {
  fileprivate mutating func use(_ expression: GrammarExpression) -> Terminal? {
    guard let terminal = entries[expression]?.terminal else { return nil }
    uses += 1
    entries[expression]?.lastUse = uses
    return terminal
  }

  /// Drops the least recently used until the rest fits.
  fileprivate mutating func evict(to budget: Int) {
    let sizes = entries.mapValues { $0.terminal.bytes }
    var total = sizes.values.reduce(0, +)
    guard total > budget else { return }
    for (expression, _) in entries.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
      guard total > budget else { return }
      total -= sizes[expression] ?? 0
      entries[expression] = nil
    }
  }
}
