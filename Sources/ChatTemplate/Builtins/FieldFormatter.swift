/// Python's `format.format(…)`.
struct FieldFormatter {
  private let arguments: Arguments
  private let budget: Budget
  private var nextIndex = 0
  private var usesNumbers = false

  static func format(_ format: String, _ arguments: Arguments, _ budget: Budget) throws(Fault) -> String {
    var formatter = FieldFormatter(arguments: arguments, budget: budget)
    return try formatter.run(Array(format.unicodeScalars)[...])
  }

  private init(arguments: Arguments, budget: Budget) {
    self.arguments = arguments
    self.budget = budget
  }

  private mutating func run(_ format: ArraySlice<UnicodeScalar>) throws(Fault) -> String {
    var scalars = format
    var result = ""
    while let scalar = scalars.popFirst() {
      try budget.spend()
      switch scalar {
      case "{", "}":
        if scalars.first == scalar {
          scalars.removeFirst()
          result.unicodeScalars.append(scalar)
          continue
        }
        guard scalar == "{", let end = scalars.firstIndex(where: { $0 == "}" || $0 == "{" }) else {
          throw Fault(.value, "a single brace in a format")
        }
        guard scalars[end] == "}" else { throw Fault(.unsupported, "nested fields in a format are not supported") }
        result += try field(scalars[..<end])
        scalars = scalars[(end + 1)...]
        try budget.spend(textBytes: result.utf8.count)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }

  private mutating func field(_ field: ArraySlice<UnicodeScalar>) throws(Fault) -> String {
    let nameEnd = field.firstIndex { $0 == ":" || $0 == "!" } ?? field.endIndex
    let value = try value(of: field[..<nameEnd])
    var rest = field[nameEnd...]
    var converted: String?
    if rest.first == "!" {
      rest.removeFirst()
      switch rest.popFirst() {
      case "s": converted = try value.string(budget)
      case "r": converted = try value.representation(budget)
      default: throw Fault(.unsupported, "this conversion in a format is not supported")
      }
    }
    guard rest.isEmpty || rest.first == ":" else { throw Fault(.value, "malformed field in a format") }
    return try format(converted.map { .string($0) } ?? value, Self.text(rest.dropFirst()))
  }

  private func format(_ value: Value, _ specification: String) throws(Fault) -> String {
    if specification.isEmpty { return try value.string(budget) }
    let specification = try FormatSpecification(specification)
    switch value {
    case .string(let text): return try specification.format(text: text)
    case .integer(let value): return try specification.format(integer: value)
    case .float(let value): return try specification.format(float: value)
    default: throw Fault(.unsupported, "a format of a value of type '\(value.typeName)' is not supported")
    }
  }

  private mutating func value(of name: ArraySlice<UnicodeScalar>) throws(Fault) -> Value {
    let firstEnd = name.firstIndex { $0 == "." || $0 == "[" } ?? name.endIndex
    let first = Self.text(name[..<firstEnd])
    // Python's versions differ in whether such a field is numbered.
    guard !first.isEmpty || name.isEmpty else { throw Fault(.unsupported, "'{.…}' in a format is not supported") }
    var value: Value
    if first.isEmpty || Int(first) != nil {
      guard first.isEmpty != usesNumbers || nextIndex == 0 && !usesNumbers else {
        throw Fault(.value, "numbered and unnumbered fields are mixed in a format")
      }
      let index = Int(first) ?? nextIndex
      if first.isEmpty { nextIndex += 1 } else { usesNumbers = true }
      guard arguments.positional.indices.contains(index) else {
        throw Fault(.value, "the format has too few arguments")
      }
      value = arguments.positional[index]
    } else {
      guard let named = arguments.keywords.first(where: { $0.name == first }) else {
        throw Fault(.value, "no argument '\(first)' for a format")
      }
      value = named.value
    }
    var rest = name[firstEnd...]
    while let opening = rest.popFirst() {
      let end: Int
      if opening == "[" {
        guard let closing = rest.firstIndex(of: "]") else { throw Fault(.value, "malformed field in a format") }
        end = closing
      } else {
        guard opening == "." else { throw Fault(.value, "malformed field in a format") }
        end = rest.firstIndex { $0 == "." || $0 == "[" } ?? rest.endIndex
      }
      let part = Self.text(rest[..<end])
      guard !part.isEmpty else { throw Fault(.value, "malformed field in a format") }
      rest = opening == "[" ? rest[(end + 1)...] : rest[end...]
      if opening == "[" {
        value = try value.item(Int(part).map { .integer($0) } ?? .string(part), budget)
      } else {
        value = try value.attribute(part, budget)
      }
    }
    return value
  }

  private static func text(_ scalars: ArraySlice<UnicodeScalar>) -> String {
    var view = String.UnicodeScalarView()
    view.append(contentsOf: scalars)
    return String(view)
  }
}
