import Engine
import Foundation
import JSON
import Kernels
import ModelFiles
import Models
import Testing

/// A tiny model made with transformers, and what transformers computes with it (Tools/fixtures/README.md).
struct ReferenceModel: Sendable, CustomTestStringConvertible {
  struct Sequence: Sendable {
    let ids: [Int32]
    /// Of `ids[i + 1]` after `ids[0...i]`.
    let logprobs: [Double]
    let topIDs: [[Int32]]
    let topLogprobs: [[Double]]
  }

  struct Greedy: Sendable {
    let prompt: [Int32]
    let ids: [Int32]
    let gaps: [Double]
  }

  let name: String
  let model: LanguageModel
  let sequences: [Sequence]
  let greedy: [Greedy]

  var testDescription: String { name }

  static let names = [
    "bf16-awkward-sizes", "bf16-dense-layers", "bf16-eps-conv-layers", "bf16-interval2-r4", "bf16-sharded", "bf16-tied",
    "bf16-yarn-old-keys", "f16-equal-heads", "f32-interval4", "f32-yarn", "llama-bf16", "llama-llama3-rope",
    "mixed-eight-layers", "qwen2-f16", "qwen3-moe", "qwen3-moe-normalised", "qwen3-yarn",
  ]

  /// Twins of some of them as GGUF files.
  static let ggufNames = [
    "bf16-sharded", "f32-interval4", "llama-llama3-rope", "qwen2-f16", "qwen3-moe-normalised", "qwen3-yarn",
  ].map { "gguf/\($0).gguf" }

  static let folder = Bundle.module.bundleURL.appendingPathComponent("Fixtures")

  init(_ name: String, weights: WeightPlacement = .mapped) throws {
    self.name = name
    let path = Self.folder.appendingPathComponent(name)
    model = try loadModel(ModelPackage(path: path.path), weights: weights)
    let folder = Self.folder.appendingPathComponent(path.deletingPathExtension().lastPathComponent)
    let expected = try JSON(parsing: [UInt8](Data(contentsOf: folder.appendingPathComponent("expected.json"))))
    try #require(expected["schema"]?.intValue == 1)
    sequences = (expected["sequences"]?.arrayValue ?? []).map {
      Sequence(
        ids: $0["ids"].ids, logprobs: $0["logprobs"].numbers,
        topIDs: ($0["topIDs"]?.arrayValue ?? []).map { JSON?.some($0).ids },
        topLogprobs: ($0["topLogprobs"]?.arrayValue ?? []).map { JSON?.some($0).numbers })
    }
    greedy = (expected["greedy"]?.arrayValue ?? []).map {
      Greedy(prompt: $0["prompt"].ids, ids: $0["ids"].ids, gaps: $0["gaps"].numbers)
    }
    try #require(!sequences.isEmpty && !greedy.isEmpty)
  }

  /// The longest sequence, for tests that compare the engine with itself.
  var longest: [Int32] { sequences.map(\.ids).max { $0.count < $1.count } ?? [] }

  /// An engine with room for a few sequences of the model's context.
  func engine(
    pages: Int = 64, slots: Int = 8, stepTokens: Int = 512, threads: Int = 1, caches: CacheTypes = CacheTypes(),
    _ set: InstructionSet = .best
  ) throws -> Engine {
    try Engine(
      model: model,
      configuration: EngineConfiguration(
        pageCount: pages, slotCount: slots, maximumStepTokens: stepTokens, threads: threads,
        cacheTypes: caches),
      kernels: Kernels(set), leastSharedWork: 0)
  }
}

extension JSON? {
  fileprivate var ids: [Int32] { self?.arrayValue?.compactMap { $0.intValue.map(Int32.init) } ?? [] }
  fileprivate var numbers: [Double] { self?.arrayValue?.compactMap(\.doubleValue) ?? [] }
}

extension Engine {
  /// The logits after every token of a sequence, or of its part from a position on, processed in chunks.
  func logits(
    _ ids: [Int32], from start: Int = 0, chunk: Int = .max, slot: Int = 0, pages: [Int32]? = nil
  ) throws -> [[Float]] {
    let pages = pages ?? (0...Int32((start + ids.count) / EngineConfiguration.pageSize)).map { $0 }
    var rows: [[Float]] = []
    while rows.count < ids.count {
      let first = rows.count
      let end = first + min(chunk, ids.count - first)
      let input = SequenceInput(
        tokens: Array(ids[first..<end]), position: start + first, slot: slot, pages: pages, logits: .all)
      try step([input]) { _, token, row in
        #expect(token == rows.count - first)
        rows.append(Array(row))
      }
    }
    return rows
  }

  /// The most likely continuation, one token a step.
  func greedy(_ prompt: [Int32], count: Int, slot: Int = 0, pages: [Int32]) throws -> [Int32] {
    var ids: [Int32] = []
    var tokens = prompt
    var position = 0
    while ids.count < count {
      try step([SequenceInput(tokens: tokens, position: position, slot: slot, pages: pages, logits: .last)]) {
        ids.append(argmax($2))
      }
      position += tokens.count
      tokens = [ids[ids.count - 1]]
    }
    return ids
  }
}

/// The index of the largest logit, the lowest of equals.
func argmax(_ row: UnsafeBufferPointer<Float>) -> Int32 {
  var best = 0
  for index in row.indices where row[index] > row[best] { best = index }
  return Int32(best)
}

/// Natural logarithms of the softmax, in F64.
func logProbabilities(_ row: [Float]) -> [Double] {
  let maximum = Double(row.max() ?? 0)
  let total = log(row.reduce(0) { $0 + exp(Double($1) - maximum) })
  return row.map { Double($0) - maximum - total }
}
