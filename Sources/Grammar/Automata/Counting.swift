/// What makes an automaton count units: it reads any number of units, and how many it has read is kept beside its
/// state. A text is accepted where the automaton accepts it and the count is within the bounds.
struct Counting: Sendable {
  let atLeast: Int32
  /// `unbounded` if any number is allowed.
  let atMost: Int32
  /// Whether a transition ends a unit; beside `ByteAutomaton.successors`.
  let increments: [Bool]
  /// By state: the least number of units that end between it and an accepting state.
  let leastUnits: [Int32]
  /// By state: the greatest number; `unbounded` if there is none.
  let mostUnits: [Int32]
  /// By state: the least number of units that end on a way to an accepting state that is at least a byte
  /// long; `unbounded` if there is no such way.
  let leastUnitsOnward: [Int32]
  /// Whether some state has a greatest number.
  let hasMostUnits: Bool

  static let unbounded = Int32.max

  /// Whether some text leads from the state, with `count` units read, to acceptance.
  @inline(__always)
  func isViable(_ state: Int32, _ count: Int32) -> Bool {
    Self.sum(count, leastUnits[Int(state)]) <= atMost && Self.sum(count, mostUnits[Int(state)]) >= atLeast
  }

  /// Whether some text of at least a byte does.
  @inline(__always)
  func continues(_ state: Int32, _ count: Int32) -> Bool {
    leastUnitsOnward[Int(state)] < Self.unbounded && Self.sum(count, leastUnitsOnward[Int(state)]) <= atMost
  }

  /// The count after another unit. Without an upper bound, counting ends at the lower one.
  @inline(__always)
  func next(_ count: Int32) -> Int32 {
    atMost == Self.unbounded && count >= atLeast ? count : count + 1
  }

  @inline(__always)
  static func sum(_ left: Int32, _ right: Int32) -> Int32 {
    right == unbounded ? unbounded : left + right
  }
}

extension ByteAutomaton {
  /// The automaton that reads `unit`, a prefix code, over and over, as far as `filter` (if any) goes along, and which
  /// of its transitions end a unit.
  private static func repeating(
    _ unit: ByteAutomaton, within filter: ByteAutomaton?, _ budget: CompilationBudget
  ) throws(GrammarError) -> (automaton: ByteAutomaton, increments: [Bool]) {
    // An accepting state of the unit becomes its start.
    let ends = unit.successors.map { $0 != dead && unit.accepting[Int($0)] }
    let loop = ByteAutomaton(
      classes: unit.classes, classCount: unit.classCount,
      successors: zip(unit.successors, ends).map { $1 ? 0 : $0 }, accepting: (0..<unit.count).map { $0 == 0 })
    var product = Product(first: loop, second: filter ?? everything)
    try product.explore(budget) { $0 != dead }
    let all = ByteAutomaton(
      classes: product.classes, classCount: product.classCount, successors: product.successors,
      accepting: product.pairs.map { $0.first == 0 && (filter?.accepting[Int($0.second)] ?? true) })
    let (automaton, kept) = all.trimmed()
    // One byte of each class of the product tells whether its transition ends a unit.
    var representatives = Array(repeating: UInt8(0), count: product.classCount)
    for byte in (0...255).reversed() { representatives[Int(product.classes[byte])] = UInt8(byte) }
    let increments = kept.flatMap { number in
      representatives.map { byte in
        ends[Int(product.pairs[Int(number)].first) * unit.classCount + Int(unit.classes[Int(byte)])]
      }
    }
    return (automaton, increments)
  }

  /// Accepts every text.
  private static var everything: ByteAutomaton {
    ByteAutomaton(classes: Array(repeating: 0, count: 256), classCount: 1, successors: [0], accepting: [true])
  }

  /// The automaton for between `atLeast` and `atMost` texts of `unit` in a row that `filter` (if any) accepts as a
  /// whole. Nil where counting would not be exact; then the repetition has to be expanded.
  static func counting(
    _ unit: ByteAutomaton, atLeast: Int, atMost: Int?, within filter: ByteAutomaton?, _ budget: CompilationBudget
  ) throws(GrammarError) -> (automaton: ByteAutomaton, counting: Counting)? {
    guard unit.isPrefixCode, let lower = Int32(exactly: atLeast), let upper = Int32(exactly: atMost ?? 0) else {
      return nil
    }
    if unit.isEmpty, atLeast > 0 { return (unit, .none(unit)) }
    let (automaton, increments) = try repeating(unit, within: filter, budget)
    if automaton.isEmpty { return (automaton, .none(automaton)) }
    let (least, onward) = try automaton.leastCounts(increments, budget)
    var most = Array(repeating: Counting.unbounded, count: automaton.count)
    if filter != nil, atLeast > 0 {
      guard automaton.count <= Self.statesForGreatestCounts else { return nil }
      most = try automaton.greatestCounts(increments, budget)
      // A way to acceptance that is too long by a cycle can do without it; so if the bounds are further apart than
      // any cycle is long, the least and the greatest number of units decide.
      if let atMost, atMost - atLeast < automaton.count {
        // Often they do in any case. Where ways may also be too short, masks are faster without counting.
        let mayBeShort = least[0] < lower && most.contains { $0 != Counting.unbounded }
        guard !mayBeShort,
          try automaton.isDecidedByExtremes(increments, most, atLeast: atLeast, atMost: atMost, budget)
        else { return nil }
      }
    }
    let counting = Counting(
      atLeast: lower, atMost: atMost == nil ? Counting.unbounded : upper, increments: increments, leastUnits: least,
      mostUnits: most, leastUnitsOnward: onward, hasMostUnits: most.contains { $0 != Counting.unbounded })
    return (automaton, counting)
  }

