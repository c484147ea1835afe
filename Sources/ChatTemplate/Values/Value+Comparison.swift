extension Value {
  /// Python's `==`.
  static func areEqual(_ left: Value, _ right: Value, _ budget: Budget) throws(Fault) -> Bool {
    try budget.spend()
    switch (left, right) {
    case (.undefined, .undefined), (.none, .none): return true
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      return try areEqual(left.elements, right.elements, budget)
    case (.dictionary(let left), .dictionary(let right)):
      guard left.count == right.count else { return false }
      for (key, value) in left.entries {
        guard let other = try right.value(for: key, budget), try areEqual(value, other, budget) else { return false }
      }
      return true
    case (.range(let left), .range(let right)):
      return left.count == right.count
        && (left.count == 0 || left.start == right.start && (left.count == 1 || left.step == right.step))
    case (.iterator(let left), .iterator(let right)): return left === right
    case (.namespace(let left), .namespace(let right)): return left === right
    case (.macro(let left), .macro(let right)): return left === right
    case (.loop(let left), .loop(let right)): return left === right
    case (.cycler(let left), .cycler(let right)): return left === right
    case (.joiner(let left), .joiner(let right)): return left === right
    case (.function(let left), .function(let right)): return left == right
    case (.view, .view), (.method, .method):
      throw Fault(.unsupported, "comparing two values of type '\(left.typeName)' is not supported")
    default:
      if let left = left.text, let right = right.text { return left.hasSameBytes(as: right) }
      return compareNumbers(left, right) == .some(0)
    }
  }

  private static func areEqual(_ left: [Value], _ right: [Value], _ budget: Budget) throws(Fault) -> Bool {
    guard left.count == right.count else { return false }
    for (left, right) in zip(left, right) where try !areEqual(left, right, budget) { return false }
    return true
  }

  /// -1, 0 or 1 for two numbers in order; nil where one is no number, or NaN.
  private static func compareNumbers(_ left: Value, _ right: Value) -> Int? {
    if let left = left.integer, let right = right.integer { return left < right ? -1 : left > right ? 1 : 0 }
    guard let left = ExactNumber(left), let right = ExactNumber(right), !left.isNaN, !right.isNaN else { return nil }
    return left.compare(right)
  }

  /// Python's order. `ordering` is a comparison other than equality.
  static func isOrdered(
    _ left: Value, _ ordering: ComparisonOperator, _ right: Value, _ budget: Budget
  ) throws(Fault) -> Bool {
    try budget.spend()
    if case .undefined(let undefined) = left { throw undefined.fault }
    if case .undefined(let undefined) = right { throw undefined.fault }
    if let left = left.text, let right = right.text {
      // The order of UTF-8 bytes is that of code points.
      let isEqual = left.hasSameBytes(as: right)
      return holds(ordering, isEqual ? 0 : left.utf8.lexicographicallyPrecedes(right.utf8) ? -1 : 1)
    }
    if left.number != nil, right.number != nil {
      return compareNumbers(left, right).map { holds(ordering, $0) } ?? false
    }
    switch (left, right) {
    case (.list(let left), .list(let right)), (.tuple(let left), .tuple(let right)):
      for (left, right) in zip(left.elements, right.elements) where try !areEqual(left, right, budget) {
        return try isOrdered(left, ordering, right, budget)
      }
      return holds(ordering, left.elements.count - right.elements.count)
    case (.view, .view): throw Fault(.unsupported, "comparing dictionary views is not supported")
    default:
      throw Fault(
        .type, "'\(ordering.rawValue)' is not defined between '\(left.typeName)' and '\(right.typeName)'")
    }
  }

  private static func holds(_ ordering: ComparisonOperator, _ sign: Int) -> Bool {
    switch ordering {
    case .less: sign < 0
    case .lessOrEqual: sign <= 0
    case .greater: sign > 0
    case .greaterOrEqual: sign >= 0
    case .equal: sign == 0
    case .notEqual: sign != 0
    case .contained, .notContained: false
    }
  }

  /// Python's `in`.
  static func contains(_ container: Value, _ element: Value, _ budget: Budget) throws(Fault) -> Bool {
    switch container {
    case .string(let text), .markup(let text):
      guard let part = element.text else {
        throw Fault(.type, "'in <string>' needs a string on its left, not '\(element.typeName)'")
      }
      try budget.spend(text: text)
      return text.firstRange(ofBytes: part) != nil
    case .dictionary(let dictionary): return try dictionary.value(for: element, budget) != nil
    case .range(let range):
      guard let number = element.number else { return false }
      guard let wanted = Int(exactly: number), range.count > 0 else { return false }
      let (distance, overflow) = wanted.subtractingReportingOverflow(range.start)
      let index = distance.dividedReportingOverflow(by: range.step).partialValue
      let remainder = distance.remainderReportingOverflow(dividingBy: range.step).partialValue
      return !overflow && remainder == 0 && (0..<range.count).contains(index)
    case .view(let view) where view.part == .keys: return try view.dictionary.value(for: element, budget) != nil
    case .undefined: return false
    case .namespace, .macro, .method, .function, .cycler, .joiner, .none, .boolean, .integer, .float:
      throw Fault(.type, "'\(container.typeName)' has no elements to look in")
    case .iterator(let iterator):
      while let candidate = try iterator.next() {
        if try areEqual(candidate, element, budget) { return true }
      }
      return false
    case .loop: throw Fault(.unsupported, "looking for a value in 'loop' is not supported")
    case .list, .tuple, .view:
      for candidate in try container.elements(budget) where try areEqual(candidate, element, budget) { return true }
      return false
    }
  }
}

/// An integer or double compared exactly, as Python compares the two kinds.
private enum ExactNumber {
  case integer(Int)
  case float(Double)

  init?(_ value: Value) {
    if let integer = value.integer {
      self = .integer(integer)
    } else if case .float(let double) = value {
      self = .float(double)
    } else {
      return nil
    }
  }

  var isNaN: Bool {
    if case .float(let value) = self { value.isNaN } else { false }
  }

  func compare(_ other: ExactNumber) -> Int {
    switch (self, other) {
    case (.integer(let left), .integer(let right)): return left < right ? -1 : left > right ? 1 : 0
    case (.float(let left), .float(let right)): return left < right ? -1 : left > right ? 1 : 0
    case (.float, .integer): return -other.compare(self)
    case (.integer(let left), .float(let right)):
      // Beyond the integers' range the double's sign decides; within it its floor is exact.
      if right >= 0x1p63 { return -1 }
      if right < -0x1p63 { return 1 }
      let floor = right.rounded(.down)
      let whole = Int(floor)
      if left != whole { return left < whole ? -1 : 1 }
      return right > floor ? -1 : 0
    }
  }
}
