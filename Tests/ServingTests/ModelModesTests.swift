import JSON
import Testing

@testable import Serving

@Suite struct ModelModesTests {
  @Test(arguments: [
    (Templates.plain, [Mode.instruct], Mode.instruct),
    (Templates.alwaysThinks, [.thinking], .thinking),
    (Templates.mentionsThinking, [.thinking], .thinking),
    (Templates.switchable, [.instruct, .thinking], .instruct),
    (Templates.switchableOn, [.instruct, .thinking], .thinking),
  ])
  func modesComeFromTheTemplate(_ source: String, _ offered: [Mode], _ byDefault: Mode) throws {
    let modes = try ModelModes(chatTemplate: source)
    #expect(modes.offered == offered)
    #expect(modes.default == byDefault)
    #expect(modes.names == offered.map(\.rawValue))
  }

  @Test func onlySwitchableTemplatesAreToldTheMode() throws {
    let switchable = try ModelModes(chatTemplate: Templates.switchable)
    #expect(switchable.templateArguments(for: .thinking) == ["enable_thinking": true])
    #expect(switchable.templateArguments(for: .instruct) == ["enable_thinking": false])
    let other = try ModelModes(
      chatTemplate: Templates.switchable.replacing("enable_thinking", with: "thinking"))
    #expect(other.offered == [.instruct, .thinking] && other.default == .instruct)
    #expect(other.templateArguments(for: .thinking) == ["thinking": true])
    #expect(try ModelModes(chatTemplate: Templates.alwaysThinks).templateArguments(for: .thinking) == [:])
  }

  @Test func aTemplateThatIsNoneIsAnErrorWithAPosition() {
    let error = #expect(throws: ServingError.self) { try ModelModes(chatTemplate: "a\n{% if %}") }
    #expect(error?.description.contains("line 2") == true)
  }

  @Test(arguments: [
    ("…<think>", true), ("…<think>\n", true), ("…<think>\n\n</think>\n\n", false), ("", false), ("<think", false),
    ("what is <think>?<|im_end|>\n<|im_start|>assistant\n", false),
  ])
  func anOpenThoughtIsSeenAtTheEndOnly(_ prompt: String, _ isOpen: Bool) {
    #expect(ReasoningMarks.isOpen(atEndOf: prompt) == isOpen)
  }

  @Test func twoCheckpointsHaveAModeEach() throws {
    let thinking = try ModelModes(chatTemplate: Templates.alwaysThinks)
    let instruct = try ModelModes(chatTemplate: "{{ messages[0].content }}")
    let both = try ModelModes(instruct: instruct, thinking: thinking)
    #expect(both.offered == [.instruct, .thinking] && both.default == .instruct)
    #expect(throws: ServingError.self) { try ModelModes(instruct: thinking, thinking: thinking) }
    #expect(throws: ServingError.self) { try ModelModes(instruct: instruct, thinking: instruct) }
  }
}
