import JSON

/// Arrays.
extension SchemaCompiler {
  mutating func array(_ way: SchemaCase, _ name: String) throws(JSONSchemaError) -> GrammarExpression {
    var way = way
    try way.excludeEmpty(.array([]), kind: .array) { $0.minItems = max($0.minItems, 1) }
    // From the first position on that no element fits, there is none.
    for position in 0...way.uniformFrom
    where way.terms(ofElement: position).contains(where: expander.reader.isImpossible) {
      way.maxItems = min(way.maxItems ?? position, position)
      break
    }
    guard way.minItems <= way.maxItems ?? .max else { return .nothing }
    let content: GrammarExpression
    if let pointer = way.uniqueItems, way.maxItems ?? 2 > 1 {
      content = try distinctElements(way, name, at: pointer)
    } else if !way.contains.isEmpty {
      content = try countedElements(way, name)
    } else if way.elements.isEmpty, way.elementTerms.isEmpty, way.minItems == 0, way.maxItems == nil {
      return .rule(JSONText.arrayRule)
    } else {
      content = try elements(way, name)
    }
    return .sequence([.text("["), Self.space, content, .text("]")])
  }

  static let comma = GrammarExpression.sequence([.text(","), space])

  /// The element at `position`, with the comma before it and the white space after it.
  private mutating func element(
    _ position: Int, _ terms: [SchemaTerm]
  ) throws(JSONSchemaError) -> GrammarExpression {
    let item: [GrammarExpression] = [try value(of: terms), Self.space]
    return .sequence(position > 0 ? [Self.comma] + item : item)
  }

  /// Elements by position, then any number of like ones.
  private mutating func elements(_ way: SchemaCase, _ name: String) throws(JSONSchemaError) -> GrammarExpression {
    let prefix = min(way.uniformFrom, way.maxItems ?? .max)
    var tail = GrammarExpression.empty
    if way.maxItems ?? .max > prefix {
      // The first of the like elements has no comma before it if it is the first of all.
      let terms = way.terms(ofElement: way.uniformFrom)
      let ahead = max(prefix, 1)
      tail = .repetition(
        try element(1, terms), atLeast: max(0, way.minItems - ahead), atMost: way.maxItems.map { $0 - ahead })
      if prefix == 0 {
        tail = .sequence([try element(0, terms), tail])
        if way.minItems == 0 { tail = .optional(tail) }
      }
    }
    for position in (0..<prefix).reversed() {
      tail = .sequence([try element(position, way.terms(ofElement: position)), tail])
      if position >= way.minItems { tail = .optional(tail) }
      if position > 0, position % 16 == 0 { tail = try unit(tail, "\(name) from element \(position)") }
    }
    return tail
  }

  // MARK: - Contains

  /// Elements with a count, for each `contains`, of those that satisfy it. A rule stands for the elements from a
  /// position on, after as many of each as its name says.
  private mutating func countedElements(
    _ way: SchemaCase, _ name: String
  ) throws(JSONSchemaError) -> GrammarExpression {
    guard way.contains.count <= 3 else {
      throw JSONSchemaError(
        .undecidable(keyword: "contains", problem: "more than three conditions of this kind on one array"),
        at: way.contains[3].pointer)
    }
    let lastPosition = max(way.uniformFrom, way.minItems, way.maxItems ?? 0)
    let start = CountedState(position: 0, counts: way.contains.map { _ in 0 })
    var pending = [start]
    var known: Set<CountedState> = [start]
    while let state = pending.popLast() {
      var ways: [GrammarExpression] = []
      if state.position >= way.minItems, zip(state.counts, way.contains).allSatisfy({ $0 >= $1.atLeast }) {
        ways.append(.empty)
      }
      for choice in 0..<(1 << way.contains.count) where state.position < way.maxItems ?? .max {
        guard let (next, terms) = Self.step(state, choice, way, lastPosition) else { continue }
        if try expander.isProvablyEmpty(terms, depth: 2) { continue }
        ways.append(.sequence([try element(state.position, terms), .rule(next.name(name))]))
        if known.insert(next).inserted { pending.append(next) }
      }
      try addRule(state.name(name), .choice(ways))
    }
    return .rule(start.name(name))
  }

