import Engine
import Foundation
import JSON
import Kernels
import ModelFiles
import Models
import Testing

/// Multi-token prediction beside a reference written with transformers' layers (Tools/fixtures/make_draft_heads.py), and
/// what is taken back beside what never was.
@Suite struct DraftingTests {
  static let names = ["draft-f32", "draft-bf16-tied"]
  private let pages: [Int32] = [3, 1, 4, 0]

  private struct Fixture {
    let model: LanguageModel
    let ids: [Int32]
    /// By position from 1 on: the guesses, and their logits.
    let guesses: [[Int32]]
    let chains: [[[Double]]]

    init(_ name: String) throws {
      let path = ReferenceModel.folder.appendingPathComponent(name)
      model = try loadModel(ModelPackage(path: path.path), drafting: true)
      let expected = try JSON(parsing: [UInt8](Data(contentsOf: path.appendingPathComponent("drafts.json"))))
      try #require(expected["schema"]?.intValue == 1)
      func rows(_ json: JSON?) -> [[Double]] {
        (json?.arrayValue ?? []).map { ($0.arrayValue ?? []).compactMap(\.doubleValue) }
      }
      ids = (expected["ids"]?.arrayValue ?? []).compactMap { $0.intValue.map(Int32.init) }
      guesses = rows(expected["guesses"]).map { $0.map(Int32.init) }
      chains = (expected["chains"]?.arrayValue ?? []).map { rows($0) }
      try #require(ids.count > 20 && guesses.count == ids.count - 1 && chains.count == guesses.count)
    }

    func engine(
      _ set: InstructionSet = .best, stepTokens: Int = 64, caches: CacheTypes = CacheTypes(retractableRows: 4)
    ) throws -> Engine {
      try Engine(
        model: model,
        configuration: EngineConfiguration(
          pageCount: 8, slotCount: 3, maximumStepTokens: stepTokens, threads: 2, cacheTypes: caches),
        kernels: Kernels(set), leastSharedWork: 0)
    }
  }

  @Test(arguments: names, InstructionSet.available)
  func logitsAgreeWithTheReference(name: String, set: InstructionSet) throws {
    let fixture = try Fixture(name)
    for chunk in [1, 5, 64] {
      let engine = try fixture.engine(set, stepTokens: max(2, chunk))
      for end in 1..<fixture.ids.count {
        var position = 0
        var guess = 0
        while position < end {
          let tokens = Array(fixture.ids[position..<min(end, position + chunk)])
          try engine.step([
            SequenceInput(tokens: tokens, position: position, slot: 1, pages: pages, logits: .none)
          ]) { _, _, _ in }
          position += tokens.count
          let next = position == end ? fixture.ids[end] : nil
          try engine.draft([DraftRequest(slot: 1, tokens: tokens, next: next, count: 3, pages: pages)]) { _, row in
            let expected = fixture.chains[end - 1][guess]
            let worst = zip(row, expected).map { abs(Double($0) - $1) }.max() ?? .infinity
            #expect(worst < 2e-3, "\(name) \(set) chunks of \(chunk), position \(end), guess \(guess)")
            guess += 1
            return fixture.guesses[end - 1][guess - 1]
          }
        }
        #expect(guess == 3)
      }
    }
  }

  @Test(arguments: names + ["f16-equal-heads", "bf16-awkward-sizes", "llama-bf16"])
  func whatIsTakenBackLeavesNoTrace(name: String) throws {
    let path = ReferenceModel.folder.appendingPathComponent(name)
    let model = try loadModel(ModelPackage(path: path.path), drafting: true)
    let types = [
      CacheTypes(retractableRows: 4), CacheTypes(keyValue: .int8, state: .bf16, retractableRows: 4),
    ]
    for types in types {
      let engine = try Engine(
        model: model,
        configuration: EngineConfiguration(
          pageCount: 8, slotCount: 2, maximumStepTokens: 64, threads: 1, cacheTypes: types))
      let ids = (0..<44).map { Int32(($0 * 7 + 3) % 39) }
      let expected = try engine.logits(ids, pages: pages)
      var rows: [[Float]] = []
      var position = 0
      while position < ids.count {
        let wrong = min(Engine.draftLimit(after: position), 1 + position % 4)
        let tokens = [ids[position]] + (0..<wrong).map { (ids[position] + 5 + Int32($0)) % 39 }
        try engine.step([
          SequenceInput(tokens: tokens, position: position, slot: 0, pages: pages, logits: .all)
        ]) { _, token, row in
          if token == 0 { rows.append(Array(row)) }
        }
        try engine.retract(wrong, slot: 0)
        position += 1
      }
      #expect(rows == expected, "\(name) \(types)")
    }
  }

