import JSON

/// A decimal number as written: sign and digits, of any length.
struct ExactDecimal: Hashable {
  /// Whether it is below zero. Zero never is.
  private(set) var isNegative: Bool
  /// The digits before the point, 0 to 9 each, without leading zeros; `[0]` for numbers below one.
  private(set) var whole: [UInt8]
  /// The digits after the point, without trailing zeros.
  private(set) var fraction: [UInt8]

  /// The number of a JSON value; nil for other kinds.
  ///
  /// Binary floating-point numbers stand for the shortest decimal that reads back as the same number, which is what
  /// the schema's text said unless it had more than 17 digits.
  init?(_ value: JSON) {
    switch value {
    case .integer(let integer):
      self.init(isNegative: integer < 0, digits: Self.digits(of: integer.magnitude.description), exponent: 0)
    case .double(let double):
      self.init(double)
    default:
      return nil
    }
  }

  /// The shortest decimal that reads back as `value`, which is finite.
  init(_ value: Double) {
    var digits: [UInt8] = []
    var exponent = 0
    let parts = value.magnitude.description.split(separator: "e", maxSplits: 1)
    var isFraction = false
    for byte in (parts.first ?? "0").utf8 {
      if byte == UInt8(ascii: ".") {
        isFraction = true
      } else {
        digits.append(byte &- UInt8(ascii: "0"))
        if isFraction { exponent -= 1 }
      }
    }
    if parts.count > 1 { exponent += Int(parts[1]) ?? 0 }
    self.init(isNegative: value < 0, digits: digits, exponent: exponent)
  }

  /// ± digits · 10^exponent.
  init(isNegative: Bool, digits: [UInt8], exponent: Int) {
    var whole = digits
    var fraction: [UInt8] = []
    if exponent > 0 {
      whole += Array(repeating: 0, count: exponent)
    } else if exponent < 0 {
      let missing = max(0, -exponent - whole.count)
      whole = Array(repeating: 0, count: missing) + whole
      fraction = Array(whole.suffix(-exponent))
      whole.removeLast(-exponent)
    }
    whole = Array(whole.drop { $0 == 0 })
    while fraction.last == 0 { fraction.removeLast() }
    self.isNegative = isNegative && !(whole.isEmpty && fraction.isEmpty)
    self.whole = whole.isEmpty ? [0] : whole
    self.fraction = fraction
  }

  private static func digits(of text: String) -> [UInt8] { text.utf8.map { $0 &- UInt8(ascii: "0") } }

  /// Whether there are no digits after the point.
  var isInteger: Bool { fraction.isEmpty }

  /// Whether this is zero.
  var isZero: Bool { whole == [0] && fraction.isEmpty }
}

extension ExactDecimal: Comparable {
  static func < (left: ExactDecimal, right: ExactDecimal) -> Bool {
    if left.isNegative != right.isNegative { return left.isNegative }
    return left.isNegative ? right.magnitudeIsBelow(left) : left.magnitudeIsBelow(right)
  }

  private func magnitudeIsBelow(_ other: ExactDecimal) -> Bool {
    if whole.count != other.whole.count { return whole.count < other.whole.count }
    if whole != other.whole { return whole.lexicographicallyPrecedes(other.whole) }
    return fraction.lexicographicallyPrecedes(other.fraction)
  }
}

extension ExactDecimal {
  /// Whether the number is a whole multiple of `divisor`, which is above 0: long division of the digits.
  func isMultiple(of divisor: ExactDecimal) -> Bool {
    let scale = max(fraction.count, divisor.fraction.count)
    guard let modulus = divisor.scaled(by: scale) else { return isZero }
    var remainder = 0
    for digit in whole + fraction + Array(repeating: 0, count: scale - fraction.count) {
      remainder = (remainder * 10 + Int(digit)) % modulus
    }
    return remainder == 0
  }

  /// The magnitude times 10^`scale`; nil where that is no whole number up to 10^17.
  func scaled(by scale: Int) -> Int? {
    guard fraction.count <= scale else { return nil }
    var result = 0
    for digit in whole + fraction + Array(repeating: 0, count: scale - fraction.count) {
      result = result * 10 + Int(digit)
      if result > 100_000_000_000_000_000 { return nil }
    }
    return result
  }
}

extension ExactDecimal {
  /// The nearest 64-bit floating-point number; nil where it is not finite.
  var double: Double? {
    let digits = { (digits: [UInt8]) in String(decoding: digits.map { $0 + UInt8(ascii: "0") }, as: UTF8.self) }
    let text = (isNegative ? "-" : "") + digits(whole) + (fraction.isEmpty ? "" : "." + digits(fraction))
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
  }
}
