import Grammar
import JSON
import Testing

@Suite struct RegularExpressionTests {
  @Test func findsWhatPythonFinds() throws {
    for row in try #require(Fixture.json("patterns.json").arrayValue) {
      let pattern = try #require(row["pattern"]?.stringValue)
      let grammar = try FollowedGrammar(RegularExpression.expression(pattern, matching: .anywhere))
      for (key, isFound) in [("found", true), ("not_found", false)] {
        for text in try #require(row[key]?.arrayValue).compactMap(\.stringValue) {
          #expect(grammar.accepts(text) == isFound, "\(pattern) in \(text)")
        }
      }
    }
  }

  @Test func wholeTextsNeedNoAnchors() throws {
    let grammar = try FollowedGrammar(RegularExpression.expression("a|bc", matching: .whole))
    #expect(grammar.accepts("bc"))
    #expect(!grammar.accepts("abc"))
    let ahead = try FollowedGrammar(RegularExpression.expression("(?!b)[ab]{2}", matching: .whole))
    #expect(ahead.accepts("ab"))
    #expect(!ahead.accepts("ba"))
    #expect(!ahead.accepts("aba"))
  }

  @Test(arguments: [
    (#"\p{Lu}\p{Nd}"#, "É٣", true), (#"\p{Lu}"#, "é", false), (#"\P{L}"#, "1", true), (#"[\p{L}]+"#, "aß日", true),
    (#"\u{1F642}"#, "🙂", true), (#"\ud83d\ude42"#, "🙂", true), (#"."#, "\u{2028}", false), (#"\cJ"#, "\n", true),
    (#"\S"#, "\u{FEFF}", false), (#"\s"#, "\u{FEFF}", false), (#"[^\s]"#, "\u{85}", false), (#"\d"#, "٣", false),
  ])
  func knowsUnicode(pattern: String, text: String, isMatch: Bool) throws {
    let grammar = try FollowedGrammar(RegularExpression.expression(pattern, matching: .whole))
    #expect(grammar.accepts(text) == isMatch)
  }

  @Test(arguments: [
    ("(a", 1), ("a)", 2), ("[a", 1), ("*a", 1), ("a**", 3), ("a{2,1}", 2), (#"\q"#, 1), ("[z-a]", 3), (#"\u00"#, 1),
    (#"(a)\1"#, 4), (#"\bx"#, 1), ("(?<=a)b", 1), ("(a(?=b))", 3), ("a{,3}", 2), (#"\p{Greek}"#, 1), ("(^a)*", 1),
    ("(?i)a", 1),
  ])
  func pointsAtTheFault(pattern: String, column: Int) {
    let error = #expect(throws: GrammarError.self) { try RegularExpression.expression(pattern, matching: .anywhere) }
    switch error {
    case .malformed(_, let found, _), .unsupported(_, let found, _, _): #expect(found == column)
    default: Issue.record("\(String(describing: error))")
    }
  }

  @Test func boundsItsWork() {
    for pattern in [String(repeating: "(", count: 5000), "a{100001}", String(repeating: "(?:a", count: 100)] {
      #expect(throws: GrammarError.self) { try RegularExpression.expression(pattern, matching: .whole) }
    }
  }
}
