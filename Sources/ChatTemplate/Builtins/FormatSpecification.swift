import Foundation
import JSON

/// How a value is laid out by `format` and `%`: Python's format specification.
struct FormatSpecification {
  enum Alignment { case left, right, center, afterSign }

  var fill: UnicodeScalar = " "
  var alignment: Alignment?
  var sign: UnicodeScalar = "-"
  var isAlternate = false
  var width = 0
  var grouping: UnicodeScalar?
  var precision: Int?
  var type: UnicodeScalar?

  init() {}

  /// Reads `[[fill]align][sign][#][0][width][,][.precision][type]`.
  init(_ text: String) throws(Fault) {
    var scalars = Array(text.unicodeScalars)[...]
    func alignment(_ scalar: UnicodeScalar?) -> Alignment? {
      switch scalar {
      case "<": .left
      case ">": .right
      case "^": .center
      case "=": .afterSign
      default: nil
      }
    }
    if let explicit = alignment(scalars.dropFirst().first) {
      fill = scalars.removeFirst()
      self.alignment = explicit
      scalars.removeFirst()
    } else if let explicit = alignment(scalars.first) {
      self.alignment = explicit
      scalars.removeFirst()
    }
    if let first = scalars.first, ["+", "-", " "].contains(first) { sign = scalars.removeFirst() }
    if scalars.first == "#" {
      isAlternate = true
      scalars.removeFirst()
    }
    if scalars.first == "0" {
      if self.alignment == nil { (fill, self.alignment) = ("0", .afterSign) }
      scalars.removeFirst()
    }
    width = try Self.number(&scalars) ?? 0
    if let first = scalars.first, [",", "_"].contains(first) { grouping = scalars.removeFirst() }
    if scalars.first == "." {
      scalars.removeFirst()
      guard let digits = try Self.number(&scalars) else { throw Fault(.value, "the format lacks a precision") }
      precision = digits
    }
    type = scalars.popFirst()
    guard scalars.isEmpty else { throw Fault(.value, "invalid format specification '\(text)'") }
  }

  static func number(_ scalars: inout ArraySlice<UnicodeScalar>) throws(Fault) -> Int? {
    var value: Int?
    while let digit = scalars.first.flatMap({ $0.isASCII ? Int(String($0)) : nil }) {
      scalars.removeFirst()
      value = (value ?? 0) * 10 + digit
      guard value ?? 0 < 1_000_000 else { throw Fault(.limit, "a width or precision in a format is too large") }
    }
    return value
  }

  // MARK: - Formatting

  func format(text: String) throws(Fault) -> String {
    guard type == nil || type == "s", sign == "-", !isAlternate, grouping == nil, alignment != .afterSign else {
      throw Fault(.value, "the format does not fit a string")
    }
    let scalars = text.unicodeScalars
    return pad(precision.map { String(scalars.prefix($0)) } ?? text, defaultAlignment: .left)
  }

  func format(integer value: Int) throws(Fault) -> String {
    if let type, "eEfFgG%".unicodeScalars.contains(type) { return try format(float: Double(value)) }
    guard precision == nil else { throw Fault(.value, "an integer takes no precision") }
    let radix: Int
    let prefix: String
    switch type {
    case nil, "d", "n": (radix, prefix) = (10, "")
    case "x", "X": (radix, prefix) = (16, type == "x" ? "0x" : "0X")
    case "o": (radix, prefix) = (8, "0o")
    case "b": (radix, prefix) = (2, "0b")
    default: throw Fault(.unsupported, "this format of an integer is not supported")
    }
    let digits = String(value.magnitude, radix: radix, uppercase: type == "X")
    return try layOut(
      digits, fraction: "", isNegative: value < 0, prefix: isAlternate ? prefix : "", groupSize: radix == 10 ? 3 : 4)
  }

  func format(float value: Double) throws(Fault) -> String {
    guard value.isFinite else { throw Fault(.unsupported, "formatting infinities is not supported") }
    guard !isAlternate else { throw Fault(.unsupported, "'#' in the format of a float is not supported") }
    var text: String
    switch type {
    case "f", "F", "e", "E", "g", "G":
      text = String(format: "%.\(precision ?? 6)\(type.map(String.init) ?? "")", abs(value))
    case "%": text = String(format: "%.\(precision ?? 6)f", abs(value) * 100) + "%"
    case nil where precision == nil: text = abs(value).pythonDescription
    default: throw Fault(.unsupported, "this format of a float is not supported")
    }
    let whole = String(text.unicodeScalars.prefix { $0.properties.numericType != nil })
    text = String(text.unicodeScalars.dropFirst(whole.unicodeScalars.count))
    return try layOut(whole, fraction: text, isNegative: value.sign == .minus, prefix: "", groupSize: 3)
  }

  private func layOut(
    _ digits: String, fraction: String, isNegative: Bool, prefix: String, groupSize: Int
  ) throws(Fault) -> String {
    var digits = digits
    if let grouping {
      guard fill != "0" else { throw Fault(.unsupported, "grouping digits after zeros is not supported") }
      var grouped = String.UnicodeScalarView()
      let scalars = digits.unicodeScalars
      for (index, digit) in scalars.enumerated() {
        if index > 0, (scalars.count - index) % groupSize == 0 { grouped.append(grouping) }
        grouped.append(digit)
      }
      digits = String(grouped)
    }
    let lead = (isNegative ? "-" : sign == "-" ? "" : String(sign)) + prefix
    let body = digits + fraction
    guard alignment == .afterSign else { return pad(lead + body, defaultAlignment: .right) }
    let missing = max(0, width - lead.unicodeScalars.count - body.unicodeScalars.count)
    return lead + String(repeating: String(fill), count: missing) + body
  }

  private func pad(_ text: String, defaultAlignment: Alignment) -> String {
    let missing = width - text.unicodeScalars.count
    guard missing > 0 else { return text }
    func filling(_ count: Int) -> String { String(repeating: String(fill), count: count) }
    switch alignment ?? defaultAlignment {
    case .left: return text + filling(missing)
    case .center: return filling(missing / 2) + text + filling(missing - missing / 2)
    case .right, .afterSign: return filling(missing) + text
    }
  }
}