  /// The search for greatest counts takes time quadratic in the states.
  private static let statesForGreatestCounts = 2048

  /// By state: the least number of increments on a way to an accepting state, and on one of at least a byte.
  private func leastCounts(
    _ increments: [Bool], _ budget: CompilationBudget
  ) throws(GrammarError) -> (least: [Int32], onward: [Int32]) {
    var least = accepting.map { $0 ? 0 : Counting.unbounded }
    var onward = Array(repeating: Counting.unbounded, count: count)
    var changed = true
    while changed {
      changed = false
      for state in (0..<count).reversed() {
        try budget.spend(classCount)
        for index in state * classCount..<(state + 1) * classCount where successors[index] != Self.dead {
          let rest = least[Int(successors[index])]
          guard rest != Counting.unbounded else { continue }
          let way = rest + (increments[index] ? 1 : 0)
          if way < onward[state] {
            onward[state] = way
            least[state] = min(least[state], way)
            changed = true
          }
        }
      }
    }
    return (least, onward)
  }

  /// Whether, wherever a text stands and however many units it has, some way on has a number of units within the bounds
  /// if the least number is not too great, and the greatest not too small: whether from no state the numbers have gaps
  /// that the bounds fit into. False where finding out would take too much.
  private func isDecidedByExtremes(
    _ increments: [Bool], _ most: [Int32], atLeast: Int, atMost: Int, _ budget: CompilationBudget
  ) throws(GrammarError) -> Bool {
    let width = atMost - atLeast + 1
    let horizon = atMost + width
    guard width > 0, horizon < Self.horizonForGaps else { return false }
    // By state, the numbers of units on ways to accepting states, as far as the horizon, as bits.
    let words = horizon / 64 + 1
    var numbers = Array(repeating: UInt64(0), count: count * words)
    for state in 0..<count where accepting[state] { numbers[state * words] = 1 }
    var changed = true
    while changed {
      changed = false
      for state in (0..<count).reversed() {
        try budget.spend(classCount * words)
        for index in state * classCount..<(state + 1) * classCount where successors[index] != Self.dead {
          let next = Int(successors[index]) * words
          var carry: UInt64 = 0
          for word in 0..<words {
            let bits = numbers[next + word]
            let after = increments[index] ? bits << 1 | carry : bits
            carry = bits >> 63
            guard after & ~numbers[state * words + word] != 0 else { continue }
            numbers[state * words + word] |= after
            changed = true
          }
        }
      }
    }
    for state in 0..<count {
      var previous: Int?
      for number in 0...horizon where numbers[state * words + number / 64] >> UInt64(number % 64) & 1 == 1 {
        if let previous, number - previous > width { return false }
        previous = number
      }
      // Whether there are any beyond the horizon does not matter if the last one is far enough.
      if let previous, previous < atMost, Int(most[state]) != previous { return false }
    }
    return true
  }

  /// Numbers of units that are looked at one by one, at most.
  private static let horizonForGaps = 512

  /// By state: the greatest number of increments on a way to an accepting state; `unbounded` where a cycle has one.
  private func greatestCounts(_ increments: [Bool], _ budget: CompilationBudget) throws(GrammarError) -> [Int32] {
    var greatest = accepting.map { $0 ? Int32(0) : -1 }
    var changed = true
    while changed {
      changed = false
      for state in (0..<count).reversed() {
        try budget.spend(classCount)
        for index in state * classCount..<(state + 1) * classCount where successors[index] != Self.dead {
          let rest = greatest[Int(successors[index])]
          guard rest >= 0, greatest[state] != Counting.unbounded else { continue }
          // More increments than states: one of them is on a cycle.
          var way = Counting.sum(increments[index] ? 1 : 0, rest)
          if way > Int32(count) { way = Counting.unbounded }
          if way > greatest[state] {
            greatest[state] = way
            changed = true
          }
        }
      }
    }
    return greatest
  }
}

extension Counting {
  /// Of an automaton that accepts nothing.
  fileprivate static func none(_ automaton: ByteAutomaton) -> Counting {
    let zeros = Array(repeating: Int32(0), count: automaton.count)
    return Counting(
      atLeast: 0, atMost: unbounded, increments: automaton.successors.map { _ in false }, leastUnits: zeros,
      mostUnits: zeros, leastUnitsOnward: zeros, hasMostUnits: true)
  }
}
