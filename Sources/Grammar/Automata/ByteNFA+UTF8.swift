extension ByteNFA {
  /// What is left of a scalar's encoding: values of `length` continuation bytes, six bits each.
  private struct Rest: Hashable {
    var length: Int
    var values: [ClosedRange<UInt32>]
  }

  /// Adds the UTF-8 encodings of the scalars of a set. Paths share their ends, so that a class takes about as many
  /// states as its minimal automaton.
  mutating func add(
    _ scalars: ScalarSet, from: Int32, to: Int32, _ budget: CompilationBudget
  ) throws(GrammarError) {
    var states: [Rest: Int32] = [:]
    // The lengths of UTF-8 and their first bytes (RFC 3629, section 3).
    let lengths: [(scalars: ClosedRange<UInt32>, continuations: Int, marker: UInt32)] = [
      (0...0x7F, 0, 0), (0x80...0x7FF, 1, 0xC0), (0x800...0xFFFF, 2, 0xE0), (0x1_0000...0x10_FFFF, 3, 0xF0),
    ]
    for (part, continuations, marker) in lengths {
      let values = scalars.ranges.compactMap { range in
        range.overlaps(part) ? range.clamped(to: part) : nil
      }
      guard !values.isEmpty else { continue }
      try add(
        Rest(length: continuations, values: values), marker: marker, from: from, to: to, sharing: &states, budget)
    }
  }

  private mutating func add(
    _ rest: Rest, marker: UInt32, from: Int32, to: Int32, sharing states: inout [Rest: Int32],
    _ budget: CompilationBudget
  ) throws(GrammarError) {
    let shift = UInt32(6 * rest.length)
    var bytes: [Rest: ByteSet] = [:]
    var order: [Rest] = []
    var byte: UInt32?
    var values: [ClosedRange<UInt32>] = []
    func closeByte() {
      guard let byte else { return }
      let next = Rest(length: rest.length - 1, values: values)
      if bytes[next] == nil { order.append(next) }
      bytes[next, default: ByteSet()].insert(UInt8(marker | byte))
      values = []
    }
    for range in rest.values {
      for first in (range.lowerBound >> shift)...(range.upperBound >> shift) {
        if first != byte {
          closeByte()
          byte = first
        }
        let base = first << shift
        let lower = max(range.lowerBound, base) - base
        let upper = min(range.upperBound, base + (1 << shift) - 1) - base
        values.append(lower...upper)
      }
    }
    closeByte()
    for next in order {
      guard let set = bytes[next] else { continue }
      guard rest.length > 0 else {
        addEdge(from: from, to: to, set)
        continue
      }
      if let state = states[next] {
        addEdge(from: from, to: state, set)
      } else {
        let state = try addState(budget)
        states[next] = state
        addEdge(from: from, to: state, set)
        try add(next, marker: 0x80, from: state, to: to, sharing: &states, budget)
      }
    }
  }
}
