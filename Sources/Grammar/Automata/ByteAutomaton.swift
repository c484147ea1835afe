/// A deterministic automaton over bytes. State 0 is the start; every state leads to an accepting one, but for
/// the start of the automaton that accepts nothing.
struct ByteAutomaton: Sendable {
  /// The class of each of the 256 bytes: bytes of one class lead to the same state everywhere.
  let classes: [UInt8]
  let classCount: Int
  /// For each state, the successor by class; `dead` where there is none.
  let successors: [Int32]
  let accepting: [Bool]

  static let dead: Int32 = -1

  var count: Int { accepting.count }

  /// Whether no text is accepted.
  var isEmpty: Bool { !accepting.contains(true) }

  func successor(of state: Int32, on byte: UInt8) -> Int32 {
    successors[Int(state) * classCount + Int(classes[Int(byte)])]
  }

  /// The successors of a state, by class.
  func row(_ state: Int32) -> ArraySlice<Int32> {
    successors[Int(state) * classCount..<(Int(state) + 1) * classCount]
  }

  /// Whether any byte leads on from the state.
  func continues(_ state: Int32) -> Bool { row(state).contains { $0 != Self.dead } }

  /// The bytes of each class.
  var classMembers: [ByteSet] {
    var members = Array(repeating: ByteSet(), count: classCount)
    for byte in 0..<256 { members[Int(classes[byte])].insert(UInt8(byte)) }
    return members
  }

  /// The bytes that lead on, by state.
  var liveBytes: [ByteSet] {
    let members = classMembers
    return (0..<count).map { state in
      row(Int32(state)).enumerated().reduce(ByteSet()) { set, entry in
        entry.element == Self.dead ? set : set.union(members[entry.offset])
      }
    }
  }

  /// Whether no accepted text is empty or begins another accepted text.
  var isPrefixCode: Bool {
    !accepting[0] && (0..<count).allSatisfy { !accepting[$0] || !continues(Int32($0)) }
  }
}

extension ByteAutomaton {
  /// The texts that both accept, or those of `self` that `other` does not accept.
  func combined(
    with other: ByteAutomaton, removing: Bool, _ budget: CompilationBudget
  ) throws(GrammarError) -> ByteAutomaton {
    var product = Product(first: self, second: other)
    try product.explore(budget) { removing || $0 != Self.dead }
    let accepting = product.pairs.map { pair in
      let second = pair.second != Self.dead && other.accepting[Int(pair.second)]
      return self.accepting[Int(pair.first)] && second != removing
    }
    return ByteAutomaton(
      classes: product.classes, classCount: product.classCount, successors: product.successors, accepting: accepting
    ).trimmed().automaton
  }

  /// The automaton without states that reach no accepting one, and the old numbers of those that stay.
  func trimmed() -> (automaton: ByteAutomaton, kept: [Int32]) {
    var predecessors = Array(repeating: [Int32](), count: count)
    for state in 0..<count {
      for next in row(Int32(state)) where next != Self.dead { predecessors[Int(next)].append(Int32(state)) }
    }
    var live = accepting
    var pending = (0..<count).filter { accepting[$0] }
    while let state = pending.popLast() {
      for previous in predecessors[state] where !live[Int(previous)] {
        live[Int(previous)] = true
        pending.append(Int(previous))
      }
    }
    // The start stays in any case.
    live[0] = true
    var numbers = Array(repeating: Self.dead, count: count)
    var kept: [Int32] = []
    for state in 0..<count where live[state] {
      numbers[state] = Int32(kept.count)
      kept.append(Int32(state))
    }
    let automaton = ByteAutomaton(
      classes: classes, classCount: classCount,
      successors: kept.flatMap { row($0).map { $0 == Self.dead ? $0 : numbers[Int($0)] } },
      accepting: kept.map { accepting[Int($0)] })
    return (automaton, kept)
  }
}
