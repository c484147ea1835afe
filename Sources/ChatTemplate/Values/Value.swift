/// A value at run time. The kinds and their behaviour are those of the Python objects a template sees.
enum Value {
  case undefined(UndefinedValue)
  case none
  case boolean(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  /// A string that went through `safe` or `escape`. Strings added to it are escaped for HTML.
  case markup(String)
  case list(ListValue)
  case tuple(ListValue)
  case dictionary(DictionaryValue)
  case range(RangeValue)
  case iterator(IteratorValue)
  case view(DictionaryView)
  case namespace(Namespace)
  case macro(MacroValue)
  case loop(LoopState)
  case method(BoundMethod)
  case function(GlobalFunction)
  case cycler(Cycler)
  case joiner(Joiner)
}

/// What a look-up that found nothing returns: prints as nothing, is false, and fails on any other use.
final class UndefinedValue {
  enum Reason {
    case name(String)
    case attribute(String, ofType: String)
    case item(ofType: String)
    case unsafeAttribute(String, ofType: String)
    case hint(String)
  }

  let reason: Reason

  init(_ reason: Reason) { self.reason = reason }

  /// The failure of an operation on the value.
  var fault: Fault {
    switch reason {
    case .name(let name): Fault(.undefined, "'\(name)' is undefined")
    case .attribute(let name, let type): Fault(.undefined, "'\(type)' has no attribute '\(name)'")
    case .item(let type): Fault(.undefined, "'\(type)' has no such element")
    case .unsafeAttribute(let name, let type):
      Fault(.security, "access to attribute '\(name)' of '\(type)' is not allowed")
    case .hint(let hint): Fault(.undefined, hint)
    }
  }
}

/// An immutable sequence. It knows how deeply it nests, which bounds every recursion over values.
final class ListValue {
  static let maximumDepth = 200

  let elements: [Value]
  let depth: Int
  /// `grouper` and `list` of what `groupby` returns.
  let isGroup: Bool

  init(_ elements: [Value], isGroup: Bool = false) throws(Fault) {
    self.elements = elements
    self.isGroup = isGroup
    depth = try ListValue.depth(over: elements)
  }

  static func depth(over elements: some Sequence<Value>) throws(Fault) -> Int {
    var depth = 0
    for element in elements { depth = max(depth, element.depth) }
    guard depth < maximumDepth else { throw Fault(.limit, "values are nested too deeply") }
    return depth + 1
  }
}

/// The integers of a `range`.
struct RangeValue: Equatable {
  let start: Int
  let step: Int
  let count: Int

  /// The element at an index. Wraps around outside the range, where nothing reads the result.
  subscript(index: Int) -> Int { start &+ index &* step }
}

/// What Python calls a generator or iterator: it can be gone through once.
final class IteratorValue {
  private var elements: ArraySlice<Value>
  /// The failure that ends the elements, if one does.
  private let failure: Fault?
  let depth: Int

  init(_ elements: [Value], failure: Fault? = nil) throws(Fault) {
    self.elements = elements[...]
    self.failure = failure
    depth = try ListValue.depth(over: elements)
  }

  func next() throws(Fault) -> Value? {
    if let element = elements.popFirst() { return element }
    if let failure { throw failure }
    return nil
  }

  func rest() throws(Fault) -> [Value] {
    if let failure { throw failure }
    defer { elements = [] }
    return Array(elements)
  }
}

/// `keys()`, `values()` or `items()` of a dictionary.
struct DictionaryView {
  enum Part: String { case keys, values, items }

  let part: Part
  let dictionary: DictionaryValue

  func elements() throws(Fault) -> [Value] {
    switch part {
    case .keys: return dictionary.keys
    case .values: return dictionary.values
    case .items:
      var items: [Value] = []
      items.reserveCapacity(dictionary.count)
      for (key, value) in dictionary.entries { items.append(.tuple(try ListValue([key, value]))) }
      return items
    }
  }
}

/// The only mutable object a template can make.
final class Namespace {
  private(set) var attributes: DictionaryValue?

  init(_ attributes: DictionaryValue) { self.attributes = attributes }

  func set(_ name: String, to value: Value) throws(Fault) {
    attributes = try attributes?.setting(name, to: value)
  }

  /// Drops the attributes, which ends any cycle through them.
  func clear() { attributes = nil }
}

/// A method of a string, list, tuple, dictionary or one of Jinja's helpers, with its object.
final class BoundMethod {
  let receiver: Value
  let name: String
  let depth: Int

  init(_ receiver: Value, _ name: String) throws(Fault) {
    self.receiver = receiver
    self.name = name
    depth = try ListValue.depth(over: CollectionOfOne(receiver))
  }
}

/// The functions that are there without being given.
enum GlobalFunction: String, CaseIterable {
  case range, dict, namespace, cycler, joiner, lipsum
  case raiseException = "raise_exception"
  case strftimeNow = "strftime_now"
}

/// Jinja's `cycler`: goes around a fixed list of items.
final class Cycler {
  let items: ListValue
  var position = 0

  init(_ items: ListValue) { self.items = items }

  var current: Value { items.elements[position] }
}

/// Jinja's `joiner`: nothing at the first call, the separator at every later one.
final class Joiner {
  let separator: String
  var wasUsed = false

  init(_ separator: String) { self.separator = separator }
}

extension Value {
  /// How deeply the value nests. Namespaces and macros count as leaves: they are cleared after rendering.
  var depth: Int {
    switch self {
    case .list(let list), .tuple(let list): list.depth
    case .dictionary(let dictionary): dictionary.depth
    case .view(let view): view.dictionary.depth + 1
    case .iterator(let iterator): iterator.depth
    case .method(let method): method.depth
    case .cycler(let cycler): cycler.items.depth + 1
    default: 0
    }
  }

  /// The text of a string, marked safe or not.
  var text: String? {
    switch self {
    case .string(let text), .markup(let text): text
    default: nil
    }
  }

  /// The number of an integer or a boolean, which Python counts as one.
  var integer: Int? {
    switch self {
    case .integer(let value): value
    case .boolean(let value): value ? 1 : 0
    default: nil
    }
  }

  /// The number of any numeric kind.
  var number: Double? {
    if case .float(let value) = self { return value }
    return integer.map(Double.init)
  }

  var isUndefined: Bool {
    if case .undefined = self { true } else { false }
  }

  /// Python's name of the type.
  var typeName: String {
    switch self {
    case .undefined: "Undefined"
    case .none: "NoneType"
    case .boolean: "bool"
    case .integer: "int"
    case .float: "float"
    case .string: "str"
    case .markup: "Markup"
    case .list: "list"
    case .tuple: "tuple"
    case .dictionary: "dict"
    case .range: "range"
    case .iterator: "generator"
    case .view(let view): "dict_\(view.part.rawValue)"
    case .namespace: "TemplateNamespace"
    case .macro: "Macro"
    case .loop: "LoopContext"
    case .method: "builtin_function_or_method"
    case .function: "function"
    case .cycler: "Cycler"
    case .joiner: "Joiner"
    }
  }

  /// Python's truth value.
  var isTrue: Bool {
    switch self {
    case .undefined, .none: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .float(let value): value != 0
    case .string(let text), .markup(let text): !text.isEmpty
    case .list(let list), .tuple(let list): !list.elements.isEmpty
    case .dictionary(let dictionary): dictionary.count > 0
    case .range(let range): range.count > 0
    case .view(let view): view.dictionary.count > 0
    case .loop(let loop): loop.hasElements
    case .iterator, .namespace, .macro, .method, .function, .cycler, .joiner: true
    }
  }
}
