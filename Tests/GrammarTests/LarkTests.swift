import Grammar
import Testing

@Suite struct LarkTests {
  @Test(arguments: [
    (#"start: "a" B+ | "x\n\"\u00e9\x41\\""# + "\nB: \"b\"..\"c\"", ["ab", "abcb", "x\n\"éA\\"], ["a", "x", "ad"]),
    (
      "?start: [\"-\"] INT -> number // a number\n  | \"(\" start \")\"\n%import common.INT", ["1", "-23", "((4))"],
      ["-", "(1"]
    ),
    ("start: /[a-f]+/i \"end\"i", ["abCdEND", "FeNd"], ["g", "ab"]),
    (#"start: /a.b\/c/s /\d{2}/"#, ["a\nb/c12", "axb/c00"], ["ab/c12"]),
    (#"start: /(?i:ab)(?s:.)./"#, ["Ab\nc"], ["ab\n\n", "ab"]),
    (
      "start: \"a\"~2 \"b\"~1..3 \"c\"{2} \"d\"{,1} \"e\"{1,}", ["aabcce", "aabbbccdee"],
      ["abcce", "aabcc", "aabccdde"]
    ),
    ("start: (\"a\" | [\"b\" \"c\"]) \"d\"?", ["a", "", "bcd", "d"], ["bd", "b"]),
    ("start: expr\nexpr: expr \"+\" term | term\nterm: /[0-9]+/\n%ignore \" \"", ["1+2", "1 +  2 "], [" 1", "1 2"]),
    (
      "start: A B\nA: \"a\" \"-\"\nB: \"b\"\n%ignore /[ \\t]+/\n%ignore \"#\" /[^\\n]*/ \"\\n\"", ["a- b", "a-#x\n b"],
      ["a -b"]
    ),
    (
      "%llguidance {\"allow_initial_skip\": true, \"skip_repetition\": \"once\"}\nstart: \"a\" \"b\"\n%ignore \" \"",
      [" a b", "ab"], ["a  b"]
    ),
    (
      "start: NAME\nNAME: CNAME & ~/if|then/ & /.{1,5}/\n%import common (CNAME, INT)", ["iff", "abc"],
      ["if", "abcdef", "1"]
    ),
    ("start: head \"!\"\nhead[lazy]: /(.|\\n)*/ \"<f\"", ["<f!", "a<b<f!"], ["<f<f!", "a!"]),
    ("start: body \"x\"\nbody[capture, suffix=\"end\"]: /.*/", ["endx", "abendx"], ["endendx", "ab"]),
    (
      "start: \"f=\" %json {\"type\": \"object\", \"properties\": {\"a}\": {\"enum\": [1, \"}\"]}}, \"required\": [\"a}\"],"
        + " \"additionalProperties\": false} \"!\"", [#"f={"a}":"}"}!"#, #"f={"a}": 1}!"#], ["f={}!", #"f={"a}":2}!"#]
    ),
    (
      "start: ESCAPED_STRING SIGNED_NUMBER C_COMMENT WS\n%import common.ESCAPED_STRING\n%import common.SIGNED_NUMBER\n"
        + "%import common.C_COMMENT\n%import common.WS",
      ["\"a\\\"b\"-1.5e3/* x */ \n"], ["\"a\"b\"1/**/ ", "\"a\"1/* */ */ "]
    ),
    ("!start: _a \\\n  B2_\n_a.2: \"a\"\nB2_.10: \"b\"", ["ab"], ["a"]),
    ("start: (\n  \"a\"\n  | \"b\"\n)", ["a", "b"], ["ab"]),
    ("start: \"straße\"i \"\u{212A}\"i", ["STRAßEk", "ſtraßeK"], ["STRASSEk"]),
  ])
  func followsTheGrammar(source: String, documents: [String], others: [String]) throws {
    let grammar = try FollowedGrammar(GrammarDefinition(lark: source))
    for document in documents { #expect(grammar.accepts(document), "\(document.debugDescription)") }
    for document in others { #expect(!grammar.accepts(document), "\(document.debugDescription)") }
  }

  @Test(arguments: [
    ("start: \"a\" b", 1, 12), ("start: \"a", 1, 8), ("start: /a", 1, 8), ("start: (\"a\"", 1, 8),
    ("start: \"a\")", 1, 11), ("begin: \"a\"", 1, 11), ("start: \"\\q\"", 1, 9), ("start: /a(/", 1, 10),
    ("start: /a/x", 1, 8), ("start: \"b\"..\"a\"", 1, 8), ("start: \"ab\"..\"c\"", 1, 8), ("start: \"a\"~3..2", 1, 11),
    ("start: \"a\" & \"b\"", 1, 12), ("start: ~\"a\"", 1, 8), ("start: A\nA: \"a\" A", 2, 1),
    ("start: A\nA: b\nb: \"a\"", 2, 4),
    ("start: \"a\"\nstart: \"b\"", 2, 1), ("start: <|end|>", 1, 8), ("start: @other", 1, 8),
    ("start: f{\"a\"}\nf{x}: x", 1, 9), ("%import .other.A\nstart: A", 1, 1),
    ("%import common.NOTHING\nstart: \"a\"", 1, 16),
    ("%declare A\nstart: A", 1, 1), ("%nothing", 1, 1), ("start: %json {\"type\": \"thing\"}", 1, 8),
    ("start: %json {\"a\": }", 1, 8), ("start: %regex {}", 1, 8), ("a[stop=\"x\"]: \"b\"", 1, 3),
    ("%llguidance {\"other\": 1}", 1, 1), ("start: fooBar", 1, 8), ("start: \"a\"{}", 1, 12), ("start \"a\"", 1, 7),
    ("start: 'a'", 1, 8),
  ])
  func pointsAtTheFault(source: String, line: Int, column: Int) {
    let error = #expect(throws: GrammarError.self) { try GrammarDefinition(lark: source) }
    switch error {
    case .malformed(let foundLine, let foundColumn, _), .unsupported(let foundLine, let foundColumn, _, _):
      #expect((foundLine, foundColumn) == (line, column), "\(error.debugDescription)")
    default: Issue.record("\(error.debugDescription)")
    }
  }

  @Test func boundsItsWork() {
    for source in [
      "start: " + String(repeating: "(", count: 5000), "A: " + String(repeating: "~", count: 5000),
      String(repeating: " ", count: 2_000_001),
    ] {
      #expect(throws: GrammarError.self) { try GrammarDefinition(lark: source) }
    }
  }
}
