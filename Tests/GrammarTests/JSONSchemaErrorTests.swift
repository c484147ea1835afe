import Grammar
import JSON
import Testing

/// What is refused, and with which words.
@Suite struct JSONSchemaErrorTests {
  private static let refusals: [(schema: String, pointer: String, words: String)] = [
    (
      ##"{"properties":{"a":{"unevaluatedProperties":false}}}"##, "#/properties/a/unevaluatedProperties",
      "not supported"
    ),
    (##"{"items":{"lenght":3}}"##, "#/items/lenght", "not known"),
    (##"{"anyOf":[{"type":"strin"}]}"##, "#/anyOf/0/type", "found"),
    (##"{"anyOf":[]}"##, "#/anyOf", "at least one"),
    (##"{"minLength":-1}"##, "#/minLength", "from 0 on"),
    (##"{"multipleOf":0}"##, "#/multipleOf", "above 0"),
    (##"{"$ref":"#/$defs/none"}"##, "#/$ref", "leads nowhere"),
    (##"{"$ref":"https://example.com/schema.json"}"##, "#/$ref", "within the schema"),
    (##"{"$ref":"#"}"##, "#", "refers to itself"),
    (##"{"$defs":{"a":{"anyOf":[{"$ref":"#/$defs/a"},true]}},"$ref":"#/$defs/a"}"##, "#/$defs/a", "refers to itself"),
    (##"{"type":"string","format":"regex"}"##, "#/format", "known are"),
    (##"{"type":"string","pattern":"(a"}"##, "#/pattern", "parenthesis"),
    (##"{"type":"string","pattern":"(a)\\1"}"##, "#/pattern", "backreference"),
    (##"{"type":"array","uniqueItems":true}"##, "#/uniqueItems", "told apart"),
    (##"{"type":"object","minProperties":3}"##, "#/minProperties", "told apart"),
    (##"{"items":[{"type":"null"}]}"##, "#/items", "prefixItems"),
    (##"{"not":{"patternProperties":{"a":false}}}"##, "#/not/patternProperties", "opposite"),
    (##"{"type":"object","properties":{"a~b/c":{"foo":1}}}"##, "#/properties/a~0b~1c/foo", "not known"),
    (##"{"$schema":"http://json-schema.org/draft-04/schema#"}"##, "#/$schema", "2020-12"),
    (##"{"enum":3}"##, "#/enum", "an array"),
    (##"{"required":"a"}"##, "#/required", "an array"),
    (##"{"properties":{"a":3}}"##, "#/properties/a", "a schema"),
    (##"{"nullable":true}"##, "#/nullable", "there is none"),
  ]

  @Test(arguments: refusals)
  func namesThePlace(schema: String, pointer: String, words: String) throws {
    let schema = try JSON(parsing: schema)
    let error = #expect(throws: JSONSchemaError.self) { try GrammarDefinition(jsonSchema: schema) }
    #expect(error?.pointer == pointer)
    #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
  }

  private static let accepted: [String] = [
    ##"{"title":"t","description":"d","default":1,"examples":[1],"$comment":"c","deprecated":true,"x-order":1}"##,
    ##"{"oneOf":[{"type":"integer"},{"type":"number"}]}"##,
    ##"{"$id":"https://example.com/a","$defs":{"b":{"$anchor":"b","type":"null"}},"$ref":"https://example.com/a#b"}"##,
    ##"{"$ref":"#/definitions/a%25b~1c","definitions":{"a%b/c":{"type":"null"}}}"##,
  ]

  @Test(arguments: accepted)
  func takesWhatItShould(schema: String) throws {
    _ = try GrammarDefinition(jsonSchema: JSON(parsing: schema))
  }

  // MARK: - Hostile schemas

  @Test func refusesAMillionValuesAtOnce() {
    let values = (0..<1_000_000).map { JSON.integer($0) }
    expectQuickRefusal(["enum": .array(values)])
  }

  @Test func refusesEndlessNesting() {
    var schema: JSON = true
    for _ in 0..<3000 { schema = ["items": schema] }
    expectQuickRefusal(schema)
    var value: JSON = nil
    for _ in 0..<500 { value = [value] }
    expectQuickRefusal(["const": value])
  }

  @Test func refusesCombinationsWithoutEnd() {
    let choice: JSON = ["anyOf": [["minLength": 1], ["maxLength": 9], ["minimum": 3]]]
    expectQuickRefusal(["allOf": .array(Array(repeating: choice, count: 30))])
    // Sets of schemas: every subset of the names is a place of its own.
    var definitions: JSONObject = [:]
    let names = (0..<20).map { "n\($0)" }
    for name in names {
      definitions[name] = ["properties": .object(JSONObject(names.map { ($0, ["$ref": .string("#/$defs/\($0)")]) }))]
    }
    let all = names.map { JSON.object(["$ref": .string("#/$defs/\($0)")]) }
    expectQuickRefusal(
      [
        "$defs": .object(definitions), "allOf": .array(all),
        "patternProperties": .object(JSONObject((0..<9).map { ("^\($0)", true) })),
      ])
  }

  private func expectQuickRefusal(_ schema: JSON) {
    let start = ContinuousClock.now
    #expect(throws: JSONSchemaError.self) { try GrammarDefinition(jsonSchema: schema) }
    #expect(ContinuousClock.now - start < .seconds(30))
  }
}
