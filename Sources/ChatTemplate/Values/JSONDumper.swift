import JSON

/// Writes values as Python's `json.dumps` does with the arguments transformers' `tojson` passes on.
struct JSONDumper {
  struct Layout {
    var itemSeparator = ", "
    var keySeparator = ": "
    var indent: String?
    var escapesNonASCII = false
    var sortsKeys = false
  }

  private let layout: Layout
  private let budget: Budget
  private var output: [UInt8] = []

  static func dump(_ value: Value, _ layout: Layout, _ budget: Budget) throws(Fault) -> String {
    var dumper = JSONDumper(layout: layout, budget: budget)
    try dumper.write(value, depth: 0)
    try budget.spend(textBytes: dumper.output.count)
    return String(decoding: dumper.output, as: UTF8.self)
  }

  private init(layout: Layout, budget: Budget) {
    self.layout = layout
    self.budget = budget
  }

  private mutating func write(_ value: Value, depth: Int) throws(Fault) {
    try budget.spend()
    guard output.count <= budget.limits.maximumTextBytes else {
      throw Fault(.limit, "text exceeds \(budget.limits.maximumTextBytes) bytes")
    }
    switch value {
    case .none: append("null")
    case .boolean(let value): append(value ? "true" : "false")
    case .integer(let value): append(String(value))
    case .float(let value): append(Self.text(of: value))
    case .string(let text), .markup(let text): writeQuoted(text)
    case .list(let list), .tuple(let list):
      try writeItems(list.elements, "[", "]", depth: depth) { (dumper, element) throws(Fault) in
        try dumper.write(element, depth: depth + 1)
      }
    case .dictionary(let dictionary):
      try writeItems(try entries(of: dictionary), "{", "}", depth: depth) { (dumper, entry) throws(Fault) in
        try dumper.writeKey(entry.key)
        dumper.append(dumper.layout.keySeparator)
        try dumper.write(entry.value, depth: depth + 1)
      }
    case .undefined, .range, .iterator, .view, .namespace, .macro, .loop, .method, .function, .cycler, .joiner:
      throw Fault(.type, "a value of type '\(value.typeName)' cannot be written as JSON")
    }
  }

  private func entries(of dictionary: DictionaryValue) throws(Fault) -> [DictionaryValue.Entry] {
    guard layout.sortsKeys else { return dictionary.entries }
    let budget = budget
    return try dictionary.entries.stablySorted { (left, right) throws(Fault) in
      try Value.isOrdered(left.key, .less, right.key, budget)
    }
  }

  private mutating func writeKey(_ key: Value) throws(Fault) {
    switch key {
    case .string(let text), .markup(let text): writeQuoted(text)
    case .integer(let value): append("\"\(value)\"")
    case .float(let value): append("\"\(Self.text(of: value))\"")
    case .boolean(let value): append(value ? "\"true\"" : "\"false\"")
    case .none: append("\"null\"")
    default: throw Fault(.type, "a key of type '\(key.typeName)' cannot be written as JSON")
    }
  }

  private static func text(of value: Double) -> String {
    value.isNaN ? "NaN" : value.isInfinite ? (value < 0 ? "-Infinity" : "Infinity") : value.pythonDescription
  }

  private mutating func writeItems<Item>(
    _ items: [Item], _ opening: String, _ closing: String, depth: Int,
    write: (inout JSONDumper, Item) throws(Fault) -> Void
  ) throws(Fault) {
    append(opening)
    for (index, item) in items.enumerated() {
      if index > 0 { append(layout.itemSeparator) }
      try breakLine(depth: depth + 1)
      try write(&self, item)
    }
    if !items.isEmpty { try breakLine(depth: depth) }
    append(closing)
  }

  private mutating func breakLine(depth: Int) throws(Fault) {
    guard let indent = layout.indent else { return }
    append("\n")
    try budget.spend(textBytes: indent.utf8.count * depth)
    for _ in 0..<depth { append(indent) }
  }

  private mutating func writeQuoted(_ text: String) {
    JSON.appendQuoted(text, escapeNonASCII: layout.escapesNonASCII, to: &output)
  }

  private mutating func append(_ text: String) { output.append(contentsOf: text.utf8) }
}
