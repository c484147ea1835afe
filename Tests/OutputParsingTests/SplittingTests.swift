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

  private func visible(_ text: String) -> [UInt8] { text.utf8.filter { $0 > 0x20 } }
}