  /// Greedy text with drafts, taking what is right of each, is the text without.
  @Test(arguments: names) func draftsChangeNothing(name: String) throws {
    let fixture = try Fixture(name)
    let engine = try fixture.engine()
    let prompt = Array(fixture.ids.prefix(9))
    let plain = try engine.greedy(prompt, count: 60, pages: pages)
    for count in 1...4 {
      var text = prompt
      var drafts: [Int32] = []
      var processed = 0
      var steps = 0
      while text.count < prompt.count + 60 {
        let tokens = Array(text[processed...]) + drafts
        var choices: [Int32] = []
        try engine.step([
          SequenceInput(tokens: tokens, position: processed, slot: 2, pages: pages, logits: .all)
        ]) { choices.append(argmax($2)) }
        steps += 1
        let known = text.count - processed
        var kept = known
        text.append(choices[known - 1])
        while kept < tokens.count, tokens[kept] == text[processed + kept] {
          text.append(choices[kept])
          kept += 1
        }
        try engine.retract(tokens.count - kept, slot: 2)
        processed += kept
        drafts = []
        let wanted = min(count, Engine.draftLimit(after: processed))
        let stood = Array(tokens.prefix(kept))
        try engine.draft([
          DraftRequest(slot: 2, tokens: stood, next: text[processed], count: wanted, pages: pages)
        ]) { _, row in
          drafts.append(argmax(row))
          return argmax(row)
        }
      }
      #expect(Array(text[prompt.count...].prefix(60)) == plain, "\(name), \(count) drafts")
      #expect(steps <= 60)
    }
  }

  /// A copy of a slot goes on with drafts as the slot itself does, and with another token than the head has seen.
  @Test(arguments: names) func copiesAreDraftedFor(name: String) throws {
    let fixture = try Fixture(name)
    func guesses(_ engine: Engine, after tokens: [Int32], at position: Int, slot: Int, next: Int32) throws -> [Int32] {
      var guesses: [Int32] = []
      try engine.step([
        SequenceInput(tokens: tokens, position: position, slot: slot, pages: pages, logits: .none)
      ]) { _, _, _ in }
      try engine.draft([DraftRequest(slot: slot, tokens: tokens, next: next, count: 3, pages: pages)]) { _, row in
        guesses.append(argmax(row))
        return argmax(row)
      }
      return guesses
    }
    let (ids, cut) = (fixture.ids, 11)
    let engine = try fixture.engine()
    _ = try guesses(engine, after: Array(ids[..<cut]), at: 0, slot: 0, next: 1)
    try engine.copySlot(from: 0, to: 2)
    let copied = try guesses(engine, after: Array(ids[cut..<20]), at: cut, slot: 2, next: ids[20])
    #expect(copied == fixture.guesses[19])
  }

  @Test func whatCannotBeTakenBackIsRefused() throws {
    let fixture = try Fixture(Self.names[0])
    let engine = try fixture.engine()
    #expect(throws: EngineError.notRetractable(slot: 0, count: 1)) { try engine.retract(1, slot: 0) }
    let tokens = Array(fixture.ids.prefix(20))
    try engine.step([SequenceInput(tokens: tokens, position: 0, slot: 0, pages: pages, logits: .none)]) { _, _, _ in }
    // The chunk that begins at 16 is open; the one before is folded.
    for count in [5, 20] {
      #expect(throws: EngineError.notRetractable(slot: 0, count: count)) { try engine.retract(count, slot: 0) }
    }
    try engine.retract(4, slot: 0)
    #expect(throws: EngineError.notDraftable(request: 0, slot: 0)) {
      try engine.draft([DraftRequest(slot: 0, tokens: tokens, next: 1, count: 1, pages: pages)]) { _, _ in 0 }
    }
    #expect(throws: EngineError.tooFewPages(input: 0, expected: 1, found: 0)) {
      try engine.draft([DraftRequest(slot: 0, tokens: Array(tokens.prefix(16)), next: 1, count: 1, pages: [])]) {
        _, _ in 0
      }
    }
  }
}
