import Synchronization

/// A grammar, ready to be followed over the vocabulary it was compiled for. Shared by any number of matchers, which
/// learn from each other.
public final class CompiledGrammar: Sendable {
  private let network: GrammarNetwork
  private let tables: TableCache
  private let store: Mutex<ParserStore>

  init(_ network: GrammarNetwork, _ tables: TableCache) {
    self.network = network
    self.tables = tables
    store = Mutex(ParserStore(ParserState(network), tables))
  }

  /// A matcher before the first byte of a document.
  public func makeMatcher() -> GrammarMatcher {
    let store = store.withLock { store in
      if store.isFull || store.isExhausted { store = ParserStore(ParserState(network), tables) }
      return store
    }
    return GrammarMatcher(store)
  }

  /// About how much memory the grammar takes now, with what matchers have learnt, and without the automata that grammars
  /// share.
  public var bytes: Int {
    network.edges.count * 12 + network.nodes.count * 16 + network.terminals.count * 8 + store.withLock { $0.bytes }
  }
}
