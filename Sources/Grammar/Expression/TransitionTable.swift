/// A finite automaton given by its transitions, for texts whose expression would be far larger: those of the numbers
/// within bounds, or of the multiples of a number.
public struct TransitionTable: Hashable, Sendable {
  /// For each state, the next one by byte; a byte that is not there leads nowhere. State 0 is the start.
  public let transitions: [[UInt8: Int]]
  /// Whether a text may end in the state.
  public let accepting: [Bool]

  /// Nil where the parts do not fit: as many entries as states, at least one, and transitions to states only.
  public init?(transitions: [[UInt8: Int]], accepting: [Bool]) {
    guard !transitions.isEmpty, transitions.count == accepting.count,
      transitions.allSatisfy({ $0.values.allSatisfy(accepting.indices.contains) })
    else { return nil }
    self.transitions = transitions
    self.accepting = accepting
  }
}
