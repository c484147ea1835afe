/// Regular expressions as ECMA-262 has them in Unicode mode (section 22.2), which is what JSON Schema's `pattern` is
/// written in: characters are Unicode scalars, `\d` and `\w` are ASCII, `.` is anything but a line terminator.
///
/// Capturing and greediness make no difference to which texts match. Lookahead is offered outside of groups. Not
/// regular, or not offered: backreferences, lookbehind, word boundaries; flags but in Lark's dialect.
///
/// `\s` and `\S` leave out the few characters on which ECMA-262 and Python's `re` differ (U+001C to U+001F, U+0085,
/// U+FEFF), so that whoever checks the text agrees.
public enum RegularExpression {
  /// Which texts match.
  public enum Extent: Sendable {
    /// Texts in which the pattern is found somewhere.
    case anywhere
    /// Texts that the pattern matches from the first to the last character.
    case whole
  }

  /// Where patterns are used that are not quite the same.
  public enum Dialect: Sendable {
    /// ECMA-262's.
    case ecmaScript
    /// That of Lark grammars: `.` is anything but a line feed, groups may have names as in Python (`(?P<name>…)`) and
    /// flags (`(?i)`, `(?s:…)`).
    case lark
  }

  /// What changes the meaning of a pattern.
  public struct Flags: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int

    /// The flags whose bits are set.
    public init(rawValue: Int) { self.rawValue = rawValue }

    /// Upper and lower case are the same, by Unicode's simple case folding.
    public static let ignoresCase = Flags(rawValue: 1)
    /// `.` is any character.
    public static let dotIsAnything = Flags(rawValue: 2)
  }

  /// The expression of the texts that match; it has no rules.
  public static func expression(
    _ pattern: String, matching extent: Extent, in dialect: Dialect = .ecmaScript, _ flags: Flags = []
  ) throws(GrammarError) -> GrammarExpression {
    var parser = RegularExpressionParser(pattern, extent, dialect, flags)
    return try parser.pattern().expression(extent)
  }
}

/// The texts of a part of a pattern, by whether the part has to stand at the beginning or the end of the whole text.
struct AnchoredExpression {
  struct Way {
    var expression: GrammarExpression
    /// Nothing stands before it.
    var isAtStart = false
    /// Nothing stands after it.
    var isAtEnd = false
  }

  var ways: [Way]

  init(_ expression: GrammarExpression) { ways = [Way(expression: expression)] }

  init(ways: [Way]) { self.ways = ways }

  /// The expression, if it may stand anywhere; nil if there are anchors in it.
  var unanchored: GrammarExpression? {
    if ways.contains(where: { $0.isAtStart || $0.isAtEnd }) { return nil }
    return ways.count == 1 ? ways[0].expression : .choice(ways.map(\.expression))
  }

  func expression(_ extent: RegularExpression.Extent) -> GrammarExpression {
    let choices = ways.map { way -> GrammarExpression in
      guard extent == .anywhere else { return way.expression }
      return .sequence(
        (way.isAtStart ? [] : [.anyText]) + [way.expression] + (way.isAtEnd ? [] : [.anyText]))
    }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  /// Any of them.
  static func united(_ all: [AnchoredExpression]) -> AnchoredExpression {
    if all.count == 1 { return all[0] }
    // By whether they stand at the start and at the end.
    var parts: [[GrammarExpression]] = Array(repeating: [], count: 4)
    for way in all.lazy.flatMap(\.ways) {
      parts[(way.isAtStart ? 2 : 0) + (way.isAtEnd ? 1 : 0)].append(way.expression)
    }
    return AnchoredExpression(
      ways: parts.enumerated().filter { !$0.element.isEmpty }.map { index, expressions in
        Way(expression: .either(expressions), isAtStart: index >= 2, isAtEnd: index % 2 == 1)
      })
  }

  /// One after the other. What stands at the start has nothing before it, so the first has to be empty then; and the
  /// same at the end.
  func followed(by next: AnchoredExpression) -> AnchoredExpression {
    var result: [AnchoredExpression] = []
    for first in ways {
      for second in next.ways {
        var way = Way(expression: .empty, isAtStart: first.isAtStart, isAtEnd: second.isAtEnd)
        var parts = [first.expression, second.expression]
        if second.isAtStart {
          guard first.expression.isNullable else { continue }
          parts[0] = .empty
          way.isAtStart = true
        }
        if first.isAtEnd {
          guard second.expression.isNullable else { continue }
          parts[1] = .empty
          way.isAtEnd = true
        }
        way.expression = .sequence(
          parts.flatMap { part in if case .sequence(let inner) = part { inner } else { [part] } })
        result.append(AnchoredExpression(ways: [way]))
      }
    }
    return .united(result)
  }

  /// The texts of `self`, up to the end of the whole text, that begin with one of `ahead`, or that do not.
  /// Nil where `ahead` depends on what is before it and must not match.
  func following(
    _ ahead: AnchoredExpression, isNegated: Bool, _ extent: RegularExpression.Extent
  ) -> AnchoredExpression? {
    let rest = ways.map { way in
      Way(
        expression: way.isAtEnd || extent == .whole ? way.expression : .sequence([way.expression, .anyText]),
        isAtStart: way.isAtStart, isAtEnd: true)
    }
    let beginnings = ahead.ways.map { way in
      Way(
        expression: way.isAtEnd ? way.expression : .sequence([way.expression, .anyText]),
        isAtStart: way.isAtStart, isAtEnd: true)
    }
    if isNegated {
      guard !beginnings.contains(where: \.isAtStart) else { return nil }
      let refused = GrammarExpression.choice(beginnings.map(\.expression))
      return AnchoredExpression(
        ways: rest.map { Way(expression: .difference($0.expression, refused), isAtStart: $0.isAtStart, isAtEnd: true) })
    }
    var result: [AnchoredExpression] = []
    for way in rest {
      for beginning in beginnings {
        let both = Way(
          expression: .intersection([way.expression, beginning.expression]),
          isAtStart: way.isAtStart || beginning.isAtStart, isAtEnd: true)
        result.append(AnchoredExpression(ways: [both]))
      }
    }
    return .united(result)
  }
}
