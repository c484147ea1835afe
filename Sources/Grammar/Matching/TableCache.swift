import Synchronization

/// The tables of terminals that grammars of one vocabulary have used lately, within a budget. A table that is not there
/// is made again, which takes some hundredths of a millisecond to a few tenths.
final class TableCache: Sendable {
  fileprivate struct Key: Hashable {
    var terminal: UInt64
    var state: Int32
  }

  /// Two generations: what the older one has and is used again moves to the newer one, and when that has half of the
  /// budget, the older one is dropped and the newer one takes its place.
  fileprivate struct State {
    var newer: [Key: StateTable] = [:]
    var older: [Key: StateTable] = [:]
    var newerBytes = 0
    var olderBytes = 0
  }

  private let state = Mutex(State())
  private let budgetBytes: Int
  let vocabulary: TokenVocabulary

  init(_ vocabulary: TokenVocabulary, budgetBytes: Int) {
    self.vocabulary = vocabulary
    self.budgetBytes = budgetBytes
  }

  /// What a state of a terminal allows of the vocabulary.
  func table(_ terminal: Terminal, _ state: Int32) -> StateTable {
    let key = Key(terminal: terminal.number, state: state)
    if let table = self.state.withLock({ $0.use(key, half: budgetBytes / 2) }) { return table }
    let table = StateTable(terminal, state, vocabulary)
    self.state.withLock { $0.insert(table, for: key, half: budgetBytes / 2) }
    return table
  }

  /// Makes tables of the first states of terminals, until a time has passed: what is made while a grammar is compiled
  /// holds up no reply.
  func prepare(_ terminals: [Terminal], for time: Duration) {
    let end = ContinuousClock.now + time
    var pending = terminals.map { (terminal: $0, state: Int32(0)) }
    var seen = Set(pending.map { Key(terminal: $0.terminal.number, state: 0) })
    var next = 0
    while next < pending.count, ContinuousClock.now < end {
      let (terminal, state) = pending[next]
      next += 1
      _ = table(terminal, state)
      for state in terminal.automaton.row(state) where state != ByteAutomaton.dead {
        if seen.insert(Key(terminal: terminal.number, state: state)).inserted { pending.append((terminal, state)) }
      }
    }
  }

  /// About how much memory the tables take.
  var bytes: Int { state.withLock { $0.newerBytes + $0.olderBytes } }
}

extension TableCache.State {
  fileprivate mutating func use(_ key: TableCache.Key, half: Int) -> StateTable? {
    if let table = newer[key] { return table }
    guard let table = older.removeValue(forKey: key) else { return nil }
    olderBytes -= table.bytes
    insert(table, for: key, half: half)
    return table
  }

  fileprivate mutating func insert(_ table: StateTable, for key: TableCache.Key, half: Int) {
    // Another matcher may have been faster, and a table that would take too much is not kept.
    guard newer[key] == nil, table.bytes <= half else { return }
    if newerBytes + table.bytes > half {
      (older, olderBytes) = (newer, newerBytes)
      (newer, newerBytes) = ([:], 0)
    }
    newer[key] = table
    newerBytes += table.bytes
  }
}
