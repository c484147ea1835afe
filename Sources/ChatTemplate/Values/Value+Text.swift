import JSON

extension Value {
  /// Python's `str(value)`, which is what printing writes.
  func string(_ budget: Budget) throws(Fault) -> String {
    switch self {
    case .undefined: return ""
    case .string(let text), .markup(let text): return text
    default: return try representation(budget)
    }
  }

  /// The value's text with the characters HTML reserves escaped, unless it is marked safe.
  func escaped(_ budget: Budget) throws(Fault) -> String {
    let text = try string(budget)
    if case .markup = self { return text }
    var escaped: [UInt8] = []
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "&"): escaped += "&amp;".utf8
      case UInt8(ascii: "<"): escaped += "&lt;".utf8
      case UInt8(ascii: ">"): escaped += "&gt;".utf8
      case UInt8(ascii: "'"): escaped += "&#39;".utf8
      case UInt8(ascii: "\""): escaped += "&#34;".utf8
      default: escaped.append(byte)
      }
    }
    try budget.spend(textBytes: escaped.count)
    return String(decoding: escaped, as: UTF8.self)
  }

  /// Python's `repr(value)`.
  func representation(_ budget: Budget) throws(Fault) -> String {
    var writer = RepresentationWriter(budget: budget)
    try writer.write(self, depth: 0)
    return writer.text
  }
}

/// Writes values the way Python's `repr` does. Values with an address in their representation are refused:
/// no two runs would write the same.
private struct RepresentationWriter {
  let budget: Budget
  var text = ""

  mutating func write(_ value: Value, depth: Int) throws(Fault) {
    guard depth <= ListValue.maximumDepth else { throw Fault(.limit, "values are nested too deeply") }
    try budget.spend()
    switch value {
    case .undefined: text += "Undefined"
    case .none: text += "None"
    case .boolean(let value): text += value ? "True" : "False"
    case .integer(let value): text += String(value)
    case .float(let value): text += value.pythonDescription
    case .string(let string): try write(string)
    case .markup(let string):
      text += "Markup("
      try write(string)
      text += ")"
    case .list(let list): try write(list.elements, "[", "]", depth: depth)
    case .tuple(let tuple): try write(tuple.elements, "(", tuple.elements.count == 1 ? ",)" : ")", depth: depth)
    case .dictionary(let dictionary): try write(dictionary, depth: depth)
    case .range(let range):
      let stop = range[range.count]
      text += range.step == 1 ? "range(\(range.start), \(stop))" : "range(\(range.start), \(stop), \(range.step))"
    case .view(let view):
      text += "dict_\(view.part.rawValue)("
      try write(try view.elements(), "[", "]", depth: depth)
      text += ")"
    case .namespace(let namespace):
      text += "<Namespace "
      if let attributes = namespace.attributes { try write(attributes, depth: depth + 1) }
      text += ">"
    case .macro(let macro):
      text += "<Macro "
      if let name = macro.definition.name { try write(name) } else { text += "anonymous" }
      text += ">"
    case .iterator, .loop, .method, .function, .cycler, .joiner:
      throw Fault(.unsupported, "a value of type '\(value.typeName)' cannot be printed")
    }
    try check()
  }

  private func check() throws(Fault) {
    guard text.utf8.count <= budget.limits.maximumTextBytes else {
      throw Fault(.limit, "text exceeds \(budget.limits.maximumTextBytes) bytes")
    }
  }

  private mutating func write(
    _ elements: [Value], _ opening: String, _ closing: String, depth: Int
  ) throws(Fault) {
    text += opening
    for (index, element) in elements.enumerated() {
      if index > 0 { text += ", " }
      try write(element, depth: depth + 1)
    }
    text += closing
  }

  private mutating func write(_ dictionary: DictionaryValue, depth: Int) throws(Fault) {
    text += "{"
    for (index, entry) in dictionary.entries.enumerated() {
      if index > 0 { text += ", " }
      try write(entry.key, depth: depth + 1)
      text += ": "
      try write(entry.value, depth: depth + 1)
    }
    text += "}"
  }

  private mutating func write(_ string: String) throws(Fault) {
    try budget.spend(text: string)
    let quote: UnicodeScalar = string.utf8.contains(0x27) && !string.utf8.contains(0x22) ? "\"" : "'"
    var scalars = String.UnicodeScalarView()
    scalars.append(quote)
    for scalar in string.unicodeScalars {
      switch scalar {
      case quote, "\\": scalars.append(contentsOf: ["\\", scalar])
      case "\n": scalars.append(contentsOf: "\\n".unicodeScalars)
      case "\r": scalars.append(contentsOf: "\\r".unicodeScalars)
      case "\t": scalars.append(contentsOf: "\\t".unicodeScalars)
      case " "..."~": scalars.append(scalar)
      default:
        if scalar.isPythonPrintable {
          scalars.append(scalar)
        } else {
          scalars.append(contentsOf: Self.escape(scalar).unicodeScalars)
        }
      }
    }
    scalars.append(quote)
    text += String(scalars)
    try check()
  }

  private static func escape(_ scalar: UnicodeScalar) -> String {
    let digits = String(scalar.value, radix: 16)
    let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
    return "\\" + letter + String(repeating: "0", count: width - digits.count) + digits
  }
}

extension UnicodeScalar {
  /// Python's `str.isprintable` for one code point.
  fileprivate var isPythonPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator,
      .spaceSeparator:
      self == " "
    default: true
    }
  }
}
