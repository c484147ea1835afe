import Engine
import Foundation
import Kernels
import ModelFiles
import Models
import Synthesis
import Tensor
import Testing

/// Models with weights in block formats.
@Suite struct QuantizedModelTests {
  private static let mixes: [WeightMix] = [.q80, .q40, .q41, .q50, .q51, .q4KM, .q5KM, .q6K]
  private static let ids = (0..<41).map { Int32(($0 * 37 + 11) % 280) }

  private func engine(_ model: SyntheticModel, threads: Int = 1, _ set: InstructionSet = .best) throws -> Engine {
    try Engine(
      model: loadModel(model.package),
      configuration: EngineConfiguration(pageCount: 8, slotCount: 4, maximumStepTokens: 256, threads: threads),
      kernels: Kernels(set), leastSharedWork: 0)
  }

  /// The same bits in one pass, in chunks, token by token, on several threads and in company.
  @Test(arguments: mixes, InstructionSet.available)
  func bitsDependOnTheSequenceAlone(mix: WeightMix, set: InstructionSet) throws {
    let model = try SyntheticModel(.qwen3Next, mix)
    let whole = try engine(model, set).logits(Self.ids)
    #expect(whole.allSatisfy { $0.allSatisfy(\.isFinite) })
    for (chunk, threads) in [(1, 1), (7, 2), (.max, 3)] {
      #expect(try engine(model, threads: threads, set).logits(Self.ids, chunk: chunk) == whole, "chunks of \(chunk)")
    }
    let engine = try engine(model, threads: 2, set)
    var found: [[Float]] = []
    let inputs = (0..<4).map { index in
      SequenceInput(
        tokens: index == 2 ? Self.ids : Array(Self.ids.reversed().prefix(1 + 9 * index)), position: 0, slot: index,
        pages: [Int32(index)], logits: index == 2 ? .all : .last)
    }
    try engine.step(inputs) { input, _, row in if input == 2 { found.append(Array(row)) } }
    #expect(found == whole)
  }

  /// Copies may have another layout than the file: the same bits, for matrices of any number of rows.
  @Test(arguments: mixes, InstructionSet.available)
  func bitsDoNotDependOnThePlaceOfWeights(mix: WeightMix, set: InstructionSet) throws {
    let model = try SyntheticModel(.qwen3Next, mix)
    let copied = try Engine(
      model: loadModel(model.package, weights: .hugePages(threads: 2), for: Kernels(set)),
      configuration: EngineConfiguration(pageCount: 8, slotCount: 4, maximumStepTokens: 256, threads: 2),
      kernels: Kernels(set), leastSharedWork: 0)
    let mapped = try engine(model, set)
    #expect(try copied.logits(Self.ids) == mapped.logits(Self.ids))
    #expect(try copied.logits(Self.ids, chunk: 1) == mapped.logits(Self.ids, chunk: 1))
  }

  @Test(arguments: Architecture.allCases) func bitsOfEveryArchitecture(architecture: Architecture) throws {
    let model = try SyntheticModel(architecture, .q4KM)
    let whole = try engine(model).logits(Self.ids)
    #expect(try engine(model, threads: 2).logits(Self.ids, chunk: 5) == whole)
  }

  /// Against the same weights as F32, from which the quantisation of activations is the only difference: one byte
  /// each in blocks of 32 or 256, so up to a percent a product. The mean Kullback–Leibler divergence of next-token
  /// distributions stays below 0.006 nats; another model's is several. Tokens take all experts: which of them they took
  /// would hinge on the slightest difference.
  @Test(arguments: mixes, Architecture.allCases)
  func agreesWithDequantizedWeights(mix: WeightMix, architecture: Architecture) throws {
    let model = try SyntheticModel(architecture, mix, expertsPerToken: 4)
    let exact = try engine(SyntheticModel(model) { $0.dequantized }).logits(Self.ids).map(logProbabilities)
    let found = try engine(model).logits(Self.ids).map(logProbabilities)
    let divergence = zip(exact, found).reduce(0.0) { total, rows in
      total + zip(rows.0, rows.1).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }
    #expect(divergence / Double(Self.ids.count) < 0.006, "\(mix) \(architecture)")
    #expect(exact != found)
  }

  // MARK: - Loading

  @Test(arguments: [Architecture.qwen3Next, .llama]) func everyTensorIsNeeded(architecture: Architecture) throws {
    let model = try SyntheticModel(architecture, .q40)
    // Without an output projection, the embedding is one.
    for name in try model.tensorNames where name != "output.weight" {
      let partial = try SyntheticModel(model) { $0.name == name ? nil : $0 }
      let error = #expect(throws: (any Error).self) { try loadModel(partial.package) }
      #expect(String(describing: error).contains(name), "\(name): \(String(describing: error))")
    }
    _ = try loadModel(SyntheticModel(model) { $0.name == "output.weight" ? nil : $0 }.package)
  }

  @Test func unknownTensorsAreRefused() throws {
    let model = try SyntheticModel(.qwen3Next, .q40)
    func adding(_ name: String) throws -> LanguageModel {
      try loadModel(
        SyntheticModel(model, adding: [TensorView(name: name, shape: [2], floats: [1, 2])]) { $0 }.package)
    }
    let error = #expect(throws: ModelError.self) { try adding("blk.0.ffn_other.weight") }
    #expect(error?.description.contains("blk.0.ffn_other.weight") == true)
    // Parts of a multi-token-prediction head.
    _ = try adding("blk.2.attn_q.weight")
    _ = try adding("blk.1.nextn.enorm.weight")
  }

  @Test func matricesThatAreComputedTogetherAreAlike() throws {
    let model = try SyntheticModel(.llama, .q80)
    let mixed = try SyntheticModel(model) { $0.name == "blk.1.ffn_gate.weight" ? $0.dequantized : $0 }
    let error = #expect(throws: ModelError.self) { try loadModel(mixed.package) }
    #expect(
      error?.description.hasSuffix(
        "tensor blk.1.ffn_gate.weight: expected Q8_0, as blk.1.ffn_up.weight has, found F32") == true)
  }
}
