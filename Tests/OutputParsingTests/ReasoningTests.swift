import OutputParsing
import Testing

@Suite struct ReasoningTests {
  let thinking = OutputFormat(reasoning: ReasoningTags(), startsInReasoning: true)
  let instruct = OutputFormat(reasoning: ReasoningTags())

  @Test(arguments: [
    // The template has opened the reasoning.
    ("Let me see.\n</think>\n\nFour.", "Let me see.", "Four."),
    ("\n\nTwo\n\nlines\n\n</think>Four.", "Two\n\nlines", "Four."),
    ("</think>Four.", "", "Four."),
    ("", "", ""),
    // Some models open it again.
    ("<think>\nHm.\n</think>\n\nFour.", "Hm.", "Four."),
    // Never closed, or cut inside the closing tag: nothing of it is content.
    ("I wonder", "I wonder", ""),
    ("I wonder\n", "I wonder", ""),
    ("I wonder</thi", "I wonder</thi", ""),
    // What only resembles the tag.
    ("a </thin king> b </think >\n</think>c", "a </thin king> b </think >", "c"),
    ("<</think>x", "<", "x"),
    ("</</think>x", "</", "x"),
    // Only line breaks are trimmed.
    ("a \n </think>\n b", "a \n ", " b"),
    // Tags in an answer are text.
    ("a</think>Write <think> and </think>.", "a", "Write <think> and </think>."),
    // A second thought before the answer.
    ("a</think>\n\n<think>b</think>\nc", "ab", "c"),
    ("é</think>è", "é", "è"),
  ])
  func startsInReasoning(text: String, reasoning: String, content: String) {
    #expect(parse(text, thinking) == ParsedOutput(reasoning: reasoning, content: content))
  }

  @Test(arguments: [
    ("Four.", "", "Four."),
    ("\n Four.\n", "", "\n Four.\n"),
    ("\n", "", "\n"),
    ("<think>\nHm.\n</think>\n\nFour.", "Hm.", "Four."),
    ("\n<think>Hm.</think>Four.", "Hm.", "Four."),
    ("<think>Hm.", "Hm.", ""),
    ("Use <think>.", "", "Use <think>."),
    ("<thin", "", "<thin"),
    ("a </think> b", "", "a </think> b"),
  ])
  func startsInContent(text: String, reasoning: String, content: String) {
    #expect(parse(text, instruct) == ParsedOutput(reasoning: reasoning, content: content))
  }

  @Test func withoutTagsAllIsContent() {
    let text = "<think>a</think>\n<tool_call>{\"name\":\"f\"}</tool_call> "
    #expect(parse(text, OutputFormat()) == ParsedOutput(content: text))
  }

  @Test func otherTags() {
    let tags = ReasoningTags(open: "[THINK]", close: "[/THINK]")
    #expect(
      parse("[THINK]a[/THINK]b", OutputFormat(reasoning: tags)) == ParsedOutput(reasoning: "a", content: "b"))
    let empty = ReasoningTags(open: "", close: "")
    #expect(parse("ab", OutputFormat(reasoning: empty)) == ParsedOutput(content: "ab"))
  }

  @Test func tellsTextAsSoonAsItIsCertain() {
    var parser = OutputParser(format: thinking)
    #expect(parser.isInReasoning)
    #expect(parser.consume("\n") == [])
    #expect(parser.consume("So") == [.reasoning("So")])
    #expect(parser.consume(" it </t") == [.reasoning(" it")])
    #expect(parser.consume("oo\n") == [.reasoning(" </too")])
    #expect(parser.consume("</think") == [])
    #expect(parser.isInReasoning)
    #expect(parser.consume(">\n") == [])
    #expect(!parser.isInReasoning)
    #expect(parser.consume("\nIs") == [.content("Is")])
    #expect(parser.consume(" it. ") == [.content(" it. ")])
    #expect(parser.finish() == [])
    #expect(parser.consume("late") == [] && parser.finish() == [])
  }
}
