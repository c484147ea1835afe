/// Python's `format % values`.
struct PercentFormatter {
  private var scalars: ArraySlice<UnicodeScalar>
  private let values: Value
  private let budget: Budget
  private var nextIndex = 0
  private var usesNames = false

  static func format(_ format: String, _ values: Value, _ budget: Budget) throws(Fault) -> String {
    var formatter = PercentFormatter(scalars: Array(format.unicodeScalars)[...], values: values, budget: budget)
    return try formatter.run()
  }

  private init(scalars: ArraySlice<UnicodeScalar>, values: Value, budget: Budget) {
    self.scalars = scalars
    self.values = values
    self.budget = budget
  }

  private mutating func run() throws(Fault) -> String {
    var result = ""
    while let scalar = scalars.popFirst() {
      try budget.spend()
      if scalar == "%" {
        result += try conversion()
        try budget.spend(textBytes: result.utf8.count)
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    if !usesNames, nextIndex < positionalCount { throw Fault(.type, "the format leaves arguments unused") }
    return result
  }

  /// Dictionaries and lists may stay unused, as Python takes them for mappings.
  private var positionalCount: Int {
    switch values {
    case .tuple(let tuple): tuple.elements.count
    case .dictionary, .list: nextIndex
    default: 1
    }
  }

  private mutating func nextValue() throws(Fault) -> Value {
    defer { nextIndex += 1 }
    if case .tuple(let tuple) = values {
      guard nextIndex < tuple.elements.count else { throw Fault(.type, "the format has too few arguments") }
      return tuple.elements[nextIndex]
    }
    guard nextIndex == 0 else { throw Fault(.type, "the format has too few arguments") }
    return values
  }

  private mutating func conversion() throws(Fault) -> String {
    var named: Value?
    if scalars.first == "(" {
      guard case .dictionary(let dictionary) = values else { throw Fault(.type, "the format needs a mapping") }
      scalars.removeFirst()
      guard let end = scalars.firstIndex(of: ")") else { throw Fault(.value, "incomplete key in a format") }
      var name = String.UnicodeScalarView()
      name.append(contentsOf: scalars[..<end])
      scalars = scalars[(end + 1)...]
      guard let value = dictionary[String(name)] else { throw Fault(.value, "no value for '\(name)' in a format") }
      named = value
      usesNames = true
    }
    var specification = FormatSpecification()
    var isLeft = false
    var fillsZeros = false
    flags: while let flag = scalars.first {
      switch flag {
      case "-": isLeft = true
      case "0": fillsZeros = true
      case "+": specification.sign = "+"
      case " ": if specification.sign == "-" { specification.sign = " " }
      case "#": specification.isAlternate = true
      default: break flags
      }
      scalars.removeFirst()
    }
    specification.width = try FormatSpecification.number(&scalars) ?? 0
    if scalars.first == "." {
      scalars.removeFirst()
      specification.precision = try FormatSpecification.number(&scalars) ?? 0
    }
    while let modifier = scalars.first, ["h", "l", "L"].contains(modifier) { scalars.removeFirst() }
    guard let type = scalars.popFirst() else { throw Fault(.value, "incomplete format") }
    if type == "%" { return "%" }
    specification.alignment = isLeft ? .left : .right

    let value = if let named { named } else { try nextValue() }
    switch type {
    case "s": return try text(try value.string(budget), specification)
    case "r": return try text(try value.representation(budget), specification)
    case "d", "i", "u", "x", "X", "o":
      if fillsZeros, !isLeft { (specification.fill, specification.alignment) = ("0", .afterSign) }
      return try integer(value, type, &specification)
    case "e", "E", "f", "F", "g", "G":
      if fillsZeros, !isLeft { (specification.fill, specification.alignment) = ("0", .afterSign) }
      specification.type = type
      if case .undefined(let undefined) = value { throw undefined.fault }
      guard let number = value.number else { throw Fault(.type, "the format needs a number") }
      return try specification.format(float: number)
    default: throw Fault(.unsupported, "the format '%\(type)' is not supported")
    }
  }

  private func text(_ text: String, _ specification: FormatSpecification) throws(Fault) -> String {
    var specification = specification
    (specification.sign, specification.isAlternate) = ("-", false)
    return try specification.format(text: text)
  }

  private func integer(
    _ value: Value, _ type: UnicodeScalar, _ specification: inout FormatSpecification
  ) throws(Fault) -> String {
    guard specification.precision == nil else {
      throw Fault(.unsupported, "a precision in the format of an integer is not supported")
    }
    specification.type = ["i", "u"].contains(type) ? "d" : type
    if case .undefined(let undefined) = value { throw undefined.fault }
    if let integer = value.integer { return try specification.format(integer: integer) }
    guard specification.type == "d", case .float(let number) = value else {
      throw Fault(.type, "the format needs an integer")
    }
    guard let integer = Int(exactly: number.rounded(.towardZero)) else {
      throw Fault(.unsupported, "integers beyond 64 bits are not supported")
    }
    return try specification.format(integer: integer)
  }
}
