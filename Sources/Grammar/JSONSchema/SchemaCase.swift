import JSON

/// One way to satisfy a place of the schema: elementary conditions that hold together, gathered by kind of value.
struct SchemaCase {
  /// The kinds left.
  var kinds = ValueKinds.all
  /// The only values, where they are listed.
  var values: [JSON]?
  /// Those values, for look-up.
  private(set) var listed: Set<ComparableValue> = []
  /// Values that are excluded, and where that is said.
  private(set) var excluded: [(value: JSON, pointer: String)] = []
  private var excludedValues: Set<ComparableValue> = []

  var minimum: NumberBound?
  var maximum: NumberBound?
  var divisors: [(value: ExactDecimal, pointer: String)] = []

  var minLength = 0
  var maxLength: Int?
  var patterns: [(text: String, isNegated: Bool, pointer: String)] = []
  var formats: [(name: String, pointer: String)] = []

  var elements: [SchemaElements] = []
  var elementTerms: [(position: Int, term: SchemaTerm)] = []
  var minItems = 0
  var maxItems: Int?
  var contains: [SchemaContains] = []
  /// The place of a `uniqueItems`.
  var uniqueItems: String?

  var members: [SchemaMembers] = []
  var memberTerms: [(name: String, term: SchemaTerm)] = []
  private(set) var required: [String] = []
  private var requiredNames: Set<String> = []
  var forbidden: Set<String> = []
  var memberNames: [SchemaTerm] = []
  var minProperties = 0
  var maxProperties: Int?
  /// The place that set `minProperties`.
  var minPropertiesPointer = "#"

  /// Adds a condition.
  mutating func add(_ assertion: SchemaAssertion, at pointer: String) {
    switch assertion {
    case .kinds(let kinds): self.kinds.formIntersection(kinds)
    case .values(let values):
      let others = Set(values.map(ComparableValue.init))
      self.values = (self.values ?? Self.distinct(values)).filter { others.contains(ComparableValue($0)) }
      listed = Set(self.values?.map(ComparableValue.init) ?? [])
    case .notValues(let values):
      excluded += values.map { ($0, pointer) }
      excludedValues.formUnion(values.map(ComparableValue.init))
    case .minimum(let value, let isExclusive):
      let bound = NumberBound(value: value, isExclusive: isExclusive)
      if minimum.map({ bound.isTighterMinimum(than: $0) }) ?? true { minimum = bound }
    case .maximum(let value, let isExclusive):
      let bound = NumberBound(value: value, isExclusive: isExclusive)
      if maximum.map({ bound.isTighterMaximum(than: $0) }) ?? true { maximum = bound }
    case .multipleOf(let value): divisors.append((value, pointer))
    case .minLength(let count): minLength = max(minLength, count)
    case .maxLength(let count): maxLength = min(maxLength ?? count, count)
    case .pattern(let text, let isNegated):
      if !patterns.contains(where: { $0.text == text && $0.isNegated == isNegated }) {
        patterns.append((text, isNegated, pointer))
      }
    case .format(let name): if !formats.contains(where: { $0.name == name }) { formats.append((name, pointer)) }
    case .elements(let elements): self.elements.append(elements)
    case .element(let position, let term): elementTerms.append((position, term))
    case .minItems(let count): minItems = max(minItems, count)
    case .maxItems(let count): maxItems = min(maxItems ?? count, count)
    case .contains(let term, let atLeast, let atMost):
      contains.append(SchemaContains(term: term, atLeast: atLeast, atMost: atMost, pointer: pointer))
    case .uniqueItems: uniqueItems = pointer
    case .members(let members): self.members.append(members)
    case .member(let name, let term): memberTerms.append((name, term))
    case .required(let names): for name in names where requiredNames.insert(name).inserted { required.append(name) }
    case .forbidden(let name): forbidden.insert(name)
    case .memberNames(let term): memberNames.append(term)
    case .minProperties(let count):
      if count > minProperties { (minProperties, minPropertiesPointer) = (count, pointer) }
    case .maxProperties(let count): maxProperties = min(maxProperties ?? count, count)
    }
  }

  private static func distinct(_ values: [JSON]) -> [JSON] {
    var seen: Set<ComparableValue> = []
    return values.filter { seen.insert(ComparableValue($0)).inserted }
  }

  /// Whether the value is excluded by name.
  func excludes(_ value: JSON) -> Bool { excludedValues.contains(ComparableValue(value)) }

  /// Takes back the exclusion of a value.
  mutating func include(_ value: JSON) {
    excluded.removeAll { ComparableValue($0.value) == ComparableValue(value) }
    excludedValues.remove(ComparableValue(value))
  }

  /// The terms that hold for the element at `position`.
  func terms(ofElement position: Int) -> [SchemaTerm] {
    var terms = elements.compactMap { $0.prefix.indices.contains(position) ? $0.prefix[position] : $0.rest }
    terms += elementTerms.filter { $0.position == position }.map(\.term)
    return terms
  }

  /// From this position on, all elements are alike.
  var uniformFrom: Int {
    max(elements.map(\.prefix.count).max() ?? 0, (elementTerms.map(\.position).max() ?? -1) + 1)
  }

  /// The names that the schema speaks of, in its order; names that are only required come last.
  var memberOrder: [String] {
    var names: [String] = []
    var seen: Set<String> = []
    for group in members.map({ $0.named.map(\.name) }) + [memberTerms.map(\.name), required, forbidden.sorted()] {
      for name in group where seen.insert(name).inserted { names.append(name) }
    }
    return names
  }
}

/// A lower or upper bound of numbers.
struct NumberBound: Hashable {
  let value: ExactDecimal
  let isExclusive: Bool

  func isTighterMinimum(than other: NumberBound) -> Bool {
    value == other.value ? isExclusive : other.value < value
  }

  func isTighterMaximum(than other: NumberBound) -> Bool {
    value == other.value ? isExclusive : value < other.value
  }
}

/// How many elements of an array satisfy a schema.
struct SchemaContains {
  let term: SchemaTerm
  let atLeast: Int
  let atMost: Int?
  /// The place of the keyword.
  let pointer: String
}

/// A JSON value that equals others as JSON Schema has it: `1` and `1.0` are the same.
struct ComparableValue: Hashable {
  private let value: JSON

  init(_ value: JSON) { self.value = Self.normalized(value) }

  private static func normalized(_ value: JSON) -> JSON {
    switch value {
    case .double(let number): Int(exactly: number).map { .integer($0) } ?? value
    case .array(let elements): .array(elements.map(normalized))
    case .object(let members): .object(JSONObject(members.map { ($0.key, normalized($0.value)) }))
    default: value
    }
  }

  /// The kind of the value.
  var kind: ValueKinds {
    switch value {
    case .null: .null
    case .bool: .boolean
    case .integer: .integer
    case .double(let number): number.magnitude < 9_007_199_254_740_992 ? .fraction : .integer  // 2^53
    case .string: .string
    case .array: .array
    case .object: .object
    }
  }
}
