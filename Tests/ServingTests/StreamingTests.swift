import JSON
import OutputParsing
import ServingTestSupport
import TestSupport
import Testing
import Tokenizer

@testable import Serving

/// Replies read token by token are the replies read at once.
@Suite struct StreamingTests {
  private static let pieces = [
    "<think>", "</think>", "\n", "\n\n", " ", "The answer is 42.", "é€𝄞", "stop", "sto", "<", "</th", "<tool",
    "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": \"a < b\", \"y\": [1, 2]}}\n</tool_call>",
    "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": }}\n</tool_call>",
    "<tool_call>{\"name\": \"g\"}</tool_call>",
    "<tool_call>\n<function=f>\n<parameter=x>\nsome\ntext\n</parameter>\n</function>\n</tool_call>",
    "<tool_call>\n<function=f>\n<parameter=x>\nnever ends", "word ", "I need f.\n",
  ]

  /// What a reply is, whole.
  private struct Whole: Equatable {
    var reasoning = ""
    var content = ""
    var calls: [[String]] = []
    var stop: String?

    mutating func take(_ event: OutputEvent) {
      switch event {
      case .reasoning(let text): reasoning += text
      case .content(let text): content += text
      case .toolCallStarted(_, let name): calls.append([name, ""])
      case .toolCallArguments(let index, let fragment): calls[index][1] += fragment
      case .toolCallEnded: break
      case .stopped(let text): stop = text
      }
    }
  }

  @Test func aThousandTextsSplitAtRandomTokensAreWhatTheyAreAtOnce() throws {
    let tokenizer = try ScriptedChat { _, _ in "" }.format.tokenizer
    var random = SplitMix64(seed: 11)
    var (calls, thoughts, stops) = (0, 0, 0)
    for _ in 0..<1000 {
      let format = OutputFormat(
        reasoning: ReasoningTags(), startsInReasoning: Bool.random(using: &random),
        tools: Bool.random(using: &random) ? .json : .xml, parsesToolCalls: true,
        stop: Bool.random(using: &random) ? [] : ["stop", "42."])
      // Each piece is cut in two anywhere, so that tags are spelt with all kinds of tokens.
      var tokens: [Int32] = []
      for _ in 0..<Int.random(in: 1...8, using: &random) {
        let piece = Array((Self.pieces.randomElement(using: &random) ?? "").unicodeScalars)
        let cut = Int.random(in: 0...piece.count, using: &random)
        for part in [piece[..<cut], piece[cut...]] {
          var text = String.UnicodeScalarView()
          text.append(contentsOf: part)
          tokens += tokenizer.encode(String(text))
        }
      }
      var parser = OutputParser(format: format)
      var atOnce = Whole()
      for event in parser.consume(tokenizer.decode(tokens, skippingSpecialTokens: true)) + parser.finish() {
        atOnce.take(event)
      }

      var reader = ReplyReader(
        detokenizer: tokenizer.makeDetokenizer(skippingSpecialTokens: true), parser: OutputParser(format: format),
        limits: ReplyReader.Limits(maximumTokens: tokens.count, endTokens: []), promptTokens: 1)
      var streamed = Whole()
      for token in tokens {
        let step = reader.read(token)
        for (event, _) in step.output { streamed.take(event) }
        guard let end = step.end else { continue }
        streamed.stop = end.stopSequence
        break
      }
      #expect(streamed == atOnce, "\(tokenizer.decode(tokens))")
      calls += atOnce.calls.count
      thoughts += atOnce.reasoning.isEmpty ? 0 : 1
      stops += atOnce.stop == nil ? 0 : 1
    }
    // All that there is to see was seen.
    #expect(calls > 100 && thoughts > 100 && stops > 50)
  }
}
