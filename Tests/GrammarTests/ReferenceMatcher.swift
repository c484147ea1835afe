import Grammar

/// Follows a grammar by its definition: from a position, the set of positions where a text of an expression can end.
/// Slow, and short enough to be read; the engine is measured against it. Rules must not be left-recursive.
struct ReferenceMatcher {
  private let grammar: GrammarDefinition
  private let text: [UInt8]
  private var known: [String: [Int: Set<Int>]] = [:]

  /// Whether `text` is a document of the grammar.
  static func accepts(_ text: String, _ grammar: GrammarDefinition) -> Bool {
    var matcher = ReferenceMatcher(grammar: grammar, text: Array(text.utf8))
    return matcher.ends(of: .rule(grammar.root), from: 0).contains(matcher.text.count)
  }

  private init(grammar: GrammarDefinition, text: [UInt8]) {
    self.grammar = grammar
    self.text = text
  }

  private mutating func ends(of expression: GrammarExpression, from start: Int) -> Set<Int> {
    switch expression {
    case .bytes(let bytes): return text[start...].starts(with: bytes) ? [start + bytes.count] : []
    case .byteClass(let set): return start < text.count && set.contains(text[start]) ? [start + 1] : []
    case .characters(let set): return character(of: set, from: start)
    case .sequence(let parts):
      var ends: Set<Int> = [start]
      for part in parts { ends = union(of: part, from: ends) }
      return ends
    case .choice(let parts): return parts.reduce(into: Set()) { $0.formUnion(ends(of: $1, from: start)) }
    case .repetition(let unit, let atLeast, let atMost): return repeated(unit, atLeast, atMost, from: start)
    case .intersection(let parts):
      guard var common = parts.first.map({ ends(of: $0, from: start) }) else { return [] }
      for part in parts.dropFirst() { common.formIntersection(ends(of: part, from: start)) }
      return common
    case .difference(let left, let right): return ends(of: left, from: start).subtracting(ends(of: right, from: start))
    case .automaton(let table): return states(of: table, from: start)
    case .rule(let name):
      if let ends = known[name]?[start] { return ends }
      guard let expression = grammar[name] else { return [] }
      let found = ends(of: expression, from: start)
      known[name, default: [:]][start] = found
      return found
    }
  }

  private mutating func union(of expression: GrammarExpression, from starts: Set<Int>) -> Set<Int> {
    starts.reduce(into: Set()) { $0.formUnion(ends(of: expression, from: $1)) }
  }

  private func character(of set: ScalarSet, from start: Int) -> Set<Int> {
    var decoder = UTF8()
    var bytes = text[start...].makeIterator()
    guard case .scalarValue(let scalar) = decoder.decode(&bytes), set.contains(scalar) else { return [] }
    return [start + UTF8.width(scalar)]
  }

  private mutating func repeated(_ unit: GrammarExpression, _ atLeast: Int, _ atMost: Int?, from start: Int) -> Set<Int>
  {
    var frontier: Set<Int> = [start]
    var result: Set<Int> = atLeast == 0 ? frontier : []
    var count = 0
    while !frontier.isEmpty, count < atMost ?? .max {
      frontier = union(of: unit, from: frontier)
      count += 1
      if count >= atLeast {
        frontier.subtract(result)
        result.formUnion(frontier)
      }
    }
    return result
  }

  private func states(of table: TransitionTable, from start: Int) -> Set<Int> {
    var state = 0
    var ends: Set<Int> = table.accepting[0] ? [start] : []
    for (offset, byte) in text[start...].enumerated() {
      guard let next = table.transitions(from: state).first(where: { $0.byte == byte })?.target else { break }
      state = next
      if table.accepting[state] { ends.insert(start + offset + 1) }
    }
    return ends
  }
}
