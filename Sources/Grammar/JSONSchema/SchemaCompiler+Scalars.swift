import JSON

/// Numbers and strings.
extension SchemaCompiler {
  // MARK: - Numbers

  mutating func number(_ way: SchemaCase, _ name: String) throws(JSONSchemaError) -> GrammarExpression {
    var condition = NumberLanguage.Condition()
    condition.allowsIntegers = way.kinds.contains(.integer)
    condition.allowsFractions = way.kinds.contains(.fraction)
    condition.minimum = way.minimum.map { condition.allowsFractions ? Self.readable($0, isMinimum: true) : $0 }
    condition.maximum = way.maximum.map { condition.allowsFractions ? Self.readable($0, isMinimum: false) : $0 }
    condition.excluded = way.excluded.compactMap { ExactDecimal($0.value) }
    condition.divisor = try Self.divisor(way.divisors, stateLimit: limits.numberStates)
    guard condition.excluded.count <= NumberLanguage.excludedLimit else {
      throw JSONSchemaError(
        .tooLarge(what: "excluded numbers", limit: NumberLanguage.excludedLimit), at: way.excluded[0].pointer)
    }
    if condition == NumberLanguage.Condition() { return .rule(JSONText.numberRule) }
    var integers = NumberLanguage.Condition()
    integers.allowsFractions = false
    if condition == integers { return .rule(JSONText.integerRule) }

    guard let table = NumberLanguage(condition).automaton(stateLimit: limits.numberStates) else {
      let place = way.divisors.first?.pointer ?? name
      throw JSONSchemaError(.tooLarge(what: "states for a range of numbers", limit: limits.numberStates), at: place)
    }
    return try unit(.automaton(table), name + " number")
  }

  /// An exclusive bound as readers of 64-bit floating-point numbers see it: they would round a number that is closer
  /// to the bound than its neighbour to the bound itself, so the neighbour is the last one.
  private static func readable(_ bound: NumberBound, isMinimum: Bool) -> NumberBound {
    guard bound.isExclusive, !bound.value.isZero, let value = bound.value.double else { return bound }
    return NumberBound(value: ExactDecimal(isMinimum ? value.nextUp : value.nextDown), isExclusive: false)
  }

  /// The least common multiple.
  private static func divisor(
    _ divisors: [(value: ExactDecimal, pointer: String)], stateLimit: Int
  ) throws(JSONSchemaError) -> NumberLanguage.Divisor? {
    guard let first = divisors.first else { return nil }
    let scale = divisors.map(\.value.fraction.count).max() ?? 0
    var multiple = 1
    for (value, pointer) in divisors {
      guard let scaled = value.scaled(by: scale), scaled <= stateLimit,
        multiple / greatestCommonDivisor(multiple, scaled) * scaled <= stateLimit
      else {
        throw JSONSchemaError(
          .undecidable(
            keyword: "multipleOf", problem: "the divisor, or a multiple common to several, has too many digits"),
          at: pointer)
      }
      multiple = multiple / greatestCommonDivisor(multiple, scaled) * scaled
    }
    let language = NumberLanguage.Divisor(multiple: multiple, scale: scale)
    guard multiple <= stateLimit / 64 else {
      throw JSONSchemaError(
        .undecidable(keyword: "multipleOf", problem: "the divisor has too many digits"), at: first.pointer)
    }
    return language
  }

  private static func greatestCommonDivisor(_ left: Int, _ right: Int) -> Int {
    var (left, right) = (left, right)
    while right != 0 { (left, right) = (right, left % right) }
    return left
  }

  // MARK: - Strings

  mutating func string(_ way: SchemaCase, _ name: String) throws(JSONSchemaError) -> GrammarExpression {
    if way.isFreeText {
      if way.minLength == 0, way.maxLength == nil { return .rule(JSONText.stringRule) }
      let content = GrammarExpression.repetition(
        JSONText.freeCharacter, atLeast: way.minLength, atMost: way.maxLength)
      return way.hasNoLength ? .nothing : try unit(JSONText.string(guarded(content)), name + " string")
    }
    return try unit(JSONText.string(guarded(try content(way))), name + " string")
  }

  /// The content of the strings that satisfy the case, encoded.
  mutating func content(_ way: SchemaCase) throws(JSONSchemaError) -> GrammarExpression {
    if way.hasNoLength || !way.kinds.contains(.string) { return .nothing }
    if let values = way.values {
      var texts: [GrammarExpression] = []
      for case .string(let text) in values where try expander.accepts(.string(text), way) {
        texts.append(JSONText.encoded(text))
      }
      return .choice(texts)
    }
    var conditions: [GrammarExpression] = []
    var opposites = way.excluded.compactMap { $0.value.stringValue.map(JSONText.encoded) }
    for pattern in way.patterns {
      let expression = try encoded(expander.patterns.expression(pattern.text, at: pattern.pointer), at: pattern.pointer)
      if pattern.isNegated { opposites.append(expression) } else { conditions.append(expression) }
    }
    for format in way.formats {
      conditions.append(
        try encoded(expander.patterns.expression(format: format.name, at: format.pointer), at: format.pointer))
    }
    if way.minLength > 0 || way.maxLength != nil || conditions.isEmpty {
      conditions.append(
        .repetition(JSONText.constrainedCharacter, atLeast: way.minLength, atMost: way.maxLength))
    }
    let content = conditions.count == 1 ? conditions[0] : .intersection(conditions)
    return opposites.isEmpty ? content : .difference(content, .choice(opposites))
  }

  func encoded(_ content: GrammarExpression, at pointer: String) throws(JSONSchemaError) -> GrammarExpression {
    guard let encoded = JSONText.encoded(content) else {
      throw JSONSchemaError(.invalidPattern("it is not made of characters"), at: pointer)
    }
    return encoded
  }
}

extension SchemaCase {
  /// Whether nothing but lengths bounds the strings.
  fileprivate var isFreeText: Bool {
    patterns.isEmpty && formats.isEmpty && !excluded.contains { $0.value.stringValue != nil }
  }

  /// Whether no string is as long as it should be.
  var hasNoLength: Bool { minLength > maxLength ?? .max }
}
