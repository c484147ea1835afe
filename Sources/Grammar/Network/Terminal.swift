import Synchronization

/// An automaton that a grammar uses as a unit. Shared by all grammars of a vocabulary.
final class Terminal: Sendable {
  /// Of no other terminal, ever.
  let number: UInt64
  let automaton: ByteAutomaton
  let counting: Counting?
  /// By state: the bytes that lead on (whatever the count is).
  let liveBytes: [ByteSet]
  /// By state: whether any byte leads on (whatever the count is).
  let continues: [Bool]
  /// If it counts, the bytes that lead on from where a text may end.
  let bytesAfterTexts: ByteSet

  private let letters: Mutex<FreeLetters>

  init(_ automaton: ByteAutomaton, _ counting: Counting?) {
    letters = Mutex(FreeLetters(automaton, counting))
    number = Self.made.add(1, ordering: .relaxed).newValue
    self.automaton = automaton
    self.counting = counting
    let liveBytes = automaton.liveBytes
    self.liveBytes = liveBytes
    continues = liveBytes.map { !$0.isEmpty }
    bytesAfterTexts =
      counting == nil
      ? ByteSet() : zip(liveBytes, automaton.accepting).reduce(ByteSet()) { $1.1 ? $0.union($1.0) : $0 }
  }

  private static let made = Atomic<UInt64>(0)

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

  /// The letters that can be read freely from a state; see `FreeLetters`.
  func freeLetters(from state: Int32) -> FreeLetters.Found { letters.withLock { $0.letters(from: state) } }

  /// About how much memory it takes, with all that may be found out about its letters.
  var bytes: Int { automaton.successors.count * 5 + automaton.count * 240 }
}
