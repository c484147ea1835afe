/// Python's string methods.
struct StringMethods {
  let budget: Budget

  func call(_ name: String, on text: String, _ arguments: Arguments) throws(Fault) -> Value {
    try budget.spend(text: text)
    switch name {
    case "upper": return try map(text, name, arguments) { $0.pythonUppercased }
    case "lower": return try map(text, name, arguments) { $0.pythonLowercased }
    case "capitalize": return try map(text, name, arguments) { $0.pythonCapitalized }
    case "title": return try map(text, name, arguments) { $0.pythonTitlecased }
    case "strip": return try strip(text, name, arguments, start: true, end: true)
    case "lstrip": return try strip(text, name, arguments, start: true, end: false)
    case "rstrip": return try strip(text, name, arguments, start: false, end: true)
    case "startswith": return try hasAffix(text, name, arguments) { $0.hasBytePrefix($1) }
    case "endswith": return try hasAffix(text, name, arguments) { $0.hasByteSuffix($1) }
    case "removeprefix":
      let prefix = try required(arguments, name)
      return .string(text.hasBytePrefix(prefix) ? text.slice(bytes: prefix.utf8.count..<text.utf8.count) : text)
    case "removesuffix":
      let suffix = try required(arguments, name)
      guard text.hasByteSuffix(suffix) else { return .string(text) }
      return .string(text.slice(bytes: 0..<text.utf8.count - suffix.utf8.count))
    case "split": return try split(text, name, arguments, fromEnd: false)
    case "rsplit": return try split(text, name, arguments, fromEnd: true)
    case "splitlines":
      let keepsEnds = try arguments.bound(to: ["keepends"], of: name)[0].truth(false)
      return .list(try list(text.lines(keepingEnds: keepsEnds)))
    case "partition", "rpartition": return try partition(text, name, arguments)
    case "join": return try join(text, arguments)
    case "replace": return try replace(text, arguments)
    case "find", "rfind", "index", "rindex": return try find(text, name, arguments)
    case "count": return try count(text, arguments)
    case "format": return .string(try FieldFormatter.format(text, arguments, budget))
    case "ljust", "rjust", "center": return try justify(text, name, arguments)
    case "zfill": return try fillZeros(text, arguments)
    case "isdigit":
      return try matches(text, name, arguments) { [.digit, .decimal].contains($0.properties.numericType) }
    case "isdecimal": return try matches(text, name, arguments) { $0.properties.numericType == .decimal }
    case "isnumeric": return try matches(text, name, arguments) { $0.properties.numericType != nil }
    case "isalpha": return try matches(text, name, arguments) { $0.isPythonAlphabetic }
    case "isalnum": return try matches(text, name, arguments) { $0.isPythonAlphanumeric }
    case "isspace": return try matches(text, name, arguments) { $0.isPythonSpace }
    case "islower", "isupper":
      try arguments.expectNone(of: name)
      return .boolean(text.isCased(upper: name == "isupper"))
    case "isascii":
      try arguments.expectNone(of: name)
      return .boolean(text.utf8.allSatisfy { $0 < 0x80 })
    default: throw Fault(.unsupported, "the string method '\(name)' is not supported")
    }
  }

  // MARK: - Helpers

  private func map(
    _ text: String, _ name: String, _ arguments: Arguments, _ transform: (String) -> String
  ) throws(Fault) -> Value {
    try arguments.expectNone(of: name)
    return .string(transform(text))
  }

  private func matches(
    _ text: String, _ name: String, _ arguments: Arguments, _ condition: (UnicodeScalar) -> Bool
  ) throws(Fault) -> Value {
    try arguments.expectNone(of: name)
    return .boolean(text.isNonEmpty(all: condition))
  }

  /// The only argument, a string.
  private func required(_ arguments: Arguments, _ name: String) throws(Fault) -> String {
    let bound = try arguments.bound(to: ["argument"], of: name, required: 1, allowsKeywords: false)
    return try bound[0]?.requiredText() ?? ""
  }

  private func list(_ parts: [String]) throws(Fault) -> ListValue {
    try budget.spend(parts.count)
    return try ListValue(parts.map { .string($0) })
  }

  // MARK: - Parts

  private func strip(
    _ text: String, _ name: String, _ arguments: Arguments, start: Bool, end: Bool
  ) throws(Fault) -> Value {
    let set = try arguments.bound(to: ["chars"], of: name, allowsKeywords: false)[0].optionalText()
    return .string(text.stripping(set, start: start, end: end))
  }

