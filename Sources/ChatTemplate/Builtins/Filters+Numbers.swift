import Foundation

extension Filters {
  func absolute(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    try arguments.expectNone(of: "abs")
    if case .float(let number) = value { return .float(abs(number)) }
    guard let integer = value.integer else { throw Fault(.type, "'abs' of '\(value.typeName)' is not defined") }
    return integer < 0 ? try Value.apply(.minus, .integer(integer)) : .integer(integer)
  }

  func integer(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["default", "base"], of: "int")
    let defaultValue = bound[0] ?? .integer(0)
    let base = try bound[1].integer(10)
    switch value {
    case .undefined(let undefined): throw undefined.fault
    case .string(let text), .markup(let text):
      guard base == 10 else { throw Fault(.unsupported, "'int' with another base than 10 is not supported") }
      let digits = try Self.numeral(text)
      if digits.isNonEmpty(all: { ("0"..."9").contains($0) || $0 == "+" || $0 == "-" }) {
        if let integer = Int(digits) { return .integer(integer) }
        if Double(digits) != nil { throw Fault(.unsupported, "integers beyond 64 bits are not supported") }
      }
      guard let number = try Self.double(text), number.isFinite else { return defaultValue }
      return try integer(number)
    case .float(let number): return number.isFinite ? try integer(number) : defaultValue
    case .integer, .boolean: return .integer(value.integer ?? 0)
    default: return defaultValue
    }
  }

  private func integer(_ number: Double) throws(Fault) -> Value {
    guard let integer = Int(exactly: number.rounded(.towardZero)) else {
      throw Fault(.unsupported, "integers beyond 64 bits are not supported")
    }
    return .integer(integer)
  }

  func float(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let defaultValue = try arguments.bound(to: ["default"], of: "float")[0] ?? .float(0)
    if case .undefined(let undefined) = value { throw undefined.fault }
    if let text = value.text { return try Self.double(text).map { .float($0) } ?? defaultValue }
    return value.number.map { .float($0) } ?? defaultValue
  }

  /// A number's text as Swift reads it: without white space around it and underscores between digits.
  private static func numeral(_ text: String) throws(Fault) -> String {
    let stripped = text.stripping(nil, start: true, end: true)
    guard stripped.utf8.allSatisfy({ $0 < 0x80 }) else {
      guard !stripped.unicodeScalars.contains(where: { $0.properties.numericType == .decimal && !$0.isASCII }) else {
        throw Fault(.unsupported, "digits beyond ASCII are not supported")
      }
      return ""
    }
    let bytes = Array(stripped.utf8)
    for (index, byte) in bytes.enumerated() where byte == UInt8(ascii: "_") {
      let neighbours = [index - 1, index + 1].map { bytes.indices.contains($0) ? bytes[$0] &- 0x30 : 255 }
      guard neighbours.allSatisfy({ $0 < 10 }) else { return "" }
    }
    return String(decoding: bytes.filter { $0 != UInt8(ascii: "_") }, as: UTF8.self)
  }

  /// The number Python's `float` reads from a string, or nil.
  private static func double(_ text: String) throws(Fault) -> Double? {
    let numeral = try numeral(text)
    guard !numeral.utf8.contains(UInt8(ascii: "x")), !numeral.utf8.contains(UInt8(ascii: "X")),
      !numeral.utf8.contains(UInt8(ascii: "("))
    else { return nil }
    return Double(numeral)
  }

  func round(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["precision", "method"], of: "round")
    let precision = try bound[0].integer(0)
    let method = try bound[1]?.requiredText() ?? "common"
    guard (0...20).contains(precision) else { throw Fault(.unsupported, "this precision of 'round' is not supported") }
    if case .undefined(let undefined) = value { throw undefined.fault }
    guard let number = value.number else { throw Fault(.type, "'round' of '\(value.typeName)' is not defined") }
    switch method {
    case "common":
      if let integer = value.integer { return .integer(integer) }
      guard number.isFinite else { return .float(number) }
      // Correctly rounded from the exact binary value, as Python's round is.
      return .float(Double(String(format: "%.\(precision)f", number)) ?? number)
    case "ceil", "floor":
      let scale = pow(10, Double(precision))
      let scaled = number * scale
      guard scaled.isFinite, scaled.magnitude < 0x1p53 else {
        throw Fault(.unsupported, "rounding so large a number is not supported")
      }
      return .float((method == "ceil" ? scaled.rounded(.up) : scaled.rounded(.down)) / scale + 0)
    default: throw Fault(.value, "the method of 'round' must be common, ceil or floor")
    }
  }

  func sum(_ value: Value, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["attribute", "start"], of: "sum")
    var result = bound[1] ?? .integer(0)
    if result.text != nil { throw Fault(.type, "'sum' cannot start with a string") }
    for element in try value.elements(budget) {
      result = try Value.apply(.add, result, try attribute(bound[0], of: element), budget)
    }
    return result
  }

  /// The first element that precedes all others: `min` with `.less`, `max` with `.greater`.
  func extreme(
    _ value: Value, _ arguments: Arguments, _ ordering: ComparisonOperator, name: String
  ) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["case_sensitive", "attribute"], of: name)
    var best: (key: Value, element: Value)?
    for element in try value.elements(budget) {
      var key = try attribute(bound[1], of: element)
      if !bound[0].truth(false) { key = Self.ignoringCase(key) }
      if let current = best, try !Value.isOrdered(key, ordering, current.key, budget) { continue }
      best = (key, element)
    }
    return best?.element ?? .undefined(UndefinedValue(.hint("no aggregated item, the sequence was empty")))
  }
}
