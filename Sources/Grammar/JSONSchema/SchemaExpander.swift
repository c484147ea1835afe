/// Multiplies a schema's combinations out: the cases, any of which satisfies a place.
struct SchemaExpander {
  var reader: SchemaReader
  var patterns = SchemaPatterns()
  let limits: JSONSchemaLimits
  private var known: [[SchemaTerm]: [SchemaCase]] = [:]
  private var grounded: Set<SchemaTerm> = []
  private var remainingSteps = Self.steps

  /// Steps of some microseconds that one schema may take.
  private static let steps = 500_000

  init(_ reader: SchemaReader, limits: JSONSchemaLimits) {
    self.reader = reader
    self.limits = limits
  }

  /// The place of a term's schema.
  func pointer(of term: SchemaTerm) -> String { "#" + reader.index.nodes[term.node].pointer }

  /// The terms in a fixed order, without those that hold for every value.
  func canonical(_ terms: [SchemaTerm]) -> [SchemaTerm] {
    Set(terms).filter { !reader.isTrivial($0) }.sorted()
  }

  /// The cases of values for which all `terms`, which are canonical, hold. A value may satisfy several.
  mutating func cases(of terms: [SchemaTerm]) throws(JSONSchemaError) -> [SchemaCase] {
    if let cases = known[terms] { return cases }
    for term in terms { try checkGrounded(term) }
    let place = terms.first.map(pointer(of:)) ?? "#"
    var cases: [SchemaCase] = []
    var pending = [Partial(agenda: terms.reversed().map { .term($0) })]
    while var partial = pending.popLast() {
      try countStep(at: place)
      guard let formula = partial.agenda.popLast() else {
        cases.append(partial.gathered)
        guard cases.count <= limits.alternatives else {
          throw JSONSchemaError(.tooLarge(what: "alternatives in one place", limit: limits.alternatives), at: place)
        }
        continue
      }
      switch formula {
      case .all(let parts):
        partial.agenda += parts.reversed()
        pending.append(partial)
      case .any(let ways):
        for way in ways.reversed() {
          var branch = partial
          branch.agenda.append(way)
          pending.append(branch)
        }
      case .exactlyOne(let terms, _):
        partial.agenda.append(try separated(terms))
        pending.append(partial)
      case .term(let term):
        if partial.visited.insert(term).inserted { partial.agenda.append(try reader.formula(of: term)) }
        pending.append(partial)
      case .assertion(let assertion, let pointer):
        partial.gathered.add(assertion, at: pointer)
        if !partial.gathered.kinds.isEmpty, partial.gathered.values?.isEmpty != true { pending.append(partial) }
      }
    }
    known[terms] = cases
    return cases
  }

  private struct Partial {
    var agenda: [SchemaFormula]
    var gathered = SchemaCase()
    var visited: Set<SchemaTerm> = []
  }

  mutating func countStep(at pointer: String) throws(JSONSchemaError) {
    remainingSteps -= 1
    if remainingSteps < 0 { throw JSONSchemaError(.tooLarge(what: "steps to read", limit: Self.steps), at: pointer) }
  }

  /// `oneOf` as `anyOf`: where two schemas may both hold, each comes with the other's opposite.
  private mutating func separated(_ terms: [SchemaTerm]) throws(JSONSchemaError) -> SchemaFormula {
    var ways = terms.map { [SchemaFormula.term($0)] }
    for first in terms.indices {
      for second in terms.indices.dropFirst(first + 1) {
        if try isProvablyEmpty([terms[first], terms[second]], depth: 4) { continue }
        ways[first].append(.term(terms[second].inverted))
        ways[second].append(.term(terms[first].inverted))
      }
    }
    return .any(ways.map { .all($0) })
  }

  // MARK: - Endless references

  /// Refuses schemas that lead back to themselves for the same value: they would say nothing.
  private mutating func checkGrounded(_ term: SchemaTerm) throws(JSONSchemaError) {
    var path: Set<SchemaTerm> = []
    try checkGrounded(term, path: &path)
  }

  private mutating func checkGrounded(_ term: SchemaTerm, path: inout Set<SchemaTerm>) throws(JSONSchemaError) {
    if grounded.contains(term) { return }
    guard path.insert(term).inserted else { throw JSONSchemaError(.endlessReference, at: pointer(of: term)) }
    guard path.count <= limits.depth else {
      throw JSONSchemaError(.tooLarge(what: "levels", limit: limits.depth), at: pointer(of: term))
    }
    for next in Self.terms(in: try reader.formula(of: term)) { try checkGrounded(next, path: &path) }
    path.remove(term)
    grounded.insert(term)
  }

  private static func terms(in formula: SchemaFormula) -> [SchemaTerm] {
    switch formula {
    case .all(let parts), .any(let parts): parts.flatMap(terms)
    case .exactlyOne(let terms, _): terms
    case .term(let term): [term]
    case .assertion: []
    }
  }
}
