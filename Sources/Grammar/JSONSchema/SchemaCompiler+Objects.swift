import JSON

/// Objects.
extension SchemaCompiler {
  /// The members of one object: those with names of their own, in order, and all others.
  struct Members {
    /// What stands between two members.
    var separator = SchemaCompiler.comma
    /// Each with the white space after it.
    var named: [(pair: GrammarExpression, isRequired: Bool)] = []
    /// Any one member of another name, likewise; nil where there is none.
    var other: GrammarExpression?

    var requiredCount: Int { named.count { $0.isRequired } }
  }

  mutating func object(_ way: SchemaCase, _ name: String) throws(JSONSchemaError) -> GrammarExpression {
    var way = way
    try way.excludeEmpty(.object([:]), kind: .object) { $0.minProperties = max($0.minProperties, 1) }
    if way.isAnyObject { return .rule(JSONText.objectRule) }
    guard let members = try members(way, name) else { return .nothing }
    return .sequence([.text("{"), Self.space, try content(members, way, name), .text("}")])
  }

  /// Nil where a required member cannot be.
  /// - Parameter markup: how the members are written, if not as JSON's.
  mutating func members(
    _ way: SchemaCase, _ name: String, _ markup: ParameterMarkup? = nil
  ) throws(JSONSchemaError) -> Members? {
    var members = Members()
    if markup != nil { members.separator = .empty }
    let required = Set(way.required)
    let order = way.memberOrder
    for member in order {
      let terms = try expander.terms(ofMember: member, way)
      let isAllowed = try expander.accepts(.string(member), way.memberNames)
      let isImpossible =
        !isAllowed || way.forbidden.contains(member) || terms.contains(where: expander.reader.isImpossible)
      if isImpossible {
        if required.contains(member) { return nil }
        continue
      }
      let written =
        if let markup {
          try parameter(member, terms, name, markup)
        } else {
          try pair(JSONText.string(JSONText.encoded(member)), terms)
        }
      members.named.append((written, required.contains(member)))
    }
    members.other = try otherMember(way, besides: order, name, markup)
    return members
  }

  private mutating func pair(_ key: GrammarExpression, _ terms: [SchemaTerm]) throws(JSONSchemaError)
    -> GrammarExpression
  {
    .sequence([key, Self.space, .text(":"), Self.space, try value(of: terms), Self.space])
  }

  // MARK: - Members of other names

  /// A member whose name is not in `names`, told apart by the patterns that its name matches.
  private mutating func otherMember(
    _ way: SchemaCase, besides names: [String], _ name: String, _ markup: ParameterMarkup?
  ) throws(JSONSchemaError) -> GrammarExpression? {
    var patterns: [(text: String, pointer: String)] = []
    for (text, _, pointer) in way.members.flatMap(\.matching) where !patterns.contains(where: { $0.text == text }) {
      patterns.append((text, pointer))
    }
    guard patterns.count <= limits.namePatterns else {
      throw JSONSchemaError(
        .tooLarge(what: "patterns of names in one object", limit: limits.namePatterns),
        at: patterns[limits.namePatterns].pointer)
    }
    var expressions: [GrammarExpression] = []
    for (text, pointer) in patterns {
      let expression = try expander.patterns.expression(text, at: pointer)
      expressions.append(markup == nil ? try encoded(expression, at: pointer) : expression)
    }
    let allowed = try allowedNames(way, isEncoded: markup == nil)
    var ways: [GrammarExpression] = []
    for choice in 0..<(1 << patterns.count) {
      let matched = Set(patterns.indices.filter { choice & (1 << $0) != 0 }.map { patterns[$0].text })
      let terms = way.members.flatMap { members in
        let found = members.matching.filter { matched.contains($0.pattern) }.map(\.term)
        return found.isEmpty ? members.rest.map { [$0] } ?? [] : found
      }
      if terms.contains(where: expander.reader.isImpossible) { continue }
      if try expander.isProvablyEmpty(terms, depth: 2) { continue }
      let inside = patterns.indices.filter { choice & (1 << $0) != 0 }.map { expressions[$0] }
      let outside = patterns.indices.filter { choice & (1 << $0) == 0 }.map { expressions[$0] }
      if let markup {
        let key = markup.name(within: allowed + inside, without: outside + names.map { .text($0) })
        ways.append(
          try parameter(try unit(key, name + " other name"), terms, markup.otherTypes, name + " other", markup))
      } else {
        let key = try key(within: allowed + inside, without: outside + names.map(JSONText.encoded), name)
        ways.append(try pair(key, terms))
      }
    }
    if ways.isEmpty { return nil }
    return ways.count == 1 ? ways[0] : .choice(ways)
  }

  /// The names that `propertyNames` leaves, encoded if wanted; none where it is not given.
  private mutating func allowedNames(
    _ way: SchemaCase, isEncoded: Bool
  ) throws(JSONSchemaError) -> [GrammarExpression] {
    let terms = expander.canonical(way.memberNames)
    if terms.isEmpty { return [] }
    var ways: [GrammarExpression] = []
    for way in try expander.cases(of: terms) { ways.append(isEncoded ? try content(way) : try plainText(way)) }
    return [.choice(ways)]
  }

