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

  private static func choice(_ wishes: ModeChoice.Wish..., suffix: Mode? = nil) -> ModeChoice {
    var choice = ModeChoice()
    choice.modelSuffix = suffix
    for (index, wish) in wishes.enumerated() { choice.ask(wish, field: "field\(index)", value: "value\(index)") }
    return choice
  }

  @Test(arguments: [
    (choice(), ThinkingPlan(mode: .instruct)),
    (choice(suffix: .thinking), ThinkingPlan(mode: .thinking)),
    (choice(suffix: .instruct), ThinkingPlan(mode: .instruct)),
    (choice(.mode(.thinking)), ThinkingPlan(mode: .thinking)),
    (choice(.effort("none")), ThinkingPlan(mode: .instruct)),
    (choice(.effort("minimal")), ThinkingPlan(mode: .thinking, budget: 256)),
    (choice(.effort("low")), ThinkingPlan(mode: .thinking, budget: 1024)),
    (choice(.effort("medium")), ThinkingPlan(mode: .thinking, budget: 4096)),
    (choice(.effort("high")), ThinkingPlan(mode: .thinking, budget: 16_384)),
    (choice(.effort("xhigh")), ThinkingPlan(mode: .thinking, budget: 32_768)),
    (choice(.effort("max")), ThinkingPlan(mode: .thinking)),
    (choice(.budget(7)), ThinkingPlan(mode: .thinking, budget: 7)),
    (choice(.budget(0)), ThinkingPlan(mode: .instruct)),
    (choice(.mode(.instruct), .effort("none"), .budget(0), suffix: .instruct), ThinkingPlan(mode: .instruct)),
    // A budget is more exact than an effort.
    (choice(.effort("low"), .budget(9)), ThinkingPlan(mode: .thinking, budget: 9)),
    (choice(.budget(9), .mode(.thinking), .effort("max"), .budget(9)), ThinkingPlan(mode: .thinking, budget: 9)),
  ])
  func wishesComeToAPlan(_ choice: ModeChoice, _ plan: ThinkingPlan) throws {
    #expect(try choice.resolve(both) == plan)
  }

  @Test func effortsThinkLongerAndLonger() {
    let budgets = ModeChoice.efforts.map { ModeChoice.budget(ofEffort: $0) ?? .max }
    #expect(budgets == budgets.sorted() && Set(budgets).count == budgets.count)
  }

  @Test(arguments: [
    (choice(.mode(.thinking), suffix: .instruct), ["model", "field0"]),
    (choice(.mode(.thinking), .mode(.instruct)), ["field0", "field1"]),
    (choice(.mode(.thinking), .effort("none")), ["field0", "field1"]),
    (choice(.mode(.instruct), .budget(5)), ["field0", "field1"]),
    (choice(.mode(.thinking), .budget(0)), ["field0", "field1"]),
    (choice(.effort("low"), .effort("high")), ["field0", "field1"]),
    (choice(.budget(5), .mode(.thinking), .budget(6)), ["field0", "field2"]),
    (choice(.effort("low"), .budget(5), .mode(.instruct), suffix: .thinking), ["model", "field2"]),
  ])
  func contradictionsNameBothFields(_ choice: ModeChoice, _ fields: [String]) {
    let error = #expect(throws: ModeError.self) { try choice.resolve(both) }
    for field in fields { #expect(error?.description.contains(field) == true) }
    #expect(error?.field == fields[1])
  }

  @Test func aModeTheModelLacksIsRefused() {
    let thinking = #expect(throws: ModeError.self) { try Self.choice(.effort("high")).resolve(instructOnly) }
    #expect(thinking?.field == "field0")
    #expect(thinking?.description.contains("only instruct") == true)
    let instruct = #expect(throws: ModeError.self) { try Self.choice(.mode(.instruct)).resolve(thinkingOnly) }
    #expect(instruct?.field == "field0")
    #expect(throws: ModeError.self) { try Self.choice(.mode(.instruct), .budget(0)).resolve(thinkingOnly) }
  }

  @Test func whatAModelHasAnywayIsAccepted() throws {
    #expect(try Self.choice(.mode(.thinking)).resolve(thinkingOnly) == ThinkingPlan(mode: .thinking))
    #expect(try Self.choice(.effort("none")).resolve(instructOnly) == ThinkingPlan(mode: .instruct))
    #expect(try Self.choice().resolve(thinkingOnly) == ThinkingPlan(mode: .thinking))
    #expect(try Self.choice(.budget(0)).resolve(thinkingOnly) == ThinkingPlan(mode: .thinking, budget: 0))
  }
}
