import Grammar
import JSON
import Testing

@Suite struct ParameterMarkupTests {
  private let schema: JSON = [
    "type": "object",
    "properties": [
      "s": ["type": "string"], "n": ["type": "integer", "minimum": 5], "short": ["type": "string", "maxLength": 3],
      "digits": ["type": "string", "pattern": "^[0-9]+$"], "o": ["type": "object"],
      "mixed": ["anyOf": [["type": "integer", "minimum": 5], ["type": "string"]]],
    ],
    "required": ["s"], "additionalProperties": false,
  ]

  private func grammar(_ schema: JSON, others: Set<String> = []) throws -> FollowedGrammar {
    let end = GrammarExpression.sequence([.text("</p>"), .anyNumber(of: .byteClass(ByteSet([0x0A]))), .text("<")])
    return try FollowedGrammar(
      GrammarDefinition(
        parametersOf: schema,
        markup: ParameterMarkup(
          beforeName: "<", afterName: ">\n", afterValue: "\n</p>\n", nameCharacters: ScalarSet(of: "<>\n").inverted,
          ends: end,
          types: [
            "s": ["string"], "n": ["integer"], "short": ["string"], "digits": ["string"], "o": ["object"],
            "mixed": ["integer", "string"],
          ], otherTypes: others)))
  }

  private func written(_ members: (String, String)...) -> String {
    members.map { "<\($0.0)>\n\($0.1)\n</p>\n" }.joined()
  }

  @Test func stringsAreAsTheyAreAndOtherValuesJSON() throws {
    let grammar = try grammar(schema)
    for value in ["", "a \"b\"\n\\ é", "7", "{", "</p>", "a</p> b", "\n\n"] {
      #expect(grammar.accepts(written(("s", value))), "\(value)")
    }
    for value in ["</p><", "x</p>\n\n<y"] { #expect(!grammar.accepts(written(("s", value))), "\(value)") }
    #expect(grammar.accepts(written(("s", ""), ("n", "7"))) && !grammar.accepts(written(("s", ""), ("n", "4"))))
    #expect(grammar.accepts(written(("s", ""), ("short", "äbc"))))
    #expect(!grammar.accepts(written(("s", ""), ("short", "abcd"))))
    #expect(grammar.accepts(written(("s", ""), ("digits", "012"))))
    #expect(!grammar.accepts(written(("s", ""), ("digits", ""))))
    #expect(grammar.accepts(written(("s", ""), ("o", #"{"a": "</p> <"}"#))))
    #expect(!grammar.accepts(written(("s", ""), ("o", #"{"a": "</p><"}"#))))
    // Required members are there, others are not, and the order is the schema's.
    #expect(!grammar.accepts("") && !grammar.accepts(written(("n", "7"))))
    #expect(!grammar.accepts(written(("s", ""), ("x", ""))) && !grammar.accepts(written(("n", "7"), ("s", ""))))
  }

  @Test func whatAReaderTakesForJSONIsNoString() throws {
    let grammar = try grammar(schema)
    for value in ["7", "text", "7a", "4.x"] {
      #expect(grammar.accepts(written(("s", ""), ("mixed", value))), "\(value)")
    }
    for value in ["4", " 4 ", "4.5", "1e9"] {
      #expect(!grammar.accepts(written(("s", ""), ("mixed", value))), "\(value)")
    }
  }

  @Test func membersOfOtherNames() throws {
    let open = try grammar(["type": "object", "properties": ["s": ["type": "string"]]])
    #expect(open.accepts("") && open.accepts(written(("x y", "1"))) && open.accepts(written(("s", "1"), ("t", "2"))))
    #expect(!open.accepts(written(("", "1"))) && !open.accepts(written(("a<", "1"))))
    let numbers = try grammar(["additionalProperties": ["type": "integer"]], others: ["integer"])
    #expect(numbers.accepts(written(("x", "1"))) && !numbers.accepts(written(("x", "a"))))
  }

  @Test func whatCannotBeWrittenIsNamed() throws {
    let error = #expect(throws: JSONSchemaError.self) {
      _ = try grammar(["properties": ["a>b": ["type": "string"]]])
    }
    #expect(error?.pointer == "#/properties")
  }
}
