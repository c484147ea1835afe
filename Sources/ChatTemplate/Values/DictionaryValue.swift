/// An immutable dictionary that keeps the order of its keys.
final class DictionaryValue {
  typealias Entry = (key: Value, value: Value)

  let entries: [Entry]
  let depth: Int
  /// Only for dictionaries too large to search from the front.
  private let index: [HashableValue: Int]?

  private static let indexThreshold = 12

  /// The entries, of which a later one with an equal key replaces the value of an earlier one.
  convenience init(_ entries: [Entry], _ budget: Budget) throws(Fault) {
    var unique: [Entry] = []
    unique.reserveCapacity(entries.count)
    var index = [HashableValue: Int](minimumCapacity: entries.count)
    for entry in entries {
      let key = try HashableValue(entry.key, budget)
      if let position = index[key] {
        unique[position].value = entry.value
      } else {
        index[key] = unique.count
        unique.append(entry)
      }
    }
    try self.init(unique: unique, index: unique.count > Self.indexThreshold ? index : nil)
  }

  /// Entries whose keys are known to differ.
  init(unique entries: [Entry], index: [HashableValue: Int]?) throws(Fault) {
    self.entries = entries
    self.index = index
    var depth = 0
    for entry in entries { depth = max(depth, entry.key.depth, entry.value.depth) }
    guard depth < ListValue.maximumDepth else { throw Fault(.limit, "values are nested too deeply") }
    self.depth = depth + 1
  }

  var count: Int { entries.count }

  var keys: [Value] { entries.map(\.key) }

  var values: [Value] { entries.map(\.value) }

  subscript(name: String) -> Value? {
    if let index { return index[HashableValue(name)].map { entries[$0].value } }
    for entry in entries {
      if let key = entry.key.text, key.hasSameBytes(as: name) { return entry.value }
    }
    return nil
  }

  func value(for key: Value, _ budget: Budget) throws(Fault) -> Value? {
    if let name = key.text { return self[name] }
    let wanted = try HashableValue(key, budget)
    if let index { return index[wanted].map { entries[$0].value } }
    for entry in entries where try HashableValue(entry.key, budget) == wanted { return entry.value }
    return nil
  }

  /// A copy with one attribute set.
  func setting(_ name: String, to value: Value) throws(Fault) -> DictionaryValue {
    var entries = entries
    if let position = entries.firstIndex(where: { $0.key.text?.hasSameBytes(as: name) == true }) {
      entries[position].value = value
    } else {
      entries.append((.string(name), value))
    }
    return try DictionaryValue(unique: entries, index: nil)
  }
}

/// A value reduced to what Python hashes: numbers by value whatever their kind, strings by content.
enum HashableValue: Hashable {
  case undefined
  case none
  case integer(Int)
  case float(Double)
  case text([UInt8])
  case tuple([HashableValue])
  case object(ObjectIdentifier)
  case function(GlobalFunction)
  case range(start: Int, step: Int, count: Int)

  init(_ text: String) { self = .text(Array(text.utf8)) }

  init(_ value: Value, _ budget: Budget) throws(Fault) {
    try budget.spend()
    switch value {
    case .undefined: self = .undefined
    case .none: self = .none
    case .boolean(let value): self = .integer(value ? 1 : 0)
    case .integer(let value): self = .integer(value)
    case .float(let value): self = Int(exactly: value).map { .integer($0) } ?? .float(value)
    case .string(let text), .markup(let text):
      try budget.spend(text: text)
      self.init(text)
    case .tuple(let tuple):
      var elements: [HashableValue] = []
      for element in tuple.elements { elements.append(try HashableValue(element, budget)) }
      self = .tuple(elements)
    case .range(let range):
      self = .range(
        start: range.count == 0 ? 0 : range.start, step: range.count < 2 ? 0 : range.step, count: range.count)
    case .iterator(let object): self = .object(ObjectIdentifier(object))
    case .namespace(let object): self = .object(ObjectIdentifier(object))
    case .macro(let object): self = .object(ObjectIdentifier(object))
    case .loop(let object): self = .object(ObjectIdentifier(object))
    case .cycler(let object): self = .object(ObjectIdentifier(object))
    case .joiner(let object): self = .object(ObjectIdentifier(object))
    case .function(let function): self = .function(function)
    case .method: throw Fault(.unsupported, "methods as dictionary keys are not supported")
    case .list, .dictionary, .view: throw Fault(.type, "unhashable type: '\(value.typeName)'")
    }
  }
}
