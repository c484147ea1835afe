import Foundation

extension Value {
  /// Python's binary operators.
  static func apply(
    _ operation: BinaryOperator, _ left: Value, _ right: Value, _ budget: Budget
  ) throws(Fault) -> Value {
    if case .string(let format) = left, operation == .modulo {
      return .string(try PercentFormatter.format(format, right, budget))
    }
    if case .undefined(let undefined) = left { throw undefined.fault }
    if case .undefined(let undefined) = right { throw undefined.fault }
    if let left = left.integer, let right = right.integer { return try applyIntegers(operation, left, right) }
    if let left = left.number, let right = right.number {
      return .float(try applyFloats(operation, left, right))
    }
    switch operation {
    case .add: return try concatenate(left, right, budget)
    case .multiply:
      if let count = right.integer { return try repeated(left, count, budget) }
      if let count = left.integer { return try repeated(right, count, budget) }
    default: break
    }
    throw unsupportedOperands(operation, left, right)
  }

  /// Python's signs before a value.
  static func apply(_ operation: UnaryOperator, _ value: Value) throws(Fault) -> Value {
    if case .undefined(let undefined) = value { throw undefined.fault }
    if let integer = value.integer {
      guard operation == .minus else { return .integer(integer) }
      return .integer(try checked(0.subtractingReportingOverflow(integer)))
    }
    guard case .float(let number) = value else {
      throw Fault(.type, "a sign before '\(value.typeName)' is not defined")
    }
    return .float(operation == .minus ? -number : number)
  }

  private static func unsupportedOperands(_ operation: BinaryOperator, _ left: Value, _ right: Value) -> Fault {
    if case .markup = left {
      return Fault(.unsupported, "'\(operation.rawValue)' on text marked safe is not supported")
    }
    if case .markup = right {
      return Fault(.unsupported, "'\(operation.rawValue)' on text marked safe is not supported")
    }
    return Fault(
      .type, "'\(operation.rawValue)' is not defined between '\(left.typeName)' and '\(right.typeName)'")
  }

  // MARK: - Sequences

  private static func concatenate(_ left: Value, _ right: Value, _ budget: Budget) throws(Fault) -> Value {
    switch (left, right) {
    case (.string(let left), .string(let right)):
      try budget.spend(textBytes: left.utf8.count + right.utf8.count)
      return .string(left + right)
    case (.markup, .string), (.string, .markup), (.markup, .markup):
      // Text marked safe stays so; what is joined to it is escaped.
      let text = try left.escaped(budget) + right.escaped(budget)
      try budget.spend(text: text)
      return .markup(text)
    case (.list(let left), .list(let right)):
      try budget.spend(elements: left.elements.count + right.elements.count)
      return .list(try ListValue(left.elements + right.elements))
    case (.tuple(let left), .tuple(let right)):
      try budget.spend(elements: left.elements.count + right.elements.count)
      return .tuple(try ListValue(left.elements + right.elements))
    default: throw unsupportedOperands(.add, left, right)
    }
  }

  private static func repeated(_ value: Value, _ count: Int, _ budget: Budget) throws(Fault) -> Value {
    let count = max(0, count)
    switch value {
    case .string(let text):
      let (size, overflow) = text.utf8.count.multipliedReportingOverflow(by: count)
      try budget.spend(textBytes: overflow ? .max : size)
      return .string(text.isEmpty ? "" : String(repeating: text, count: count))
    case .list(let list): return .list(try repeated(list, count, budget))
    case .tuple(let list): return .tuple(try repeated(list, count, budget))
    default: throw unsupportedOperands(.multiply, value, .integer(count))
    }
  }

  private static func repeated(_ list: ListValue, _ count: Int, _ budget: Budget) throws(Fault) -> ListValue {
    let (size, overflow) = list.elements.count.multipliedReportingOverflow(by: count)
    try budget.spend(elements: overflow ? .max : size)
    guard size > 0 else { return try ListValue([]) }
    return try ListValue(Array(repeatElement(list.elements, count: count).joined()))
  }

  // MARK: - Numbers

  private static func checked(_ result: (partialValue: Int, overflow: Bool)) throws(Fault) -> Int {
    guard !result.overflow else { throw Fault(.unsupported, "integers beyond 64 bits are not supported") }
    return result.partialValue
  }

  private static let zeroDivision = Fault(.value, "division by zero")

  private static func applyIntegers(
    _ operation: BinaryOperator, _ left: Int, _ right: Int
  ) throws(Fault) -> Value {
    switch operation {
    case .add: return .integer(try checked(left.addingReportingOverflow(right)))
    case .subtract: return .integer(try checked(left.subtractingReportingOverflow(right)))
    case .multiply: return .integer(try checked(left.multipliedReportingOverflow(by: right)))
    case .divide:
      guard right != 0 else { throw zeroDivision }
      guard left.magnitude <= 1 << 53, right.magnitude <= 1 << 53 else {
        throw Fault(.unsupported, "dividing integers beyond 53 bits is not supported")
      }
      return .float(Double(left) / Double(right))
    case .floorDivide:
      guard right != 0 else { throw zeroDivision }
      let quotient = try checked(left.dividedReportingOverflow(by: right))
      return .integer(left % right != 0 && (left < 0) != (right < 0) ? quotient - 1 : quotient)
    case .modulo:
      guard right != 0 else { throw zeroDivision }
      let remainder = left.remainderReportingOverflow(dividingBy: right).partialValue
      return .integer(remainder != 0 && (remainder < 0) != (right < 0) ? remainder + right : remainder)
    case .power:
      guard right >= 0 else { return .float(try applyFloats(.power, Double(left), Double(right))) }
      return .integer(try power(left, right))
    }
  }

  private static func power(_ base: Int, _ exponent: Int) throws(Fault) -> Int {
    if base == 0 || base == 1 { return exponent == 0 ? 1 : base }
    if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
    // With a larger base, 64 multiplications overflow for certain.
    var result = 1
    for _ in 0..<min(exponent, 64) { result = try checked(result.multipliedReportingOverflow(by: base)) }
    return result
  }

  private static func applyFloats(
    _ operation: BinaryOperator, _ left: Double, _ right: Double
  ) throws(Fault) -> Double {
    switch operation {
    case .add: return left + right
    case .subtract: return left - right
    case .multiply: return left * right
    case .divide:
      guard right != 0 else { throw zeroDivision }
      return left / right
    case .floorDivide, .modulo:
      guard right != 0 else { throw zeroDivision }
      var remainder = fmod(left, right)
      if remainder != 0, (remainder < 0) != (right < 0) { remainder += right }
      if operation == .modulo { return remainder == 0 ? copysign(0, right) : remainder }
      let quotient = (left - remainder) / right
      if quotient == 0 { return copysign(0, left / right) }
      let floor = quotient.rounded(.down)
      return quotient - floor > 0.5 ? floor + 1 : floor
    case .power:
      guard left != 0 || right >= 0 else { throw zeroDivision }
      guard left >= 0 || right == right.rounded() else {
        throw Fault(.unsupported, "complex numbers are not supported")
      }
      let result = pow(left, right)
      guard result.isFinite || !left.isFinite || !right.isFinite else {
        throw Fault(.value, "the result is too large")
      }
      return result
    }
  }
}
