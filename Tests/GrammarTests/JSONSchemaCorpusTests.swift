import Foundation
import Grammar
import JSON
import Testing

/// Schemas and documents by Tools/grammar/fixtures.py, with the verdicts of Python's jsonschema.
@Suite struct JSONSchemaCorpusTests {
  @Test func acceptsWhatJSONSchemaHoldsValid() throws {
    let cases = try #require(Fixture.json("json-schemas.json").arrayValue)
    #expect(cases.count > 60)
    var verdicts = [true: 0, false: 0]
    for entry in cases {
      let schema = try #require(entry[0])
      let grammar = try FollowedGrammar(jsonSchema: schema)
      for document in try #require(entry[1]?.arrayValue) {
        let text = try #require(document[0]?.stringValue)
        let isValid = try #require(document[1]) == true
        verdicts[isValid, default: 0] += 1
        #expect(grammar.accepts(text) == isValid, "\(schema): \(text)")
      }
    }
    #expect(verdicts[true, default: 0] > 150)
    #expect(verdicts[false, default: 0] > 150)
  }

  @Test func compactDocumentsHaveNoWhitespace() throws {
    var options = JSONSchemaOptions()
    options.whitespace = .compact
    let grammar = try FollowedGrammar(
      jsonSchema: ["type": "object", "properties": ["a": ["type": "array"]], "required": ["a"]], options: options)
    #expect(grammar.accepts(#"{"a":[1,{"b":null}],"c":2}"#))
    #expect(!grammar.accepts(#"{"a": [1]}"#))
    #expect(!grammar.accepts(#"{"a":[1, 2]}"#))
  }

  @Test func flexibleWhitespaceIsBounded() throws {
    var options = JSONSchemaOptions()
    options.whitespace = .flexible(limit: 3)
    let grammar = try FollowedGrammar(jsonSchema: ["type": "array"], options: options)
    #expect(grammar.accepts("[ \n\t1 , 2]"))
    #expect(!grammar.accepts("[    1]"))
    #expect(!grammar.accepts(" []"))
    #expect(!grammar.accepts("[] "))
  }

  @Test func objectModeTakesObjectsOnly() throws {
    let grammar = try FollowedGrammar(.jsonObject())
    #expect(grammar.accepts(#"{"a": {"b": [1.5e3, true, "\u00e9\n"]}}"#))
    #expect(grammar.accepts("{}"))
    for text in ["[]", "1", #""a""#, #"{"a":01}"#, #"{"a":"\ud800"}"#, "{'a':1}", #"{"a":1,}"#, "{\"a\":\"\n\"}"] {
      #expect(!grammar.accepts(text), "\(text)")
    }
  }

  @Test(arguments: [
    (#""\u00e9""#, true), (#""\ud83d\ude42x""#, true), (#""\\\"""#, true), (#""abcd""#, false), (#""a""#, false),
    (#""🙂é""#, true), (#""\n\t\u0041""#, true), (#""\ud83d""#, false),
  ])
  func lengthsCountEscapesOnce(text: String, isAccepted: Bool) throws {
    let grammar = try FollowedGrammar(jsonSchema: ["type": "string", "minLength": 2, "maxLength": 3])
    let padded = text == #""\u00e9""# ? #""\u00e9\u00e9""# : text
    #expect(grammar.accepts(padded) == isAccepted)
  }

  @Test func membersComeInTheOrderOfTheSchema() throws {
    let grammar = try FollowedGrammar(
      jsonSchema: ["properties": ["b": ["type": "integer"], "a": true], "required": ["z", "a"], "type": "object"])
    #expect(grammar.accepts(#"{"b":1,"a":2,"z":3,"other":4}"#))
    #expect(grammar.accepts(#"{"a":2,"z":3}"#))
    #expect(!grammar.accepts(#"{"a":2,"b":1,"z":3}"#))
    #expect(!grammar.accepts(#"{"b":"x","a":2,"z":3}"#))
    // An escaped name is the same name, so it cannot slip in as another one.
    #expect(!grammar.accepts(#"{"a":2,"z":3,"\u0062":"x"}"#))
  }
}

/// The files of Fixtures.
enum Fixture {
  static func json(_ name: String) throws -> JSON {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Fixtures"))
    return try JSON(parsing: [UInt8](Data(contentsOf: url)))
  }
}