  private func split(_ text: String, _ name: String, _ arguments: Arguments, fromEnd: Bool) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["sep", "maxsplit"], of: name)
    let limit = try bound[1].integer(-1)
    guard let separator = try bound[0].optionalText() else {
      return .list(try list(text.splitAtWhitespace(limit: limit, fromEnd: fromEnd)))
    }
    guard !separator.isEmpty else { throw Fault(.value, "the separator is empty") }
    return .list(try list(text.split(by: separator, limit: limit, fromEnd: fromEnd)))
  }

  private func partition(_ text: String, _ name: String, _ arguments: Arguments) throws(Fault) -> Value {
    let separator = try required(arguments, name)
    guard !separator.isEmpty else { throw Fault(.value, "the separator is empty") }
    let isFirst = name == "partition"
    let range =
      isFirst ? text.firstRange(ofBytes: separator) : text.lastRange(ofBytes: separator, upTo: text.utf8.count)
    var parts = isFirst ? [text, "", ""] : ["", "", text]
    if let range {
      parts = [
        text.slice(bytes: 0..<range.lowerBound), separator, text.slice(bytes: range.upperBound..<text.utf8.count),
      ]
    }
    return .tuple(try list(parts))
  }

  private func join(_ separator: String, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["iterable"], of: "join", required: 1, allowsKeywords: false)
    var result = ""
    for (index, element) in try (bound[0] ?? .none).elements(budget).enumerated() {
      if index > 0 { result += separator }
      guard let part = element.text else {
        throw Fault(.type, "'join' expects strings, found '\(element.typeName)'")
      }
      result += part
      guard result.utf8.count <= budget.limits.maximumTextBytes else { break }
    }
    try budget.spend(text: result)
    return .string(result)
  }

  private func replace(_ text: String, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["old", "new", "count"], of: "replace", required: 2, allowsKeywords: false)
    guard let old = try bound[0]?.requiredText(), let new = try bound[1]?.requiredText() else { return .none }
    return .string(try Self.replaced(text, old, new, limit: try bound[2].integer(-1), budget))
  }

  /// The text with the first `limit` occurrences of `old` replaced; all if negative.
  static func replaced(
    _ text: String, _ old: String, _ new: String, limit: Int, _ budget: Budget
  ) throws(Fault) -> String {
    let occurrences = text.occurrences(of: old)
    let (growth, overflow) = (limit < 0 ? occurrences : min(occurrences, limit))
      .multipliedReportingOverflow(by: new.utf8.count)
    try budget.spend(textBytes: overflow ? .max : growth + text.utf8.count)
    return text.replacing(bytes: old, with: new, limit: limit)
  }

  // MARK: - Searching

  /// What the optional bounds of a search leave of the text, and how many scalars stand before; nil where the
  /// start lies behind the end of the text.
  private func window(_ text: String, _ start: Value?, _ end: Value?) throws(Fault) -> (text: String, offset: Int)? {
    guard start.unlessNone != nil || end.unlessNone != nil else { return (text, 0) }
    let scalars = text.unicodeScalars
    let count = scalars.count
    func position(_ value: Value?, _ defaultValue: Int) throws(Fault) -> Int {
      let bound = try value.unlessNone.integer(defaultValue)
      return bound < 0 ? max(0, bound + count) : bound
    }
    let from = try position(start, 0)
    let to = min(count, try position(end, count))
    guard from <= to else { return nil }
    return (String(scalars.dropFirst(from).prefix(to - from)), from)
  }

  private func hasAffix(
    _ text: String, _ name: String, _ arguments: Arguments, _ condition: (String, String) -> Bool
  ) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["affix", "start", "end"], of: name, required: 1, allowsKeywords: false)
    var candidates: [Value] = bound[0].map { [$0] } ?? []
    if case .tuple(let tuple) = bound[0] { candidates = tuple.elements }
    let window = try window(text, bound[1], bound[2])
    for candidate in candidates {
      let affix = try candidate.requiredText()
      if let window, condition(window.text, affix) { return .boolean(true) }
    }
    return .boolean(false)
  }

  private func find(_ text: String, _ name: String, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["sub", "start", "end"], of: name, required: 1, allowsKeywords: false)
    let part = try bound[0]?.requiredText() ?? ""
    if let window = try window(text, bound[1], bound[2]) {
      let range =
        name.hasBytePrefix("r")
        ? window.text.lastRange(ofBytes: part, upTo: window.text.utf8.count) : window.text.firstRange(ofBytes: part)
      if let range {
        let scalars = window.text.slice(bytes: 0..<range.lowerBound).unicodeScalars.count
        return .integer(window.offset + scalars)
      }
    }
    guard name.hasByteSuffix("find") else { throw Fault(.value, "the text to look for is not there") }
    return .integer(-1)
  }

  private func count(_ text: String, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["sub", "start", "end"], of: "count", required: 1, allowsKeywords: false)
    let part = try bound[0]?.requiredText() ?? ""
    return .integer(try window(text, bound[1], bound[2])?.text.occurrences(of: part) ?? 0)
  }

  // MARK: - Padding

  private func justify(_ text: String, _ name: String, _ arguments: Arguments) throws(Fault) -> Value {
    let bound = try arguments.bound(to: ["width", "fill"], of: name, required: 1, allowsKeywords: false)
    let width = try bound[0].integer(0)
    let fill = try bound[1]?.requiredText() ?? " "
    guard fill.unicodeScalars.count == 1 else { throw Fault(.type, "the fill must be one character") }
    if name == "center" { return .string(try Self.centered(text, width: width, fill: fill, budget)) }
    let missing = max(0, width - text.unicodeScalars.count)
    try budget.spend(textBytes: missing)
    let padding = String(repeating: fill, count: missing)
    return .string(name == "ljust" ? text + padding : padding + text)
  }

  /// Python puts the odd space on the left where the width is odd too.
  static func centered(_ text: String, width: Int, fill: String, _ budget: Budget) throws(Fault) -> String {
    let missing = width - text.unicodeScalars.count
    guard missing > 0 else { return text }
    try budget.spend(textBytes: missing)
    let left = missing / 2 + (missing & width & 1)
    return String(repeating: fill, count: left) + text + String(repeating: fill, count: missing - left)
  }

  private func fillZeros(_ text: String, _ arguments: Arguments) throws(Fault) -> Value {
    let width = try arguments.bound(to: ["width"], of: "zfill", required: 1, allowsKeywords: false)[0].integer(0)
    let missing = max(0, width - text.unicodeScalars.count)
    try budget.spend(textBytes: missing)
    let zeros = String(repeating: "0", count: missing)
    let hasSign = text.hasBytePrefix("-") || text.hasBytePrefix("+")
    guard hasSign else { return .string(zeros + text) }
    return .string(text.slice(bytes: 0..<1) + zeros + text.slice(bytes: 1..<text.utf8.count))
  }
}
