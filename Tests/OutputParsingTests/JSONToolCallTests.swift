import OutputParsing
import Testing

@Suite struct JSONToolCallTests {
  let tools = OutputFormat(tools: .json, parsesToolCalls: true)
  let thinking = OutputFormat(
    reasoning: ReasoningTags(), startsInReasoning: true, tools: .json, parsesToolCalls: true)

  private func call(_ name: String, _ arguments: String) -> ParsedOutput.Call {
    ParsedOutput.Call(name: name, arguments: arguments)
  }

  @Test(arguments: [
    (#"{"name": "f", "arguments": {"x": 1.50, "y": [true, null]}}"#, "f", #"{"x": 1.50, "y": [true, null]}"#),
    (#"{"arguments":{"a":{"arguments":1}},"name":"g.h-i"}"#, "g.h-i", #"{"a":{"arguments":1}}"#),
    (#"{"name": "f"}"#, "f", "{}"),
    (#"{"name": "f", "arguments": null}"#, "f", "{}"),
    (#"{"name": "f", "arguments": {}, "id": 7}"#, "f", "{}"),
    // Arguments as a string.
    (#"{"name": "f", "arguments": " {\"x\": \"é\"} "}"#, "f", #"{"x": "é"}"#),
    // The first member counts that is told while it is written, else the last; keys may be escaped.
    (#"{"name":"f","\u0061rguments":{"x":1},"arguments": {"x":2} }"#, "f", #"{"x":1}"#),
    (#"{"arguments":{"x":1},"\u0061rguments": {"x":2},"name":"f" }"#, "f", #"{"x":2}"#),
    // Tags, brackets and quotes inside strings.
    (#"{"name":"f","arguments":{"x":"</tool_call>}]\"\\"}}"#, "f", #"{"x":"</tool_call>}]\"\\"}"#),
    (#"{"name":"f","arguments":{"n":123456789012345678901234567890}}"#, "f", #"{"n":123456789012345678901234567890}"#),
  ])
  func calls(body: String, name: String, arguments: String) {
    let expected = ParsedOutput(calls: [call(name, arguments)])
    #expect(parse("<tool_call>\n\(body)\n</tool_call>", tools) == expected)
    #expect(parse("<tool_call>\(body)</tool_call>\n", tools) == expected)
    // The response ends where the call does.
    #expect(parse("<tool_call>\(body)", tools) == expected)
    #expect(parse("<tool_call>\(body)\n</tool", tools) == expected)
  }

  @Test(arguments: [
    // Cut off.
    "<tool_call>", "<tool_ca", "<tool_call>\n{\"name\": \"f\", \"arguments\": ",
    // Not JSON, or not a call.
    "<tool_call>f(1)</tool_call>", "<tool_call>{'name': 'f'}</tool_call>", "<tool_call>{\"name\": \"f\"</tool_call>",
    "<tool_call>{\"name\": \"f\"}}</tool_call>", "<tool_call>{\"name\": 1}</tool_call>", "<tool_call>{}</tool_call>",
    "<tool_call>{\"name\": \"\"}</tool_call>", "<tool_call>{\"name\": \"f\", \"arguments\": [1]}</tool_call>",
    "<tool_call>{\"name\": \"f\", \"arguments\": \"x\"}</tool_call>",
    "<tool_call>{\"name\": \"f\", \"arguments\": \"[1]\"}</tool_call>",
    "<tool_call>{\"name\": \"f\"} and more</tool_call>", "<tool_call>{\"name\": \"f\" \"arguments\": {}}</tool_call>",
    "<tool_call>[\"f\"]</tool_call>", "<tool_call>{\"arguments\": {\"x\": \"a\nb\"}, \"name\": \"f\"}</tool_call>",
    "</tool_call>", "Use <tool_call> to call.",
  ])
  func whatIsNoCallIsContent(text: String) {
    #expect(parse(text, tools) == ParsedOutput(content: text))
    #expect(parse("Hi. \n\(text) \n", tools) == ParsedOutput(content: "Hi. \n\(text) \n"))
    #expect(parse("\n\(text)", thinking).reasoning == text)
  }

  @Test func severalCallsAndTheTextAroundThem() {
    let one = #"<tool_call>{"name":"f","arguments":{"x":1}}</tool_call>"#
    let two = #"<tool_call>{"name":"g","arguments":{"y":2}}</tool_call>"#
    let both = [call("f", #"{"x":1}"#), call("g", #"{"y":2}"#)]
    #expect(parse("\(one)\n\(two)\n", tools) == ParsedOutput(calls: both))
    #expect(parse("Sure.\n\n\(one)\(two)", tools) == ParsedOutput(content: "Sure.", calls: both))
    #expect(
      parse("A \(one) B\n \(two) \n C \n", tools) == ParsedOutput(content: "AB" + "C \n", calls: both))
    #expect(
      parse("<tool_call>{\"name\" \(one)", tools)
        == ParsedOutput(content: "<tool_call>{\"name\"", calls: [call("f", #"{"x":1}"#)]))
  }

  @Test func callsAfterThinking() {
    let text = #"<tool_call>{"name":"f"}</tool_call>"#
    let expected = ParsedOutput(reasoning: "Hm.", calls: [call("f", "{}")])
    #expect(parse("Hm.\n</think>\n\n\(text)", thinking) == expected)
    #expect(parse("Hm.</think>\(text)", thinking) == expected)
  }

  @Test func callsInsideThinking() {
    let text = #"<tool_call>{"name":"f"}</tool_call>"#
    let expected = ParsedOutput(reasoning: "Hm.", calls: [call("f", "{}")])
    // At the start of a line it is a call, whether thinking is closed after it or never.
    #expect(parse("Hm.\n\(text)", thinking) == expected)
    #expect(parse("Hm.\n  \(text)\n</think>\n", thinking) == expected)
    #expect(
      parse("\(text)\n</think>\n\nDone </think>.", thinking)
        == ParsedOutput(content: "Done </think>.", calls: [call("f", "{}")]))
    // Within a line it is a thought about a call.
    #expect(
      parse("Write \(text)?\n</think>No.", thinking) == ParsedOutput(reasoning: "Write \(text)?", content: "No."))
    // So is one that thinking ends in the middle of.
    #expect(
      parse("Hm.\n<tool_call>{\"name\": \"f\n</think>\nNo.", thinking)
        == ParsedOutput(reasoning: "Hm.\n<tool_call>{\"name\": \"f", content: "No."))
  }

  @Test func callsAreTextUnlessTheyAreParsed() {
    let text = #"<tool_call>{"name":"f"}</tool_call>"#
    #expect(parse(text, OutputFormat(tools: .json)) == ParsedOutput(content: text))
    #expect(parse(text, OutputFormat(parsesToolCalls: true)) == ParsedOutput(content: text))
  }

  @Test func aCallIsToldWhileItIsWritten() {
    var parser = OutputParser(format: tools)
    #expect(parser.consume("Now:\n<tool") == [.content("Now:")])
    #expect(parser.consume(#"_call>{"name":"f","arguments":"#) == [])
    #expect(
      parser.consume(#"{"x":"#) == [
        .toolCallStarted(index: 0, name: "f"), .toolCallArguments(index: 0, fragment: #"{"x":"#),
      ])
    #expect(parser.consume("1") == [.toolCallArguments(index: 0, fragment: "1")])
    #expect(parser.consume("}}") == [.toolCallArguments(index: 0, fragment: "}")])
    #expect(parser.consume("</tool_call>\n") == [.toolCallEnded(index: 0)])
    // Arguments in front of the name wait for it.
    #expect(parser.consume(#"<tool_call>{"arguments":{"x":1},"name":"g"}"#) == [])
    #expect(
      parser.consume("</tool_call>") == [
        .toolCallStarted(index: 1, name: "g"), .toolCallArguments(index: 1, fragment: #"{"x":1}"#),
        .toolCallEnded(index: 1),
      ])
    // What cannot be a call is not held back until its end.
    #expect(parser.consume("<tool_call> is") == [.content("<tool_call> is")])
  }

  @Test(arguments: [
    // Cut off.
    (#"{"x": "a"#, #"{"x": "a"#, ""), (#"{"x": [1"#, #"{"x": [1"#, ""),
    // Not JSON from some byte on.
    ("{\"x\": \"a\nb\"}}</tool_call>", #"{"x": "a"#, "b\"}}</tool_call>"), ("{'x'", "{", "'x'"),
    (#"{"x": 1 2}}"#, #"{"x": 1 "#, "2}}"), (#"{"x": tru}}"#, #"{"x": tru"#, "}}"), (#"{"x": -}}"#, #"{"x": -"#, "}}"),
    (#"{"x": 01}}"#, #"{"x": 0"#, "1}}"), (#"{"x": "\u12g"}}"#, #"{"x": "\u12"#, "g\"}}"),
    (#"{"x": [1}}"#, #"{"x": [1"#, "}}"),
  ])
  func aCallThatBreaksOffIsToldUpToThere(arguments: String, told: String, rest: String) {
    #expect(
      parse("<tool_call>{\"name\": \"f\", \"arguments\": \(arguments)", tools)
        == ParsedOutput(content: rest, calls: [call("f", told)], brokenCalls: [0]))
  }

  @Test func detectsTheFormatOfATemplate() {
    #expect(ToolCallFormat.detect(inTemplate: "… <tool_call>\\n{\"name\": <function-name>") == .json)
    #expect(ToolCallFormat.detect(inTemplate: "… <tool_call>\\n<function=example>") == .xml)
    #expect(ToolCallFormat.detect(inTemplate: "{{ messages }}") == nil)
  }
}
