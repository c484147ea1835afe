import JSON

extension Value {
  /// The value Python's `json` would have read.
  init(_ json: JSON, _ budget: Budget) throws(Fault) {
    try budget.spend()
    switch json {
    case .null: self = .none
    case .bool(let value): self = .boolean(value)
    case .integer(let value): self = .integer(value)
    case .double(let value): self = .float(value)
    case .string(let text): self = .string(text)
    case .array(let array):
      var elements: [Value] = []
      elements.reserveCapacity(array.count)
      for element in array { elements.append(try Value(element, budget)) }
      self = .list(try ListValue(elements))
    case .object(let object):
      var entries: [DictionaryValue.Entry] = []
      entries.reserveCapacity(object.count)
      for (key, value) in object { entries.append((.string(key), try Value(value, budget))) }
      self = .dictionary(try DictionaryValue(entries, budget))
    }
  }
}

extension String {
  /// Whether both strings hold the same bytes; `==` also accepts canonically equivalent ones, Python's does not.
  func hasSameBytes(as other: String) -> Bool {
    guard utf8.count == other.utf8.count, self == other else { return false }
    return utf8.elementsEqual(other.utf8)
  }
}
