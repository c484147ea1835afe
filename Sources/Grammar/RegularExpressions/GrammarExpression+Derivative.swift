/// Whether a text is in the language of a pattern or format, by Brzozowski's derivatives: what may follow a character is
/// an expression again. Fit for the few texts of a schema; documents are followed by automata.
extension GrammarExpression {
  /// Whether `text` is a text of the expression, which uses no rules and no automata. Nil where finding out takes too much.
  func matches(_ text: String) -> Bool? {
    var rest = self
    for scalar in text.unicodeScalars {
      rest = rest.derivative(scalar)
      if rest.size(atMost: 20_000) == nil { return nil }
    }
    return rest.isNullable
  }

  /// The number of expressions in this one; nil where it is above the limit.
  private func size(atMost limit: Int) -> Int? {
    var pending = [self]
    var count = 0
    while let next = pending.popLast() {
      count += 1
      if count > limit { return nil }
      switch next {
      case .sequence(let parts), .choice(let parts), .intersection(let parts): pending += parts
      case .repetition(let unit, _, _): pending.append(unit)
      case .difference(let left, let right): pending += [left, right]
      default: break
      }
    }
    return count
  }

  /// Whether the empty text is one of the expression, which uses no rules and no automata.
  var isNullable: Bool {
    switch self {
    case .bytes(let bytes): bytes.isEmpty
    case .byteClass, .characters, .automaton, .rule: false
    case .sequence(let parts), .intersection(let parts): parts.allSatisfy(\.isNullable)
    case .choice(let parts): parts.contains(where: \.isNullable)
    case .repetition(let unit, let atLeast, _): atLeast == 0 || unit.isNullable
    case .difference(let left, let right): left.isNullable && !right.isNullable
    }
  }

  /// What may follow `scalar`.
  private func derivative(_ scalar: Unicode.Scalar) -> GrammarExpression {
    switch self {
    case .bytes(let bytes):
      let encoded = Array(String(scalar).utf8)
      return bytes.starts(with: encoded) ? .bytes(Array(bytes.dropFirst(encoded.count))) : .nothing
    case .byteClass(let set): return scalar.isASCII && set.contains(UInt8(scalar.value)) ? .empty : .nothing
    case .characters(let set): return set.contains(scalar) ? .empty : .nothing
    case .sequence(let parts):
      var ways: [GrammarExpression] = []
      for (position, part) in parts.enumerated() {
        ways.append(Self.joined([part.derivative(scalar)] + parts[(position + 1)...]))
        if !part.isNullable { break }
      }
      return Self.united(ways)
    case .choice(let parts): return Self.united(parts.map { $0.derivative(scalar) })
    case .repetition(let unit, let atLeast, let atMost):
      if atMost == 0 { return .nothing }
      let rest = GrammarExpression.repetition(unit, atLeast: max(0, atLeast - 1), atMost: atMost.map { $0 - 1 })
      return Self.joined([unit.derivative(scalar), rest])
    case .intersection(let parts):
      let derived = parts.map { $0.derivative(scalar) }
      return derived.contains(.nothing) ? .nothing : .intersection(derived)
    case .difference(let left, let right):
      let rest = left.derivative(scalar)
      return rest == .nothing ? .nothing : .difference(rest, right.derivative(scalar))
    case .automaton, .rule: return .nothing
    }
  }

  private static func joined(_ parts: [GrammarExpression]) -> GrammarExpression {
    if parts.contains(.nothing) { return .nothing }
    var flat: [GrammarExpression] = []
    for part in parts {
      if case .sequence(let inner) = part { flat += inner } else if part != .bytes([]) { flat.append(part) }
    }
    return flat.count == 1 ? flat[0] : .sequence(flat)
  }

  private static func united(_ parts: [GrammarExpression]) -> GrammarExpression {
    var flat: [GrammarExpression] = []
    var seen: Set<GrammarExpression> = []
    for part in parts {
      let alternatives = if case .choice(let inner) = part { inner } else { [part] }
      for alternative in alternatives where seen.insert(alternative).inserted { flat.append(alternative) }
    }
    return flat.count == 1 ? flat[0] : .choice(flat)
  }
}