  private struct CountedState: Hashable {
    var position: Int
    var counts: [Int]

    func name(_ name: String) -> String {
      "\(name) from element \(position) after \(counts.map(String.init).joined(separator: ", ")) of contains"
    }
  }

  /// The state after an element that satisfies the conditions whose bits are set in `choice`, and its terms. Without
  /// an upper bound it does not matter whether the others are satisfied, too.
  private static func step(
    _ state: CountedState, _ choice: Int, _ way: SchemaCase, _ lastPosition: Int
  ) -> (CountedState, [SchemaTerm])? {
    var next = state
    var terms = way.terms(ofElement: state.position)
    for (index, condition) in way.contains.enumerated() {
      if choice & (1 << index) != 0 {
        let enough = state.counts[index] >= condition.atLeast
        if condition.atMost == nil, enough { return nil }  // Need not be told apart any more.
        if let atMost = condition.atMost, state.counts[index] >= atMost { return nil }
        next.counts[index] += 1
        terms.append(condition.term)
      } else if condition.atMost != nil {
        terms.append(condition.term.inverted)
      }
    }
    next.position = min(state.position + 1, lastPosition)
    if next.position == 0 { next.position = 1 }  // The comma depends on it.
    return (next, terms)
  }

  // MARK: - Distinct elements

  /// The most values that elements can have where they must differ. Their subsets are states.
  private static let distinctValues = 8

  private mutating func distinctElements(
    _ way: SchemaCase, _ name: String, at pointer: String
  ) throws(JSONSchemaError) -> GrammarExpression {
    let problem = "elements can only be told apart where they are alike and have at most \(Self.distinctValues) values"
    let refusal = JSONSchemaError(.undecidable(keyword: "uniqueItems", problem: problem), at: pointer)
    guard way.uniformFrom == 0, way.contains.isEmpty,
      let values = try finiteValues(way.terms(ofElement: 0)), values.count <= Self.distinctValues
    else { throw refusal }
    let literals = values.map(Self.literal)
    func rule(_ used: Int) -> String {
      "\(name) after elements \(values.indices.filter { used & (1 << $0) != 0 }.map(String.init).joined(separator: ", "))"
    }
    for used in 0..<(1 << values.count) {
      var ways: [GrammarExpression] = used.nonzeroBitCount >= way.minItems ? [.empty] : []
      for (index, literal) in literals.enumerated()
      where used & (1 << index) == 0 && used.nonzeroBitCount < way.maxItems ?? .max {
        ways.append(
          .sequence((used == 0 ? [] : [Self.comma]) + [literal, Self.space, .rule(rule(used | (1 << index)))]))
      }
      try addRule(rule(used), .choice(ways))
    }
    return .rule(rule(0))
  }

  /// All values that satisfy the terms, where they are listed.
  private mutating func finiteValues(_ terms: [SchemaTerm]) throws(JSONSchemaError) -> [JSON]? {
    var found: [JSON] = []
    for way in try expander.cases(of: expander.canonical(terms)) {
      var candidates = way.values
      if candidates == nil, way.kinds.isSubset(of: [.null, .boolean]) { candidates = [.null, false, true] }
      guard let candidates else { return nil }
      for value in candidates where try expander.accepts(value, way) { found.append(value) }
    }
    var seen: Set<ComparableValue> = []
    return found.filter { seen.insert(ComparableValue($0)).inserted }
  }
}

extension SchemaCase {
  /// Excludes the empty array or object by its size, and refuses to exclude any other.
  mutating func excludeEmpty(
    _ empty: JSON, kind: ValueKinds, _ atLeastOne: (inout SchemaCase) -> Void
  ) throws(JSONSchemaError) {
    if excludes(empty) { atLeastOne(&self) }
    include(empty)
    try checkExcluded(kind)
  }
}