  private mutating func key(
    within conditions: [GrammarExpression], without others: [GrammarExpression], _ name: String
  ) throws(JSONSchemaError) -> GrammarExpression {
    if conditions.isEmpty, others.isEmpty { return .rule(JSONText.stringRule) }
    var content = conditions.first ?? .anyNumber(of: JSONText.constrainedCharacter)
    if conditions.count > 1 { content = .intersection(conditions) }
    if !others.isEmpty { content = .difference(content, .choice(others)) }
    return try unit(JSONText.string(guarded(content)), name + " other name")
  }

  // MARK: - Order and number

  mutating func content(
    _ members: Members, _ way: SchemaCase, _ name: String
  ) throws(JSONSchemaError) -> GrammarExpression {
    let atLeast = max(way.minProperties, members.requiredCount)
    let all = members.other == nil ? members.named.count : Int.max
    guard atLeast <= min(all, way.maxProperties ?? .max) else { return .nothing }
    if atLeast > members.requiredCount || way.maxProperties ?? .max < all {
      guard members.other == nil || atLeast <= members.requiredCount + 1 else {
        throw JSONSchemaError(
          .undecidable(
            keyword: "minProperties",
            problem: "members that are not named in \"properties\" cannot be told apart; require some by name"),
          at: way.minPropertiesPointer)
      }
      return try countedMembers(members, atLeast: atLeast, atMost: way.maxProperties, name)
    }
    guard let pivot = members.named.firstIndex(where: { $0.isRequired }) else {
      let count = members.named.count + (members.other == nil ? 0 : 1)
      return count == 0 ? .empty : .optional(try someMembers(members, 0..<count, name))
    }
    // A required member stands for sure: commas follow those before it and precede those after it.
    var parts: [GrammarExpression] = []
    for (position, (pair, isRequired)) in members.named.enumerated() {
      let part: GrammarExpression =
        position == pivot
        ? pair : .sequence(position < pivot ? [pair, members.separator] : [members.separator, pair])
      parts.append(isRequired ? part : .optional(part))
    }
    if let other = members.other { parts.append(.anyNumber(of: .sequence([members.separator, other]))) }
    return .sequence(parts)
  }

  /// At least one of the optional members in a range of positions; the last position is that of all other names. It is
  /// halved, so that the grammar does not grow with the square of their number.
  private mutating func someMembers(
    _ members: Members, _ range: Range<Int>, _ name: String
  ) throws(JSONSchemaError) -> GrammarExpression {
    if range.count == 1 {
      if range.lowerBound < members.named.count { return members.named[range.lowerBound].pair }
      let other = members.other ?? .nothing
      return .sequence([other, .anyNumber(of: .sequence([members.separator, other]))])
    }
    let middle = range.lowerBound + range.count / 2
    let first = try someMembers(members, range.lowerBound..<middle, name)
    let second = try unit(
      try someMembers(members, middle..<range.upperBound, name), "\(name) members \(middle) to \(range.upperBound - 1)")
    return .choice([.sequence([first, .optional(.sequence([members.separator, second]))]), second])
  }

  /// Members with a count. A rule stands for those from a position on, after as many as its name says.
  private mutating func countedMembers(
    _ members: Members, atLeast: Int, atMost: Int?, _ name: String
  ) throws(JSONSchemaError) -> GrammarExpression {
    // Beyond this many, counting makes no difference.
    let enough = min(atMost.map { $0 + 1 } ?? .max, max(atLeast, 1))
    let most = atMost ?? enough
    func rule(_ position: Int, _ count: Int) -> String { "\(name) members from \(position) after \(count)" }
    for position in 0...members.named.count {
      for count in 0...min(most, members.other == nil ? position : most) {
        var ways: [GrammarExpression] = []
        let next = atMost == nil ? min(count + 1, enough) : count + 1
        let canAdd = atMost.map { count < $0 } ?? true
        let separator: [GrammarExpression] = count > 0 ? [members.separator] : []
        if position < members.named.count {
          let (pair, isRequired) = members.named[position]
          if canAdd { ways.append(.sequence(separator + [pair, .rule(rule(position + 1, next))])) }
          if !isRequired { ways.append(.rule(rule(position + 1, count))) }
        } else {
          if count >= atLeast { ways.append(.empty) }
          if canAdd, let other = members.other {
            ways.append(.sequence(separator + [other, .rule(rule(position, next))]))
          }
        }
        try addRule(rule(position, count), .choice(ways))
      }
    }
    return .rule(rule(0, 0))
  }
}

extension SchemaCase {
  /// Whether nothing is said of objects.
  fileprivate var isAnyObject: Bool {
    members.isEmpty && memberTerms.isEmpty && required.isEmpty && forbidden.isEmpty && memberNames.isEmpty
      && minProperties == 0 && maxProperties == nil
  }
}
