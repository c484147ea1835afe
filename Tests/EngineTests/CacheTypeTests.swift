import Engine
import Foundation
import Kernels
import Models
import Testing

/// Engines whose caches are stored in reduced types.
@Suite struct CacheTypeTests {
  /// Every type of keys and values, with either type of state.
  static let types = CacheElement.allCases.flatMap { element in
    StateElement.allCases.map { CacheTypes(keyValue: element, state: $0) }
  }

  private static let models = ["f32-interval4", "bf16-awkward-sizes", "mixed-eight-layers"]

  /// The mean Kullback–Leibler divergence, in nats, that the tiny models may be from F32's. (They have heads of a few
  /// elements and take another expert at the slightest difference; real models are far closer.)
  private static func tolerance(_ types: CacheTypes) -> Double {
    let keyValue =
      switch types.keyValue {
      case .f32: 0.0
      case .f16: 1e-5
      case .bf16, .int8: 1e-3
      }
    return keyValue + (types.state == .f32 ? 0 : 3e-2)
  }

  @Test(arguments: models, types) func bitsDoNotDependOnChunksOrThreads(name: String, types: CacheTypes) throws {
    let reference = try ReferenceModel(name)
    let ids = reference.longest
    for set in InstructionSet.available {
      let whole = try reference.engine(caches: types, set).logits(ids)
      for (chunk, threads) in [(1, 1), (7, 2), (64, 3)] {
        let engine = try reference.engine(threads: threads, caches: types, set)
        #expect(try engine.logits(ids, chunk: chunk) == whole, "\(set), chunks of \(chunk), \(threads) threads")
      }
    }
  }

  @Test(arguments: models, types) func resultsStayCloseToF32(name: String, types: CacheTypes) throws {
    let reference = try ReferenceModel(name)
    let exact = try reference.engine().logits(reference.longest).map(logProbabilities)
    let found = try reference.engine(caches: types).logits(reference.longest).map(logProbabilities)
    let divergences = zip(exact, found).map { p, q in
      zip(p, q).reduce(0) { $0 + exp($1.0) * ($1.0 - $1.1) }
    }
    #expect(divergences.reduce(0, +) / Double(divergences.count) <= Self.tolerance(types))
    // The type is really in use.
    #expect((exact != found) == (types != CacheTypes()))
  }

  @Test func memoryFollowsTheTypes() throws {
    let model = try ReferenceModel("f32-interval4").model.configuration
    func memory(_ types: CacheTypes) -> MemoryNeed {
      Engine.memory(
        for: model,
        EngineConfiguration(pageCount: 3, slotCount: 2, maximumStepTokens: 8, threads: 1, cacheTypes: types))
    }
    let exact = memory(CacheTypes())
    let reduced = memory(CacheTypes(keyValue: .f16, state: .bf16))
    #expect(reduced.pages * 2 == exact.pages)
    #expect(reduced.slots < exact.slots)
    #expect(memory(CacheTypes(keyValue: .int8)).pages < reduced.pages)
  }
}
