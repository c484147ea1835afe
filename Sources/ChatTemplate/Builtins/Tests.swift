/// The names of Jinja's tests.
enum TestName: String, Sendable {
  case odd, even, divisibleby, defined, undefined, filter, test, none, boolean, `false`, `true`, integer, float, lower
  case upper, string, mapping, number, sequence, iterable, callable, sameas, escaped, `in`, eq, equalto, ne, gt
  case greaterthan, ge, lt, lessthan, le
  case equalSign = "=="
  case notEqualSign = "!="
  case greaterSign = ">"
  case greaterOrEqualSign = ">="
  case lessSign = "<"
  case lessOrEqualSign = "<="
}

/// Jinja's tests: what stands after `is`.
struct Tests {
  let budget: Budget

  /// Applies the test called `name`.
  func apply(named name: String, to value: Value, _ arguments: Arguments) throws(Fault) -> Bool {
    guard let test = TestName(rawValue: name) else { throw Fault(.syntax, "there is no test '\(name)'") }
    return try apply(test, to: value, arguments)
  }

  /// Applies a test.
  func apply(_ test: TestName, to value: Value, _ arguments: Arguments) throws(Fault) -> Bool {
    try budget.spend()
    switch test {
    case .divisibleby, .sameas, .in, .eq, .equalto, .equalSign, .ne, .notEqualSign, .gt, .greaterthan, .greaterSign,
      .ge,
      .greaterOrEqualSign, .lt, .lessthan, .lessSign, .le, .lessOrEqualSign:
      let bound = try arguments.bound(
        to: [test == .divisibleby ? "num" : test == .in ? "seq" : "other"], of: test.rawValue, required: 1)
      guard let other = bound[0] else { return false }
      return try apply(test, to: value, other)
    default:
      try arguments.expectNone(of: test.rawValue)
      return try apply(test, to: value)
    }
  }

  private func apply(_ test: TestName, to value: Value, _ other: Value) throws(Fault) -> Bool {
    switch test {
    case .divisibleby: return try isRemainder(value, other, 0)
    case .in: return try Value.contains(other, value, budget)
    case .sameas: return try isSame(value, other)
    case .eq, .equalto, .equalSign: return try Value.areEqual(value, other, budget)
    case .ne, .notEqualSign: return try !Value.areEqual(value, other, budget)
    case .gt, .greaterthan, .greaterSign: return try Value.isOrdered(value, .greater, other, budget)
    case .ge, .greaterOrEqualSign: return try Value.isOrdered(value, .greaterOrEqual, other, budget)
    case .lt, .lessthan, .lessSign: return try Value.isOrdered(value, .less, other, budget)
    default: return try Value.isOrdered(value, .lessOrEqual, other, budget)
    }
  }

  private func apply(_ test: TestName, to value: Value) throws(Fault) -> Bool {
    switch test {
    case .odd: return try isRemainder(value, .integer(2), 1)
    case .even: return try isRemainder(value, .integer(2), 0)
    case .defined: return !value.isUndefined
    case .undefined: return value.isUndefined
    case .filter: return FilterName(rawValue: try value.requiredText()) != nil
    case .test: return TestName(rawValue: try value.requiredText()) != nil
    case .lower: return try value.string(budget).isCased(upper: false)
    case .upper: return try value.string(budget).isCased(upper: true)
    case .string: return value.text != nil
    case .escaped: if case .markup = value { return true }
    case .none: if case .none = value { return true }
    case .boolean: if case .boolean = value { return true }
    case .true: if case .boolean(true) = value { return true }
    case .false: if case .boolean(false) = value { return true }
    case .integer: if case .integer = value { return true }
    case .float: if case .float = value { return true }
    case .number: return value.number != nil
    case .mapping: if case .dictionary = value { return true }
    case .sequence:
      switch value {
      case .undefined, .string, .markup, .list, .tuple, .dictionary, .range: return true
      default: return false
      }
    case .iterable:
      switch value {
      case .undefined, .string, .markup, .list, .tuple, .dictionary, .range, .iterator, .view, .loop: return true
      default: return false
      }
    case .callable:
      switch value {
      case .undefined, .macro, .loop, .method, .function, .joiner: return true
      default: return false
      }
    default: break
    }
    return false
  }

  private func isRemainder(_ value: Value, _ divisor: Value, _ remainder: Int) throws(Fault) -> Bool {
    try Value.areEqual(try Value.apply(.modulo, value, divisor, budget), .integer(remainder), budget)
  }

  /// Identity, decided only where it does not depend on how Python shares objects.
  private func isSame(_ left: Value, _ right: Value) throws(Fault) -> Bool {
    switch (left, right) {
    case (.none, .none): return true
    case (.boolean(let left), .boolean(let right)): return left == right
    case (.none, _), (_, .none), (.boolean, _), (_, .boolean): return false
    default: throw Fault(.unsupported, "'sameas' is supported for none, true and false only")
    }
  }
}
