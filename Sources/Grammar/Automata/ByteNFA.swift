/// A nondeterministic automaton over bytes with empty moves, under construction.
struct ByteNFA {
  struct Edge {
    var from: Int32
    var to: Int32
    var bytes: ByteSet
  }

  /// The states are `0..<count`.
  private(set) var count: Int32 = 2
  private(set) var edges: [Edge] = []
  private(set) var emptyMoves: [(from: Int32, to: Int32)] = []

  let start: Int32 = 0
  let accept: Int32 = 1

  mutating func addState(_ budget: CompilationBudget) throws(GrammarError) -> Int32 {
    try budget.check(Int(count) + 1, "automaton states", limit: budget.limits.automatonStates)
    try budget.spend()
    count += 1
    return count - 1
  }

  mutating func addEdge(from: Int32, to: Int32, _ bytes: ByteSet) {
    if !bytes.isEmpty { edges.append(Edge(from: from, to: to, bytes: bytes)) }
  }

  mutating func addEmptyMove(from: Int32, to: Int32) {
    if from != to { emptyMoves.append((from, to)) }
  }
}

extension ByteNFA {
  /// Adds a path of the given bytes.
  mutating func add(
    bytes: [UInt8], from: Int32, to: Int32, _ budget: CompilationBudget
  ) throws(GrammarError) {
    guard let last = bytes.last else { return addEmptyMove(from: from, to: to) }
    var state = from
    for byte in bytes.dropLast() {
      let next = try addState(budget)
      addEdge(from: state, to: next, ByteSet([byte]))
      state = next
    }
    addEdge(from: state, to: to, ByteSet([last]))
  }

  /// Adds paths of several texts that share what they begin with. `texts` ascend and differ.
  mutating func add(
    texts: ArraySlice<[UInt8]>, offset: Int = 0, from: Int32, to: Int32, _ budget: CompilationBudget
  ) throws(GrammarError) {
    var rest = texts
    if let first = rest.first, first.count == offset {
      addEmptyMove(from: from, to: to)
      rest = rest.dropFirst()
    }
    while let first = rest.first {
      let byte = first[offset]
      let others = rest.firstIndex { $0[offset] != byte } ?? rest.endIndex
      let group = rest[rest.startIndex..<others]
      rest = rest[others...]
      // The longest common beginning is that of the first and the last; it becomes one chain, so that the depth of
      // this recursion is the number of branches, at most.
      var end = offset + 1
      if let last = group.last {
        while end < first.count, end < last.count, first[end] == last[end] { end += 1 }
      }
      if group.count == 1 {
        try add(bytes: Array(first[offset...]), from: from, to: to, budget)
      } else {
        let branch = try addState(budget)
        try add(bytes: Array(first[offset..<end]), from: from, to: branch, budget)
        try add(texts: group, offset: end, from: branch, to: to, budget)
      }
    }
  }

  /// Adds a copy of a deterministic automaton.
  mutating func add(
    _ automaton: ByteAutomaton, from: Int32, to: Int32, _ budget: CompilationBudget
  ) throws(GrammarError) {
    let members = automaton.classMembers
    var states: [Int32] = []
    for _ in 0..<automaton.count { states.append(try addState(budget)) }
    addEmptyMove(from: from, to: states[0])
    for state in 0..<automaton.count {
      var bytesByTarget: [Int32: ByteSet] = [:]
      for (number, next) in automaton.row(Int32(state)).enumerated() where next != ByteAutomaton.dead {
        bytesByTarget[next, default: ByteSet()] = bytesByTarget[next, default: ByteSet()].union(members[number])
      }
      for (next, bytes) in bytesByTarget.sorted(by: { $0.key < $1.key }) {
        addEdge(from: states[state], to: states[Int(next)], bytes)
      }
      if automaton.accepting[state] { addEmptyMove(from: states[state], to: to) }
    }
  }
}
