import Foundation
import Grammar
import JSON
import Testing

/// Schemas and documents by Tools/grammar/fixtures.py, with the verdicts of Python's jsonschema.
@Suite struct JSONSchemaCorpusTests {
  @Test func acceptsWhatJSONSchemaHoldsValid() throws {
    let cases = try #require(Fixture.json("json-schemas.json").arrayValue)
    #expect(cases.count > 100)
    var verdicts = [true: 0, false: 0]
    for entry in cases {
      let schema = try #require(entry[0])
      let grammar = try GrammarDefinition(jsonSchema: schema)
      for document in try #require(entry[1]?.arrayValue) {
        let text = try #require(document[0]?.stringValue)
        let isValid = try #require(document[1]) == true
        verdicts[isValid, default: 0] += 1
        #expect(ReferenceMatcher.accepts(text, grammar) == isValid, "\(schema): \(text)")
      }
    }
    #expect(verdicts[true, default: 0] > 300)
    #expect(verdicts[false, default: 0] > 300)
  }

  @Test func compactDocumentsHaveNoWhitespace() throws {
    var options = JSONSchemaOptions()
    options.whitespace = .compact
    let grammar = try GrammarDefinition(
      jsonSchema: ["type": "object", "properties": ["a": ["type": "array"]], "required": ["a"]], options: options)
    #expect(ReferenceMatcher.accepts(#"{"a":[1,{"b":null}],"c":2}"#, grammar))
    #expect(!ReferenceMatcher.accepts(#"{"a": [1]}"#, grammar))
    #expect(!ReferenceMatcher.accepts(#"{"a":[1, 2]}"#, grammar))
  }

  @Test func flexibleWhitespaceIsBounded() throws {
    var options = JSONSchemaOptions()
    options.whitespace = .flexible(limit: 3)
    let grammar = try GrammarDefinition(jsonSchema: ["type": "array"], options: options)
    #expect(ReferenceMatcher.accepts("[ \n\t1 , 2]", grammar))
    #expect(!ReferenceMatcher.accepts("[    1]", grammar))
    #expect(!ReferenceMatcher.accepts(" []", grammar))
    #expect(!ReferenceMatcher.accepts("[] ", grammar))
  }

  @Test func objectModeTakesObjectsOnly() {
    let grammar = GrammarDefinition.jsonObject()
    #expect(ReferenceMatcher.accepts(#"{"a": {"b": [1.5e3, true, "\u00e9\n"]}}"#, grammar))
    #expect(ReferenceMatcher.accepts("{}", grammar))
    for text in ["[]", "1", #""a""#, #"{"a":01}"#, #"{"a":"\ud800"}"#, "{'a':1}", #"{"a":1,}"#, "{\"a\":\"\n\"}"] {
      #expect(!ReferenceMatcher.accepts(text, grammar), "\(text)")
    }
  }

  @Test(arguments: [
    (#""\u00e9""#, true), (#""\ud83d\ude42x""#, true), (#""\\\"""#, true), (#""abcd""#, false), (#""a""#, false),
    (#""🙂é""#, true), (#""\n\t\u0041""#, true), (#""\ud83d""#, false),
  ])
  func lengthsCountEscapesOnce(text: String, isAccepted: Bool) throws {
    let grammar = try GrammarDefinition(jsonSchema: ["type": "string", "minLength": 2, "maxLength": 3])
    let padded = text == #""\u00e9""# ? #""\u00e9\u00e9""# : text
    #expect(ReferenceMatcher.accepts(padded, grammar) == isAccepted)
  }

  @Test func membersComeInTheOrderOfTheSchema() throws {
    let grammar = try GrammarDefinition(
      jsonSchema: ["properties": ["b": ["type": "integer"], "a": true], "required": ["z", "a"], "type": "object"])
    #expect(ReferenceMatcher.accepts(#"{"b":1,"a":2,"z":3,"other":4}"#, grammar))
    #expect(ReferenceMatcher.accepts(#"{"a":2,"z":3}"#, grammar))
    #expect(!ReferenceMatcher.accepts(#"{"a":2,"b":1,"z":3}"#, grammar))
    #expect(!ReferenceMatcher.accepts(#"{"b":"x","a":2,"z":3}"#, grammar))
    // An escaped name is the same name, so it cannot slip in as another one.
    #expect(!ReferenceMatcher.accepts(#"{"a":2,"z":3,"\u0062":"x"}"#, grammar))
  }
}

/// The files of Fixtures.
enum Fixture {
  static func json(_ name: String) throws -> JSON {
    let url = try #require(Bundle.module.url(forResource: name, withExtension: nil, subdirectory: "Fixtures"))
    return try JSON(parsing: [UInt8](Data(contentsOf: url)))
  }
}
