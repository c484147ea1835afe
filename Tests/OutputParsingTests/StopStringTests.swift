import OutputParsing
import Testing

@Suite struct StopStringTests {
  @Test(
    arguments: [
      ("one END two", ["END"], "one ", "END"),
      ("one EN", ["END"], "one EN", nil),
      ("ENEND", ["END"], "EN", "END"),
      ("aaab", ["aab"], "a", "aab"),
      ("END", ["END"], "", "END"),
      ("abc", ["x", "c", "b"], "a", "b"),
      // Complete first counts, even if another began before it.
      ("abcd", ["abcd", "bc"], "a", "bc"),
      // Complete at the same place: the longest.
      ("abc", ["c", "abc", "bc"], "", "abc"),
      ("a\n\nb", ["\n\n"], "a", "\n\n"),
      ("prix: 5 € net", ["€"], "prix: 5 ", "€"),
      // The same first bytes, another character.
      ("5 ₪", ["€"], "5 ₪", nil),
      // Bytes, not characters: a stop string ends inside a grapheme.
      ("e\u{301}x", ["e"], "", "e"),
      ("e\u{301}x", ["\u{e9}"], "e\u{301}x", nil),
      ("anything", [""], "anything", nil),
      ("a<tool_call>b", ["<tool_call>"], "a", "<tool_call>"),
    ] as [(String, [String], String, String?)])
  func ends(text: String, stops: [String], content: String, stop: String?) {
    #expect(parse(text, OutputFormat(stop: stops)) == ParsedOutput(content: content, stop: stop))
    let tools = OutputFormat(tools: .json, parsesToolCalls: true, stop: stops)
    #expect(parse(text, tools) == ParsedOutput(content: content, stop: stop))
  }

  @Test func reasoningAndItsLineBreaksDoNotStop() {
    let format = OutputFormat(reasoning: ReasoningTags(), startsInReasoning: true, stop: ["\n\n", "END"])
    #expect(
      parse("a END\n\nb\n</think>\n\nAnswer\n\nmore", format)
        == ParsedOutput(reasoning: "a END\n\nb", content: "Answer", stop: "\n\n"))
  }

  @Test func argumentsDoNotStop() {
    let format = OutputFormat(tools: .json, parsesToolCalls: true, stop: ["END"])
    let text = #"<tool_call>{"name":"f","arguments":{"x":"END"}}</tool_call>"#
    #expect(parse(text, format) == ParsedOutput(calls: [.init(name: "f", arguments: #"{"x":"END"}"#)]))
    // But what is no call is content.
    #expect(parse("<tool_call>{\"a\" END", format) == ParsedOutput(content: "<tool_call>{\"a\" ", stop: "END"))
  }

  @Test func holdsBackNoMoreThanThePartialMatch() {
    var parser = OutputParser(format: OutputFormat(stop: ["abcab", "cax"]))
    #expect(parser.consume("xxab") == [.content("xx")])
    #expect(parser.consume("ca") == [])
    #expect(parser.consume("c") == [.content("abca")])
    #expect(parser.consume("y") == [.content("cy")])
    #expect(parser.consume("ca") == [])
    #expect(parser.finish() == [.content("ca")])
  }

  @Test func nothingFollowsAStop() {
    var parser = OutputParser(format: OutputFormat(stop: ["."]))
    #expect(parser.consume("a.b") == [.content("a"), .stopped(".")])
    #expect(parser.consume("c.") == [])
    #expect(parser.finish() == [])
  }
}
