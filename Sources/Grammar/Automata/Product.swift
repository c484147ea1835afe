/// Two automata that read the same text, state by state. The second may be dead while the first goes on.
struct Product {
  struct Pair: Hashable {
    var first: Int32
    var second: Int32
  }

  let first: ByteAutomaton
  let second: ByteAutomaton
  /// The classes of bytes that neither automaton tells apart.
  let classes: [UInt8]
  let classCount: Int
  /// The states met, in order of their numbers.
  private(set) var pairs: [Pair] = [Pair(first: 0, second: 0)]
  /// The successors by class, as in `ByteAutomaton`.
  private(set) var successors: [Int32] = []

  /// A byte of each class.
  private let representatives: [UInt8]

  init(first: ByteAutomaton, second: ByteAutomaton) {
    self.first = first
    self.second = second
    var numbers: [Int: UInt8] = [:]
    var classes: [UInt8] = []
    var representatives: [UInt8] = []
    for byte in 0..<256 {
      let key = Int(first.classes[byte]) << 8 | Int(second.classes[byte])
      if numbers[key] == nil {
        numbers[key] = UInt8(representatives.count)
        representatives.append(UInt8(byte))
      }
      classes.append(numbers[key] ?? 0)
    }
    self.classes = classes
    self.representatives = representatives
    classCount = representatives.count
  }

  /// Finds all pairs that some text leads to, as long as the second's state passes `admits`.
  mutating func explore(_ budget: CompilationBudget, admits: (Int32) -> Bool) throws(GrammarError) {
    var numbers: [Pair: Int32] = [pairs[0]: 0]
    var next = 0
    while next < pairs.count {
      let pair = pairs[next]
      next += 1
      try budget.spend(classCount)
      for byte in representatives {
        let successor = Pair(
          first: first.successor(of: pair.first, on: byte),
          second: pair.second == ByteAutomaton.dead ? pair.second : second.successor(of: pair.second, on: byte))
        guard successor.first != ByteAutomaton.dead, admits(successor.second) else {
          successors.append(ByteAutomaton.dead)
          continue
        }
        if let number = numbers[successor] {
          successors.append(number)
        } else {
          try budget.check(pairs.count + 1, "automaton states", limit: budget.limits.automatonStates)
          numbers[successor] = Int32(pairs.count)
          successors.append(Int32(pairs.count))
          pairs.append(successor)
        }
      }
      try budget.check(
        successors.count, "automaton transitions", limit: budget.limits.automatonStates * Self.transitionsPerState)
    }
  }

  /// Transitions that the limit on states allows for a state.
  static let transitionsPerState = 64
}
