import Kernels
import Testing

@testable import Engine

@Suite struct BenchmarkTests {
  @Test(arguments: [1, 3])
  func measuresAtADepth(sequences: Int) throws {
    let reference = try ReferenceModel("bf16-tied")
    let plan = Benchmark.Plan(prompt: 70, generate: 5, depth: 40, repetitions: 2, stepTokens: 32)
    let engine = try Engine(
      model: reference.model, configuration: plan.engineConfiguration(sequences: sequences, threads: 2))
    var benchmark = Benchmark(plan: plan, engine: engine)
    var said: [String] = []
    let speeds = try benchmark.run { said.append($0) }
    #expect(try #require(speeds.prefillTokensPerSecond) > 0)
    #expect(try #require(speeds.decodeTokensPerSecond) > 0)
    #expect(said.contains("decoding 2 of 2"))
  }

  @Test func measuresOnlyWhatIsAskedFor() throws {
    let reference = try ReferenceModel("f32-yarn")
    let plan = Benchmark.Plan(prompt: 0, generate: 2, depth: 0, repetitions: 1, stepTokens: 8)
    let engine = try Engine(model: reference.model, configuration: plan.engineConfiguration(sequences: 1, threads: 1))
    var benchmark = Benchmark(plan: plan, engine: engine)
    let speeds = try benchmark.run()
    #expect(speeds.prefillTokensPerSecond == nil && speeds.decodeTokensPerSecond != nil)
  }

  @Test func mediansOfOddAndEvenCounts() {
    #expect(Benchmark.median([3, 1, 2]) == 2)
    #expect(Benchmark.median([4, 1, 2, 3]) == 2.5)
  }

  /// A copied sequence goes on as the original does.
  @Test(arguments: ReferenceModel.names)
  func copiesOfASequenceAreTheSequence(name: String) throws {
    let reference = try ReferenceModel(name)
    let ids = Array(reference.longest.prefix(90))
    let engine = try reference.engine(pages: 4, slots: 2)
    _ = try engine.logits(ids.dropLast(), pages: [0, 1])
    try engine.copySlot(from: 0, to: 1)
    try engine.copyPage(from: 0, to: 2)
    try engine.copyPage(from: 1, to: 3)
    engine.stand(slot: 1, at: ids.count - 1)
    let inputs = [(0, [0, 1]), (1, [2, 3])].map { slot, pages in
      SequenceInput(
        tokens: [ids[ids.count - 1]], position: ids.count - 1, slot: slot, pages: pages.map { Int32($0) },
        logits: .last)
    }
    var rows: [[Float]] = []
    try engine.step(inputs) { _, _, row in rows.append(Array(row)) }
    #expect(rows.count == 2 && rows[0] == rows[1], "\(name)")
  }

  @Test(arguments: InstructionSet.available)
  func limitsArePositive(set: InstructionSet) throws {
    let limits = try MachineLimits.measure(set, threads: 2, byteCount: 1 << 22)
    #expect(limits.readBytesPerSecond > 0)
    for arithmetic in Arithmetic.allCases { #expect(limits.multiplyAddsPerSecond(arithmetic) > 0) }
  }
}
