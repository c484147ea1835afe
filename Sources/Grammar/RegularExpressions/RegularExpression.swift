/// Regular expressions as ECMA-262 has them in Unicode mode (section 22.2), which is what JSON Schema's `pattern` is
/// written in: characters are Unicode scalars, `\d` and `\w` are ASCII, `.` is anything but a line terminator.
///
/// Capturing and greediness make no difference to which texts match. Lookahead is offered outside of groups. Not
/// regular, or not offered: backreferences, lookbehind, word boundaries, flags.
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

  /// The expression of the texts that match; it has no rules.
  public static func expression(
    _ pattern: String, matching extent: Extent
  ) throws(GrammarError) -> GrammarExpression {
    var parser = RegularExpressionParser(pattern, extent)
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

  static let anything = GrammarExpression.anyNumber(of: .characters(.all))

  /// The expression, if it may stand anywhere; nil if there are anchors in it.
  var unanchored: GrammarExpression? {
    if ways.contains(where: { $0.isAtStart || $0.isAtEnd }) { return nil }
    return ways.count == 1 ? ways[0].expression : .choice(ways.map(\.expression))
  }

  func expression(_ extent: RegularExpression.Extent) -> GrammarExpression {
    let choices = ways.map { way -> GrammarExpression in
      guard extent == .anywhere else { return way.expression }
      return .sequence(
        (way.isAtStart ? [] : [Self.anything]) + [way.expression] + (way.isAtEnd ? [] : [Self.anything]))
    }
    return choices.count == 1 ? choices[0] : .choice(choices)
  }

  /// Either.
  func united(with other: AnchoredExpression) -> AnchoredExpression {
    var ways = ways
    for way in other.ways {
      let same = ways.firstIndex { $0.isAtStart == way.isAtStart && $0.isAtEnd == way.isAtEnd }
      if let same {
        let parts = if case .choice(let parts) = ways[same].expression { parts } else { [ways[same].expression] }
        ways[same].expression = .choice(parts + [way.expression])
      } else {
        ways.append(way)
      }
    }
    return AnchoredExpression(ways: ways)
  }

  /// One after the other. What stands at the start has nothing before it, so the first has to be empty then; and the
  /// same at the end.
  func followed(by next: AnchoredExpression) -> AnchoredExpression {
    var result = AnchoredExpression(ways: [])
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
        result = result.united(with: AnchoredExpression(ways: [way]))
      }
    }
    return result
  }

  /// The texts of `self`, up to the end of the whole text, that begin with one of `ahead`, or that do not.
  /// Nil where `ahead` depends on what is before it and must not match.
  func following(
    _ ahead: AnchoredExpression, isNegated: Bool, _ extent: RegularExpression.Extent
  ) -> AnchoredExpression? {
    let rest = ways.map { way in
      Way(
        expression: way.isAtEnd || extent == .whole ? way.expression : .sequence([way.expression, Self.anything]),
        isAtStart: way.isAtStart, isAtEnd: true)
    }
    let beginnings = ahead.ways.map { way in
      Way(
        expression: way.isAtEnd ? way.expression : .sequence([way.expression, Self.anything]),
        isAtStart: way.isAtStart, isAtEnd: true)
    }
    if isNegated {
      guard !beginnings.contains(where: \.isAtStart) else { return nil }
      let refused = GrammarExpression.choice(beginnings.map(\.expression))
      return AnchoredExpression(
        ways: rest.map { Way(expression: .difference($0.expression, refused), isAtStart: $0.isAtStart, isAtEnd: true) })
    }
    var result = AnchoredExpression(ways: [])
    for way in rest {
      for beginning in beginnings {
        let both = Way(
          expression: .intersection([way.expression, beginning.expression]),
          isAtStart: way.isAtStart || beginning.isAtStart, isAtEnd: true)
        result = result.united(with: AnchoredExpression(ways: [both]))
      }
    }
    return result
  }
}
