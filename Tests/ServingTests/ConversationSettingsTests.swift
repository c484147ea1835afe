import ChatTemplate
import JSON
import OutputParsing
import ServingTestSupport
import Testing
import Tokenizer

@testable import Serving

/// What the server's owner decides about conversations.
@Suite struct ConversationSettingsTests {
  @Test func assignmentsAreReadAndChecked() {
    var expected = SamplingOverrides(temperature: 0.6, topP: 0.95, topK: 20, minP: 0.1)
    expected.presencePenalty = 1.5
    expected.frequencyPenalty = -1
    expected.repetitionPenalty = 1.05
    #expect(
      SamplingOverrides(assignments: [
        "temperature=0.6", "top-p=0.95", "top-k=20", "min-p=0.1", "presence-penalty=1.5", "frequency-penalty=-1",
        "repetition-penalty=1.05",
      ]) == expected)
    #expect(SamplingOverrides(assignments: []) == SamplingOverrides())
    for wrong in [
      "temperature", "temperature=", "temperature=hot", "top-k=1.5", "top-p=2", "top-k=-1", "mood=1", "min-p=nan",
    ] {
      #expect(SamplingOverrides(assignments: [wrong]) == nil, "\(wrong)")
    }
  }

  @Test func eachModeHasItsOwnSamplingAndRequestsGoFirst() throws {
    var settings = ConversationSettings()
    settings.sampling = [
      .instruct: SamplingOverrides(temperature: 0.7, topP: 0.8), .thinking: SamplingOverrides(temperature: 0.6),
    ]
    let format = try ScriptedChat(settings: settings) { _, _ in "" }.format
    #expect(format.sampling(SamplingOverrides(), mode: .thinking) == SamplingOverrides(temperature: 0.6))
    #expect(
      format.sampling(SamplingOverrides(temperature: 0), mode: .instruct)
        == SamplingOverrides(temperature: 0, topP: 0.8))
  }

  @Test func theFormatOfToolCallsCanBeSet() async throws {
    let call = "<tool_call>\n<function=add>\n<parameter=a>\n1\n</parameter>\n</function>\n</tool_call>"
    for (setting, calls) in [(ToolCallSetting.automatic, 0), (.json, 0), (.xml, 1), (.none, 0)] {
      var settings = ConversationSettings()
      settings.toolCalls = setting
      let fixture = try ServiceFixture(settings: settings) { _, _ in call }
      var request = ChatRequest.asking("?")
      request.tools = [["type": "function", "function": ["name": "add"]]]
      let reply = await CollectedReply(try await fixture.service.generate(request))
      // What is no call in the model's format is content, whole.
      #expect(reply.calls.count == calls && reply.content == (calls == 0 ? call : ""))
      #expect(reply.finish == (calls == 0 ? .stop : .toolCalls))
    }
  }

  @Test func theClosingTextCanBeSet() async throws {
    var settings = ConversationSettings()
    settings.closingText = "\nEnough thought.\n</think>\n\n"
    let fixture = try ServiceFixture(settings: settings) { _, _ in String(repeating: "hm ", count: 60) }
    var request = ChatRequest.asking("?", mode: .thinking)
    request.thinkingBudget = 30
    let reply = await CollectedReply(try await fixture.service.generate(request))
    #expect(reply.reasoning.hasSuffix("\nEnough thought.") && reply.reasoning.hasPrefix("hm hm"))
    #expect(reply.usage?.reasoningTokens == 30)
    settings.closingText = "Enough."
    #expect(throws: ServingError.self) { try ScriptedChat(settings: settings) { _, _ in "" } }
  }
}
