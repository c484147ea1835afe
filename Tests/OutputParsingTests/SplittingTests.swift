import JSON
import OutputParsing
import TestSupport
import Testing

/// Responses put together at random from what the parser looks for, cut at random.
@Suite struct SplittingTests {
  private static let pieces = [
    "<think>", "</think>", "<tool_call>", "</tool_call>", "\n", "\n\n", " ", "a", "é€", "stop", "sto", "<", "</",
    #"{"name": "f", "arguments": {"x": "</think>"}}"#, #"{"name": "#, "}", "\"", "<function=f>", "</function>",
    "<parameter=x>", "</parameter>", "value", "<tool_call>\n<function=f>\n<parameter=x>\n1\n</parameter>\n",
    "</function>\n</tool_call>", "<tool_call>\n{\"name\": \"g\"}\n</tool_call>",
  ]

  @Test(arguments: [ToolCallFormat.json, .xml, nil])
  func cutsDoNotMatter(tools: ToolCallFormat?) {
    var random = SplitMix64(seed: 17)
    for _ in 0..<1500 {
      let format = OutputFormat(
        reasoning: Bool.random(using: &random) ? ReasoningTags() : nil,
        startsInReasoning: Bool.random(using: &random), tools: tools, parsesToolCalls: tools != nil,
        stop: Bool.random(using: &random) ? [] : ["stop", "\n\n\n"])
      var text = ""
      for _ in 0..<Int.random(in: 0...14, using: &random) { text += Self.pieces.randomElement(using: &random) ?? "" }
      let whole = parse(pieces: [text], format)
      for size in [1, 3, 9] {
        var pieces: [String] = []
        for scalar in text.unicodeScalars {
          if pieces.isEmpty || Int.random(in: 0..<size, using: &random) == 0 { pieces.append("") }
          pieces[pieces.count - 1].unicodeScalars.append(scalar)
        }
        #expect(parse(pieces: pieces, format) == whole, "\(pieces)")
      }
      if whole.calls.isEmpty, whole.stop == nil {
        // Nothing but tags and white space is lost.
        let told = visible(whole.reasoning) + visible(whole.content)
        #expect(visible(text).count - told.count <= 8 * text.utf8.count { $0 == UInt8(ascii: ">") })
        if format.reasoning == nil, !format.startsInReasoning { #expect(whole.content == text) }
      }
    }
  }

  /// Responses as models write them, cut at random: what they are made of comes out, and is told on the way.
  @Test(arguments: [ToolCallFormat.json, .xml])
  func callsComeOutAsTheyWereWritten(tools: ToolCallFormat) throws {
    var random = SplitMix64(seed: 5)
    var fragments = 0
    for _ in 0..<1000 {
      var expected = ParsedOutput(content: Bool.random(using: &random) ? "Let me look: é€." : "")
      var text = expected.content
      for index in 0..<Int.random(in: 1...3, using: &random) {
        let members = try (0..<Int.random(in: 0...4, using: &random)).map { place in
          (key: "k\(place)", value: try #require(Self.values.randomElement(using: &random)))
        }
        let isJSON = tools == .json
        let arguments =
          "{"
          + members.map { "\"\($0.key)\":\(isJSON ? $0.value : JSON.string($0.value).serialized())" }
          .joined(separator: ",") + "}"
        expected.calls.append(ParsedOutput.Call(name: "f\(index)", arguments: arguments))
        let body =
          isJSON
          ? "{\"name\": \"f\(index)\", \"arguments\": \(arguments)}"
          : "<function=f\(index)>\n"
            + members.map { "<parameter=\($0.key)>\n\($0.value)\n</parameter>\n" }.joined() + "</function>"
        text += "\n<tool_call>\n\(body)\n</tool_call>"
      }
      let format = OutputFormat(tools: tools, parsesToolCalls: true)
      var pieces = [""]
      for scalar in text.unicodeScalars {
        if Int.random(in: 0..<4, using: &random) == 0 { pieces.append("") }
        pieces[pieces.count - 1].unicodeScalars.append(scalar)
      }
      #expect(parse(pieces: pieces, format) == expected, "\(pieces)")
      #expect(parse(pieces: [text], format) == expected)
      var parser = OutputParser(format: format)
      for piece in pieces {
        fragments += parser.consume(piece).count { if case .toolCallArguments = $0 { true } else { false } }
      }
    }
    #expect(fragments > 4000, "arguments are told while they are written")
  }

  /// JSON texts, that may stand for themselves between tags.
  private static let values = [
    "1", "-2.5e3", "true", "null", "[]", #"[1, {"a": "}"}]"#, #"{"x": {"y": "\u00e9\"]"}}"#, #""</tool_call>""#,
    #""a long text with <parameter=x> in it""#, #""""#,
  ]

  private func visible(_ text: String) -> [UInt8] { text.utf8.filter { $0 > 0x20 } }
}
