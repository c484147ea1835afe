import Grammar

/// Follows a grammar's definition to the letter, slowly: which stretches of a text each expression matches, and which
/// ends of the text begin one of its texts, by iteration until nothing changes.
final class ReferenceRecogniser {
  private let definition: GrammarDefinition
  /// Texts that are tried to finish one of an intersection or difference.
  private let extensions: [[UInt8]]
  /// Whether texts begin one of an intersection or difference, which use no rules.
  private var known: [Unfinished: Bool] = [:]

  private var judgements: [[UInt8]: (isComplete: Bool, isViable: Bool)] = [:]

  private struct Unfinished: Hashable {
    var expression: GrammarExpression
    var text: [UInt8]
  }

  /// - Parameters:
  ///   - alphabet: What texts are made of.
  ///   - extensionLength: How much of it any text of an intersection or difference lacks at most.
  init(definition: GrammarDefinition, alphabet: [[UInt8]], extensionLength: Int) {
    self.definition = definition
    var result: [[UInt8]] = [[]]
    var last = result
    for _ in 0..<extensionLength {
      last = last.flatMap { start in alphabet.map { start + $0 } }
      result += last
    }
    // A character may be cut.
    extensions = result + result.map { [0xA9] + $0 }
  }

  /// Whether the text is a whole document, and whether it begins one.
  func judge(_ text: [UInt8]) -> (isComplete: Bool, isViable: Bool) {
    if let judgement = judgements[text] { return judgement }
    var tables = Tables(text: text)
    var before = -1
    while tables.facts != before {
      before = tables.facts
      for (name, expression) in definition.rules {
        for start in 0...text.count {
          for end in ends(expression, start, tables) { tables.add(name, start, end) }
          if isPrefix(expression, start, tables) { tables.addPrefix(name, start) }
        }
      }
    }
    let isComplete = tables.ends[Place(name: definition.root, start: 0)]?.contains(text.count) ?? false
    let judgement = (isComplete, tables.prefixes.contains(Place(name: definition.root, start: 0)))
    judgements[text] = judgement
    return judgement
  }

  struct Place: Hashable {
    var name: String
    var start: Int
  }

  struct Tables {
    let text: [UInt8]
    var ends: [Place: Set<Int>] = [:]
    var prefixes: Set<Place> = []
    var facts = 0

    mutating func add(_ name: String, _ start: Int, _ end: Int) {
      if ends[Place(name: name, start: start), default: []].insert(end).inserted { facts += 1 }
    }

    mutating func addPrefix(_ name: String, _ start: Int) {
      if prefixes.insert(Place(name: name, start: start)).inserted { facts += 1 }
    }
  }

  private func ends(_ expression: GrammarExpression, _ start: Int, _ tables: Tables) -> Set<Int> {
    let text = tables.text
    switch expression {
    case .bytes(let bytes): return text[start...].starts(with: bytes) ? [start + bytes.count] : []
    case .byteClass(let set): return start < text.count && set.contains(text[start]) ? [start + 1] : []
    case .characters(let scalars):
      for length in 1...4 where start + length <= text.count {
        let part = String(validating: text[start..<start + length], as: UTF8.self)
        if let part, part.unicodeScalars.count == 1, part.unicodeScalars.allSatisfy({ scalars.contains($0) }) {
          return [start + length]
        }
      }
      return []
    case .sequence(let parts):
      return parts.reduce([start]) { places, part in
        places.reduce(into: []) { $0.formUnion(ends(part, $1, tables)) }
      }
    case .choice(let parts): return parts.reduce(into: []) { $0.formUnion(ends($1, start, tables)) }
    case .intersection(let parts):
      return parts.dropFirst().reduce(parts.first.map { ends($0, start, tables) } ?? []) {
        $0.intersection(ends($1, start, tables))
      }
    case .difference(let first, let second): return ends(first, start, tables).subtracting(ends(second, start, tables))
    case .automaton(let table):
      var (result, state, place) = (Set<Int>(), 0, start)
      while true {
        if table.accepting[state] { result.insert(place) }
        guard place < text.count, let next = table.transitions(from: state).first(where: { $0.byte == text[place] })
        else { return result }
        (state, place) = (next.target, place + 1)
      }
    case .rule(let name): return tables.ends[Place(name: name, start: start)] ?? []
    case .repetition(let unit, let atLeast, let atMost):
      var result: Set<Int> = atLeast == 0 ? [start] : []
      var places: Set<Int> = [start]
      // Beyond the lower bound, only units that are not empty matter, and there are as many as bytes at most.
      for count in 1...max(atLeast + text.count + 1, 1) where count <= atMost ?? .max {
        places = places.reduce(into: []) { $0.formUnion(ends(unit, $1, tables)) }
        if count >= atLeast { result.formUnion(places) }
        if places.isEmpty { break }
      }
      return result
    }
  }

  /// Whether the text from `start` to its end begins a text of the expression.
  private func isPrefix(_ expression: GrammarExpression, _ start: Int, _ tables: Tables) -> Bool {
    let text = tables.text
    let rest = text[start...]
    switch expression {
    case .bytes(let bytes): return bytes.starts(with: rest)
    case .byteClass(let set): return rest.isEmpty ? !set.isEmpty : rest.count == 1 && set.contains(text[start])
    case .characters(let scalars):
      // The texts of these tests have no scalars beyond.
      return (0...0xFF as ClosedRange<UInt32>).contains { value in
        guard let scalar = Unicode.Scalar(value), scalars.contains(scalar) else { return false }
        return Array(String(scalar).utf8).starts(with: rest)
      }
    case .sequence(let parts):
      var places: Set<Int> = [start]
      for (index, part) in parts.enumerated() {
        let others = parts[(index + 1)...].allSatisfy { isProductive($0, tables) }
        if others, places.contains(where: { isPrefix(part, $0, tables) }) { return true }
        places = places.reduce(into: []) { $0.formUnion(ends(part, $1, tables)) }
      }
      return places.contains(text.count)
    case .choice(let parts): return parts.contains { isPrefix($0, start, tables) }
    case .intersection, .difference, .automaton:
      let question = Unfinished(expression: expression, text: Array(rest))
      if let answer = known[question] { return answer }
      let answer = extensions.contains { ending in
        let longer = Tables(text: rest + ending)
        return ends(expression, 0, longer).contains(longer.text.count)
      }
      known[question] = answer
      return answer
    case .rule(let name): return tables.prefixes.contains(Place(name: name, start: start))
    case .repetition(let unit, let atLeast, let atMost):
      if rest.isEmpty, atLeast == 0 { return true }
      var places: Set<Int> = [start]
      for count in 1...max(atLeast + text.count + 1, 1) where count <= atMost ?? .max {
        if places.contains(where: { isPrefix(unit, $0, tables) }) { return true }
        places = places.reduce(into: []) { $0.formUnion(ends(unit, $1, tables)) }
        if count >= atLeast, places.contains(text.count) { return true }
        if places.isEmpty { break }
      }
      return false
    }
  }

  /// Whether the expression has any text: whether the empty end of the text begins one.
  private func isProductive(_ expression: GrammarExpression, _ tables: Tables) -> Bool {
    isPrefix(expression, tables.text.count, tables)
  }
}
