/// The decimal texts of the numbers that satisfy bounds and divisors, without exponents.
///
/// Read from the left, a number's order relative to a bound follows from the count of digits before the point and from
/// the first digit that differs, and its remainder from the digits so far. Both are a state; the texts are those of a
/// finite automaton, exact for numbers of any length up to the limits on digits.
///
/// Multiples have at most 19 digits before the point, other numbers 64, unless a bound has more.
struct NumberLanguage {
  /// Which numbers are wanted.
  struct Condition: Hashable {
    var minimum: NumberBound?
    var maximum: NumberBound?
    /// Numbers that are excluded.
    var excluded: [ExactDecimal] = []
    var divisor: Divisor?
    /// Whether whole numbers are wanted. They are written without a point where no others are.
    var allowsIntegers = true
    var allowsFractions = true
  }

  /// The numbers that are a multiple of `multiple` · 10^-`scale`.
  struct Divisor: Hashable {
    var multiple: Int
    var scale: Int
  }

  private enum Phase: UInt8, Hashable {
    case start, sign, zero, whole, point, fraction
  }

  private struct State: Hashable {
    var phase = Phase.start
    var isNegative = false
    /// Digits so far on the present side of the point.
    var count = 0
    /// The magnitude's order relative to each reference's, by the digits so far.
    var orders = Orders()
    var remainder = 0
    /// Whether a digit other than 0 stands after the point.
    var hasFraction = false
  }

  /// An order, -1, 0 or 1, for each of up to 32 references.
  private struct Orders: Hashable {
    private var bits: UInt64 = 0

    static let limit = 32

    subscript(index: Int) -> Int8 {
      get { (Int8(truncatingIfNeeded: (bits >> UInt64(2 * index)) & 3) << 6) >> 6 }
      set {
        bits &= ~(3 << UInt64(2 * index))
        bits |= UInt64(UInt8(bitPattern: newValue) & 3) << UInt64(2 * index)
      }
    }
  }

  /// The most numbers that can be excluded beside two bounds.
  static let excludedLimit = Orders.limit - 2

  private let condition: Condition
  private let references: [ExactDecimal]
  private let wholeLimit: Int
  private let fractionLimit: Int

  init(_ condition: Condition) {
    self.condition = condition
    references = [condition.minimum?.value, condition.maximum?.value].compactMap(\.self) + condition.excluded
    let needed = references.map(\.whole.count).max() ?? 1
    // Each digit multiplies the states of a divisor, so there are no more of them than 64-bit integers have.
    wholeLimit = max(needed, condition.divisor == nil ? JSONText.wholeDigits : 19)
    let scale = condition.divisor?.scale ?? 0
    let fractions = max(references.map(\.fraction.count).max() ?? 0, scale)
    fractionLimit =
      condition.allowsFractions ? (condition.divisor == nil ? max(fractions + 8, 32) : fractions + 8) : 0
  }

  /// The automaton; nil where it takes more states than the limit.
  func automaton(stateLimit: Int) -> TransitionTable? {
    let alphabet = Array("-.0123456789".utf8)
    var states = [State()]
    var numbers = [states[0]: Int32(0)]
    var targets: [Int32] = []
    var next = 0
    while next < states.count {
      for byte in alphabet {
        guard let state = step(states[next], byte) else {
          targets.append(-1)
          continue
        }
        if let known = numbers[state] {
          targets.append(known)
          continue
        }
        guard states.count < stateLimit else { return nil }
        numbers[state] = Int32(states.count)
        targets.append(Int32(states.count))
        states.append(state)
      }
      next += 1
    }
    return TransitionTable(alphabet: alphabet, targets: targets, accepting: states.map(accepts))
  }

  // MARK: - One byte

  private func step(_ state: State, _ byte: UInt8) -> State? {
    switch (state.phase, byte) {
    case (.start, UInt8(ascii: "-")):
      var next = state
      next.phase = .sign
      next.isNegative = true
      return next
    case (.zero, UInt8(ascii: ".")), (.whole, UInt8(ascii: ".")):
      return fractionLimit > 0 ? pointed(state) : nil
    case (.start, UInt8(ascii: "0")...UInt8(ascii: "9")), (.sign, UInt8(ascii: "0")...UInt8(ascii: "9")):
      return whole(state, byte - UInt8(ascii: "0"), phase: byte == UInt8(ascii: "0") ? .zero : .whole)
    case (.whole, UInt8(ascii: "0")...UInt8(ascii: "9")):
      return whole(state, byte - UInt8(ascii: "0"), phase: .whole)
    case (.point, UInt8(ascii: "0")...UInt8(ascii: "9")), (.fraction, UInt8(ascii: "0")...UInt8(ascii: "9")):
      return fraction(state, byte - UInt8(ascii: "0"))
    default: return nil
    }
  }

