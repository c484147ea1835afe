/// A finite automaton given by its transitions, for texts whose expression would be far larger: those of the numbers
/// within bounds, or of the multiples of a number.
public struct TransitionTable: Hashable, Sendable {
  /// The bytes that lead anywhere.
  public let alphabet: [UInt8]
  /// For each state the next one, by position in the alphabet; -1 where the byte leads nowhere. State 0 is the start.
  public let targets: [Int32]
  /// Whether a text may end in the state.
  public let accepting: [Bool]

  /// Nil where the parts do not fit: at least one state, a target a state and byte, and no target but states and -1.
  public init?(alphabet: [UInt8], targets: [Int32], accepting: [Bool]) {
    guard !accepting.isEmpty, targets.count == accepting.count * alphabet.count,
      targets.allSatisfy({ $0 >= -1 && $0 < accepting.count })
    else { return nil }
    self.alphabet = alphabet
    self.targets = targets
    self.accepting = accepting
  }

  /// The bytes that lead on from a state, and where to.
  public func transitions(from state: Int) -> [(byte: UInt8, target: Int)] {
    alphabet.indices.compactMap { index in
      let target = targets[state * alphabet.count + index]
      return target < 0 ? nil : (alphabet[index], Int(target))
    }
  }
}
