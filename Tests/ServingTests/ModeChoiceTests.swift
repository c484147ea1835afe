import ChatTemplate
import Testing

@testable import Serving

@Suite struct ModeChoiceTests {
  private let both: ModelModes
  private let thinkingOnly: ModelModes
  private let instructOnly: ModelModes

  init() throws {
    both = try ModelModes(chatTemplate: Templates.switchable)
    thinkingOnly = try ModelModes(chatTemplate: Templates.alwaysThinks)
    instructOnly = try ModelModes(chatTemplate: Templates.plain)
  }

  @Test(arguments: [
    (ModeChoice(), Mode.instruct),
    (ModeChoice(modelSuffix: .thinking), .thinking),
    (ModeChoice(modelSuffix: .instruct), .instruct),
    (ModeChoice(enableThinking: true), .thinking),
    (ModeChoice(enableThinking: false), .instruct),
    (ModeChoice(templateArgument: true), .thinking),
    (ModeChoice(templateArgument: false), .instruct),
    (ModeChoice(reasoningEffort: "none"), .instruct),
    (ModeChoice(reasoningEffort: "minimal"), .thinking),
    (ModeChoice(reasoningEffort: "max"), .thinking),
    (
      ModeChoice(modelSuffix: .thinking, enableThinking: true, templateArgument: true, reasoningEffort: "low"),
      .thinking
    ),
  ])
  func everyDialectChoosesTheMode(_ choice: ModeChoice, _ mode: Mode) throws {
    #expect(try choice.resolve(both) == mode)
  }

  @Test(arguments: [
    (ModeChoice(modelSuffix: .instruct, enableThinking: true), ["model", "enable_thinking"]),
    (
      ModeChoice(enableThinking: false, templateArgument: true),
      ["enable_thinking", "chat_template_kwargs.enable_thinking"]
    ),
    (ModeChoice(enableThinking: true, reasoningEffort: "none"), ["enable_thinking", "reasoning_effort"]),
    (ModeChoice(modelSuffix: .thinking, reasoningEffort: "none"), ["model", "reasoning_effort"]),
    (
      ModeChoice(modelSuffix: .thinking, enableThinking: true, templateArgument: false),
      ["model", "chat_template_kwargs.enable_thinking"]
    ),
  ])
  func contradictionsNameBothFields(_ choice: ModeChoice, _ fields: [String]) throws {
    let error = #expect(throws: ModeError.self) { try choice.resolve(both) }
    for field in fields { #expect(error?.description.contains(field) == true) }
    #expect(error?.field == fields[1])
  }

  @Test func aModeTheModelLacksIsRefused() {
    let thinking = #expect(throws: ModeError.self) { try ModeChoice(reasoningEffort: "high").resolve(instructOnly) }
    #expect(thinking?.field == "reasoning_effort")
    #expect(thinking?.description.contains("only instruct") == true)
    let instruct = #expect(throws: ModeError.self) { try ModeChoice(enableThinking: false).resolve(thinkingOnly) }
    #expect(instruct?.field == "enable_thinking")
  }

  @Test func whatAModelHasAnywayIsAccepted() throws {
    #expect(try ModeChoice(enableThinking: true).resolve(thinkingOnly) == .thinking)
    #expect(try ModeChoice(reasoningEffort: "none").resolve(instructOnly) == .instruct)
    #expect(try ModeChoice().resolve(thinkingOnly) == .thinking)
  }
}