  private func whole(_ state: State, _ digit: UInt8, phase: Phase) -> State? {
    guard state.count < wholeLimit, !exceedsBound(state) else { return nil }
    var next = state
    next.phase = phase
    for (index, reference) in references.enumerated() where state.orders[index] == 0 {
      if reference.whole.indices.contains(state.count) {
        next.orders[index] = Self.order(digit, reference.whole[state.count])
      }
    }
    next.count += 1
    next.remainder = remainder(after: digit, state)
    return next
  }

  /// Whether another digit before the point puts the number beyond the bound that is farther from zero.
  private func exceedsBound(_ state: State) -> Bool {
    if state.isNegative {
      guard let minimum = condition.minimum?.value else { return false }
      return minimum.isNegative ? state.count >= minimum.whole.count : !minimum.isZero
    }
    guard let maximum = condition.maximum?.value else { return false }
    return maximum.isNegative || state.count >= maximum.whole.count
  }

  /// Past the last digit before the point, lengths decide.
  private func pointed(_ state: State) -> State {
    var next = state
    next.phase = .point
    next.orders = settled(state)
    next.count = 0
    return next
  }

  private func settled(_ state: State) -> Orders {
    var orders = state.orders
    for (index, reference) in references.enumerated() where state.count != reference.whole.count {
      orders[index] = state.count < reference.whole.count ? -1 : 1
    }
    return orders
  }

  private func fraction(_ state: State, _ digit: UInt8) -> State? {
    guard state.count < fractionLimit else { return nil }
    var next = state
    next.phase = .fraction
    for (index, reference) in references.enumerated() where state.orders[index] == 0 {
      let expected = reference.fraction.indices.contains(state.count) ? reference.fraction[state.count] : 0
      next.orders[index] = Self.order(digit, expected)
    }
    if digit != 0 { next.hasFraction = true }
    if let divisor = condition.divisor {
      if state.count < divisor.scale {
        next.remainder = remainder(after: digit, state)
      } else if digit != 0 {
        return nil
      }
    }
    next.count += 1
    return next
  }

  private func remainder(after digit: UInt8, _ state: State) -> Int {
    guard let divisor = condition.divisor else { return 0 }
    return (state.remainder * 10 + Int(digit)) % divisor.multiple
  }

  private static func order(_ left: UInt8, _ right: UInt8) -> Int8 { left == right ? 0 : (left < right ? -1 : 1) }

  // MARK: - The end

  private func accepts(_ state: State) -> Bool {
    guard [.zero, .whole, .fraction].contains(state.phase) else { return false }
    guard state.hasFraction ? condition.allowsFractions : condition.allowsIntegers else { return false }
    let digitsAfterPoint = state.phase == .fraction ? state.count : 0
    if let divisor = condition.divisor {
      var remainder = state.remainder
      for _ in 0..<max(0, divisor.scale - digitsAfterPoint) { remainder = remainder * 10 % divisor.multiple }
      if remainder != 0 { return false }
    }
    var orders = magnitudeOrders(state, digitsAfterPoint)
    for (index, reference) in references.enumerated() {
      orders[index] = Self.signed(orders[index], isNegative: state.isNegative, reference)
    }
    var index = 0
    if let minimum = condition.minimum {
      if orders[index] < (minimum.isExclusive ? 1 : 0) { return false }
      index += 1
    }
    if let maximum = condition.maximum {
      if orders[index] > (maximum.isExclusive ? -1 : 0) { return false }
      index += 1
    }
    return (index..<references.count).allSatisfy { orders[$0] != 0 }
  }

  private func magnitudeOrders(_ state: State, _ digitsAfterPoint: Int) -> Orders {
    var orders = state.phase == .fraction ? state.orders : settled(state)
    for (index, reference) in references.enumerated()
    where orders[index] == 0 && reference.fraction.count > digitsAfterPoint {
      orders[index] = -1  // The reference has more digits, and its last one is not 0.
    }
    return orders
  }

  /// The order of a number relative to a reference, from that of their magnitudes.
  private static func signed(_ order: Int8, isNegative: Bool, _ reference: ExactDecimal) -> Int8 {
    switch (isNegative, reference.isNegative) {
    case (false, false): order
    case (true, true): -order
    case (false, true): 1
    case (true, false): reference.isZero && order == 0 ? 0 : -1
    }
  }
}
