import Engine
import ModelFiles
import Models
import Testing

/// Inputs that are refused, and that a refusal changes nothing.
@Suite struct StepValidationTests {
  private func input(
    _ tokens: [Int32] = [1, 2, 3], at position: Int = 0, slot: Int = 0, pages: [Int32] = [0]
  ) -> SequenceInput {
    SequenceInput(tokens: tokens, position: position, slot: slot, pages: pages, logits: .last)
  }

  private func expectRefusal(_ error: EngineError, _ inputs: [SequenceInput]) throws {
    let engine = try ReferenceModel("f32-interval4").engine(pages: 4, slots: 2, stepTokens: 80)
    try engine.step([input()]) { _, _, _ in }
    #expect(throws: error) { try engine.step(inputs) { _, _, _ in Issue.record("computed") } }
    // The slot still stands at 3.
    try engine.step([input(at: 3)]) { _, _, _ in }
  }

  @Test func malformedInputs() throws {
    let size = try ReferenceModel("f32-interval4").model.configuration.vocabularySize
    try expectRefusal(.emptyInput(input: 1), [input(), input([], slot: 1)])
    try expectRefusal(.invalidToken(input: 0, token: -1, vocabularySize: size), [input([0, -1])])
    try expectRefusal(.invalidToken(input: 0, token: .max, vocabularySize: size), [input([.max])])
    try expectRefusal(
      .tooManyTokens(count: 81, limit: 80),
      [input(Array(repeating: 1, count: 80), pages: [0, 1]), input([1], slot: 1, pages: [2])])
  }

  @Test func slots() throws {
    try expectRefusal(.invalidSlot(input: 0, slot: 2, slotCount: 2), [input(slot: 2)])
    try expectRefusal(.invalidSlot(input: 0, slot: -1, slotCount: 2), [input(slot: -1)])
    try expectRefusal(.slotUsedTwice(input: 1, slot: 0), [input(at: 3), input(pages: [1])])
  }

  @Test func positions() throws {
    try expectRefusal(.unexpectedPosition(input: 0, expected: 3, found: 4), [input(at: 4)])
    try expectRefusal(.unexpectedPosition(input: 0, expected: 3, found: -1), [input(at: -1)])
    try expectRefusal(.unexpectedPosition(input: 0, expected: 3, found: .max), [input(at: .max)])
    let context = try ReferenceModel("f32-interval4").model.configuration.contextLength
    let engine = try ReferenceModel("f32-interval4").engine(pages: 64, stepTokens: context + 1)
    let pages = (0..<60).map { Int32($0) }
    #expect(throws: EngineError.contextExceeded(input: 0, length: context + 1, limit: context)) {
      try engine.step([input(Array(repeating: 1, count: context + 1), pages: pages)]) { _, _, _ in }
    }
  }

  @Test func pages() throws {
    try expectRefusal(.tooFewPages(input: 0, expected: 1, found: 0), [input(pages: [])])
    try expectRefusal(
      .tooFewPages(input: 0, expected: 2, found: 1), [input(Array(repeating: 1, count: 65), pages: [0])])
    try expectRefusal(.invalidPage(input: 0, page: 4, pageCount: 4), [input(pages: [4])])
    try expectRefusal(.invalidPage(input: 0, page: -1, pageCount: 4), [input(pages: [-1])])
    try expectRefusal(.pageShared(input: 1, page: 1), [input(pages: [1]), input(slot: 1, pages: [1])])
    try expectRefusal(
      .pageShared(input: 0, page: 1), [input(Array(repeating: 1, count: 65), pages: [1, 1])])
  }

  /// A table that names a page twice could not come from an allocator; here the page is only read.
  @Test func pagesWithinATable() throws {
    let engine = try ReferenceModel("f32-interval4").engine(pages: 4, slots: 1, stepTokens: 64)
    let tokens = Array(repeating: Int32(1), count: 64)
    try engine.step([input(tokens)]) { _, _, _ in }
    try engine.step([input(tokens, at: 64, pages: [0, 1])]) { _, _, _ in }
    #expect(throws: EngineError.pageShared(input: 0, page: 0)) {
      try engine.step([input([1], at: 128, pages: [0, 0, 2])]) { _, _, _ in }
    }
  }

  @Test func emptySteps() throws {
    let engine = try ReferenceModel("f32-interval4").engine(pages: 1, slots: 1)
    try engine.step([]) { _, _, _ in Issue.record("nothing was asked for") }
  }

  @Test func configurations() throws {
    let model = try ReferenceModel("f32-interval4").model
    let good = EngineConfiguration(pageCount: 4, slotCount: 2, maximumStepTokens: 16, threads: 2)
    let engine = try Engine(model: model, configuration: good)
    #expect(engine.memory == Engine.memory(for: model.configuration, good))
    #expect(engine.memory.total == engine.memory.pages + engine.memory.slots + engine.memory.workspace)

    var bad = good
    bad.threads = 0
    #expect(throws: EngineError.invalidConfiguration(setting: "threads", expected: "1 to 1024", found: 0)) {
      try Engine(model: model, configuration: bad)
    }
    // More memory than an address space has.
    bad = good
    bad.pageCount = 1 << 24
    bad.slotCount = 1 << 16
    #expect(throws: EngineError.self) { try Engine(model: model, configuration: bad) }
  }
}
