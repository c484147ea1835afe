import JSON

/// A schema of the index, or what is no value of it.
struct SchemaTerm: Hashable, Comparable {
  /// The schema's identity in the index.
  let node: Int
  /// Whether the values are those that the schema refuses.
  var isNegated = false

  /// The values that this one does not have.
  var inverted: SchemaTerm { SchemaTerm(node: node, isNegated: !isNegated) }

  static func < (left: SchemaTerm, right: SchemaTerm) -> Bool {
    left.node != right.node ? left.node < right.node : !left.isNegated && right.isNegated
  }
}

/// A condition on a JSON value, as a schema states it.
indirect enum SchemaFormula {
  /// All conditions hold; every value where there are none.
  case all([SchemaFormula])
  /// At least one condition holds; no value where there are none.
  case any([SchemaFormula])
  /// Exactly one of the schemas holds. The pointer is that of the `oneOf`.
  case exactlyOne([SchemaTerm], pointer: String)
  /// The schema holds.
  case term(SchemaTerm)
  /// One elementary condition, which stands at the pointer.
  case assertion(SchemaAssertion, pointer: String)
}

/// The kinds of JSON values; numbers are told apart by whether they are whole.
struct ValueKinds: OptionSet, Hashable {
  let rawValue: UInt8

  static let null = ValueKinds(rawValue: 1)
  static let boolean = ValueKinds(rawValue: 2)
  static let integer = ValueKinds(rawValue: 4)
  static let fraction = ValueKinds(rawValue: 8)
  static let string = ValueKinds(rawValue: 16)
  static let array = ValueKinds(rawValue: 32)
  static let object = ValueKinds(rawValue: 64)
  static let number: ValueKinds = [.integer, .fraction]
  static let all: ValueKinds = [.null, .boolean, .number, .string, .array, .object]

  /// Every kind but these.
  var inverted: ValueKinds { ValueKinds.all.subtracting(self) }

  /// The kinds that `type` calls by this name.
  init?(name: String) {
    switch name {
    case "null": self = .null
    case "boolean": self = .boolean
    case "integer": self = .integer
    case "number": self = .number
    case "string": self = .string
    case "array": self = .array
    case "object": self = .object
    default: return nil
    }
  }

  init(rawValue: UInt8) { self.rawValue = rawValue }
}

/// Elementary conditions. All but the first three hold for every value of another kind than theirs.
enum SchemaAssertion {
  case kinds(ValueKinds)
  case values([JSON])
  case notValues([JSON])

  case minimum(ExactDecimal, isExclusive: Bool)
  case maximum(ExactDecimal, isExclusive: Bool)
  case multipleOf(ExactDecimal)

  case minLength(Int)
  case maxLength(Int)
  case pattern(String, isNegated: Bool)
  case format(String)

  case elements(SchemaElements)
  case element(Int, SchemaTerm)
  case minItems(Int)
  case maxItems(Int)
  case contains(SchemaTerm, atLeast: Int, atMost: Int?)
  case uniqueItems

  case members(SchemaMembers)
  case member(String, SchemaTerm)
  case required([String])
  case forbidden(String)
  case memberNames(SchemaTerm)
  case minProperties(Int)
  case maxProperties(Int)
}

/// What one schema says of an array's elements by position.
struct SchemaElements: Hashable {
  /// The schemas of the first elements.
  var prefix: [SchemaTerm]
  /// The schema of all others; nil where anything may follow.
  var rest: SchemaTerm?
}

/// What one schema says of an object's members by name.
struct SchemaMembers {
  /// The schemas of the members called so, in order.
  private(set) var named: [(name: String, term: SchemaTerm)] = []
  /// The same by name, as UTF-8.
  private var byName: [[UInt8]: SchemaTerm] = [:]
  /// The schemas of the members whose names match a regular expression, and the place of each.
  var matching: [(pattern: String, term: SchemaTerm, pointer: String)] = []
  /// The schema of all others; nil where they may be anything.
  var rest: SchemaTerm?

  mutating func add(_ name: String, _ term: SchemaTerm) {
    named.append((name, term))
    byName[Array(name.utf8)] = term
  }

  /// The schema of the member called `name`; nil if it is not called by name.
  func term(named name: String) -> SchemaTerm? { byName[Array(name.utf8)] }
}
