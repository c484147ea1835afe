import Synchronization

/// An automaton that a grammar uses as a unit, with what it allows of a vocabulary. Shared by all grammars of the
/// vocabulary.
final class Terminal: Sendable {
  let automaton: ByteAutomaton
  let counting: Counting?
  /// By state: the bytes that lead on (whatever the count is).
  let liveBytes: [ByteSet]
  /// By state: whether any byte leads on (whatever the count is).
  let continues: [Bool]

  private let tables = Mutex<[Int32: StateTable]>([:])

  init(_ automaton: ByteAutomaton, _ counting: Counting?) {
    self.automaton = automaton
    self.counting = counting
    liveBytes = automaton.liveBytes
    continues = liveBytes.map { !$0.isEmpty }
  }

  /// Reads nothing at all.
  static let nothing = Terminal(
    ByteAutomaton(
      classes: Array(repeating: 0, count: 256), classCount: 1, successors: [ByteAutomaton.dead], accepting: [false]),
    nil)

  /// Whether it reads no text.
  var isEmpty: Bool { counting.map { !$0.isViable(0, 0) } ?? false || automaton.isEmpty }

  /// Whether it reads the empty text.
  var isNullable: Bool { accepts(0, count: 0) }

  /// Whether a whole text has been read.
  @inline(__always)
  func accepts(_ state: Int32, count: Int32) -> Bool {
    automaton.accepting[Int(state)] && count >= counting?.atLeast ?? 0
  }

  /// Whether a text of at least another byte leads to acceptance.
  @inline(__always)
  func continues(_ state: Int32, count: Int32) -> Bool {
    counting?.continues(state, count) ?? continues[Int(state)]
  }

  /// The state and count after a byte; nil where no text goes on with it.
  @inline(__always)
  func step(_ state: Int32, count: Int32, _ byte: UInt8) -> (state: Int32, count: Int32)? {
    let index = Int(state) * automaton.classCount + Int(automaton.classes[Int(byte)])
    let next = automaton.successors[index]
    guard next != ByteAutomaton.dead else { return nil }
    guard let counting else { return (next, 0) }
    let after = counting.increments[index] ? counting.next(count) : count
    return counting.isViable(next, after) ? (next, after) : nil
  }

  /// What the state allows of the vocabulary, computed at the first call.
  func table(of state: Int32, in vocabulary: TokenVocabulary) -> StateTable {
    tables.withLock { tables in
      if let table = tables[state] { return table }
      let table = StateTable(self, state, vocabulary)
      tables[state] = table
      return table
    }
  }

  /// About how much memory it takes.
  var bytes: Int {
    automaton.successors.count * 5 + automaton.count * 40
      + tables.withLock { tables in tables.values.reduce(0) { $0 + $1.bytes } }
  }
}
