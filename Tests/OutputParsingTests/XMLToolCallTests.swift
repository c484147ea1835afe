import JSON
import OutputParsing
import Testing

@Suite struct XMLToolCallTests {
  let tools: OutputFormat

  init() throws {
    let schema = try JSON(
      parsing: #"""
        {"type": "object",
         "$defs": {"Place": {"type": "object"}, "Loop": {"$ref": "#/$defs/Loop"}},
         "properties": {
          "s": {"type": "string"}, "i": {"type": "integer"}, "n": {"type": "number"}, "b": {"type": "boolean"},
          "o": {"type": "object"}, "a": {"type": "array"}, "z": {"type": "null"},
          "sn": {"type": ["string", "null"]}, "any": {"anyOf": [{"type": "integer"}, {"type": "string"}]},
          "e": {"enum": [1, 2]}, "p": {"properties": {}}, "items": {"items": {}}, "ref": {"$ref": "#/$defs/Place"},
          "loop": {"$ref": "#/$defs/Loop"}, "far": {"$ref": "other.json"}, "u": {"description": "anything"}
         }}
        """#)
    tools = OutputFormat(tools: .xml, parsesToolCalls: true, toolSchemas: ["f": schema])
  }

  private func call(_ name: String, _ arguments: String) -> ParsedOutput.Call {
    ParsedOutput.Call(name: name, arguments: arguments)
  }

  private func xml(_ name: String, _ parameters: (String, String)...) -> String {
    let inside = parameters.map { "<parameter=\($0.0)>\n\($0.1)\n</parameter>\n" }.joined()
    return "<tool_call>\n<function=\(name)>\n\(inside)</function>\n</tool_call>"
  }

  @Test(arguments: [
    ("s", "12", #""12""#), ("s", "true", #""true""#), ("s", " a\n\"b\"\n", #"" a\n\"b\"\n""#), ("s", "", #""""#),
    ("i", "12", "12"), ("i", " -3 ", "-3"), ("i", "5.0", "5.0"), ("i", "5.5", #""5.5""#), ("i", "abc", #""abc""#),
    ("i", "123456789012345678901", "123456789012345678901"), ("n", "1e3", "1e3"), ("n", "7", "7"),
    ("b", "true", "true"), ("b", "False", "false"), ("b", "yes", #""yes""#),
    ("o", #"{"k": [1]}"#, #"{"k": [1]}"#), ("o", "[1]", #""[1]""#), ("a", "[1, 2]", "[1, 2]"), ("z", "None", "null"),
    ("sn", "null", "null"), ("sn", "text", #""text""#), ("any", "5", "5"), ("any", "five", #""five""#),
    ("any", #""q""#, #""\"q\"""#), ("e", "2", "2"), ("p", "{}", "{}"), ("items", "[]", "[]"), ("ref", "{}", "{}"),
    ("loop", "1", #""1""#), ("far", "1", #""1""#), ("u", "1", #""1""#), ("unknown", "1", #""1""#),
  ])
  func typesValuesByTheSchema(key: String, value: String, json: String) {
    #expect(parse(xml("f", (key, value)), tools) == ParsedOutput(calls: [call("f", "{\"\(key)\":\(json)}")]))
  }

  @Test func severalParametersAndCalls() {
    let text = xml("f", ("i", "1"), ("s", "x"), ("i", "2")) + "\n" + xml("g")
    #expect(
      parse("Hm.\n" + text, tools)
        == ParsedOutput(content: "Hm.", calls: [call("f", #"{"i":1,"s":"x","i":2}"#), call("g", "{}")]))
    // Without line breaks, and without the last tag.
    #expect(
      parse("<tool_call><function=g><parameter=x>1</parameter></function>", tools)
        == ParsedOutput(calls: [call("g", #"{"x":"1"}"#)]))
    #expect(parse("<tool_call><function=g></function>\n</tool_c", tools) == ParsedOutput(calls: [call("g", "{}")]))
  }

  @Test(arguments: ["a </parameter> b", "<parameter=x>", "</function> <b>", "</tool_call>", "1 < 2 && 3 > 2", "</"])
  func valuesMayHoldTags(value: String) {
    #expect(
      parse(xml("f", ("s", value)), tools)
        == ParsedOutput(calls: [call("f", "{\"s\":\(JSON.string(value).serialized())}")]))
  }

  @Test(arguments: [
    "<tool_call>\n<function=f", "<tool_call>\n<function=f>\n<parameter",
    "<tool_call>\n<function=>\n</function>\n</tool_call>",
    "<tool_call>{\"name\": \"f\"}</tool_call>", "<tool_call><function=f></tool_call>",
    "<tool_call><function=f>stray</function></tool_call>", "<tool_call><function=f></function>stray</tool_call>",
    "<tool_call><function=f\n></function></tool_call>", "<tool_call><function=f><parameter=></parameter></function>",
  ])
  func whatIsNoCallIsContent(text: String) {
    #expect(parse(text, tools) == ParsedOutput(content: text))
    // What follows is not drawn into it.
    #expect(
      parse(text + "\n" + xml("g"), tools).calls.last == call("g", "{}"))
  }

  @Test func parametersAreToldOneByOne() {
    var parser = OutputParser(format: tools)
    #expect(parser.consume("<tool_call>\n<function=f>\n") == [])
    #expect(parser.consume("<parameter=i>\n1") == [.toolCallStarted(index: 0, name: "f")])
    #expect(
      parser.consume("2\n</parameter>\n<parameter=s>") == [.toolCallArguments(index: 0, fragment: #"{"i":12"#)])
    #expect(
      parser.consume("x</parameter></function>") == [.toolCallArguments(index: 0, fragment: #","s":"x"}"#)])
    #expect(parser.consume("</tool_call>") == [.toolCallEnded(index: 0)])
  }

  @Test(arguments: [
    // Cut off.
    ("<parameter=s>\nhal", #"{"s":"hal"#, ""), ("<parameter=s>\nx\n</parameter>\n", #"{"s":"x""#, ""),
    // Not as they should be from some place on.
    ("<parameter=s>x</parameter></tool_call>", "", "<parameter=s>x</parameter></tool_call>"),
    ("<parameter=s>x</function></tool_call>", "", "<parameter=s>x</function></tool_call>"),
    (
      "<parameter=i>\n1\n</parameter>\n<parameter=s>x</function></tool_call>", #"{"i":1"#,
      "<parameter=s>x</function></tool_call>"
    ),
  ])
  func aCallThatBreaksOffIsToldUpToThere(body: String, told: String, rest: String) {
    #expect(
      parse("<tool_call><function=f>\n\(body)", tools)
        == ParsedOutput(content: rest, calls: [call("f", told)], brokenCalls: [0]))
  }

  @Test func callsInsideThinking() {
    var thinking = tools
    thinking.reasoning = ReasoningTags()
    thinking.startsInReasoning = true
    #expect(
      parse("Hm.\n\(xml("f", ("i", "1")))", thinking)
        == ParsedOutput(reasoning: "Hm.", calls: [call("f", #"{"i":1}"#)]))
    #expect(
      parse("<tool_call>\n<function=f>\n<parameter=s>\n</think>\n\nNo.", thinking)
        == ParsedOutput(reasoning: "<tool_call>\n<function=f>\n<parameter=s>", content: "No."))
  }
}
