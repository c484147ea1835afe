import Foundation
import JSON
import Kernels
import ModelFiles
import Testing

@testable import Models

/// Attention over pages against plain loops in F64, and against itself cut otherwise.
@Suite struct PagedAttentionTests {
  struct Shape: CustomTestStringConvertible {
    let heads: Int
    let keyValueHeads: Int
    let dimension: Int
    let length: Int
    var testDescription: String { "\(heads) heads, \(keyValueHeads) key-value heads of \(dimension), \(length) tokens" }
  }

  static let shapes = [
    Shape(heads: 1, keyValueHeads: 1, dimension: 7, length: 70),
    Shape(heads: 6, keyValueHeads: 2, dimension: 40, length: 200),
    Shape(heads: 8, keyValueHeads: 1, dimension: 256, length: 130),
    // Three spans, the last one short.
    Shape(heads: 4, keyValueHeads: 2, dimension: 16, length: 2100),
  ]

  /// What results, whose values are below 1, may be off by for each storage type.
  static func tolerance(_ element: CacheElement) -> Double {
    switch element {
    case .f32: 1e-5
    case .f16: 1e-3
    case .bf16, .int8: 1e-2
    }
  }

  @Test(arguments: shapes, CacheElement.allCases)
  func agreesWithPlainLoops(shape: Shape, element: CacheElement) throws {
    let run = try AttentionRun(shape, element)
    let expected = run.checkedTokens.map { run.plainOutput($0) }
    for set in InstructionSet.available {
      let found = try run.outputs(chunk: shape.length, threads: 1, set)
      for (token, expected) in zip(run.checkedTokens, expected) {
        let row = rows(found, token..<token + 1, of: expected.count)
        let worst = zip(row, expected).map { abs(Double($0) - $1) }.max() ?? 0
        #expect(worst < Self.tolerance(element), "\(set), token \(token)")
      }
      for (chunk, threads) in [(1, 2), (7, 2), (64, 1), (512, 3)] {
        let parts = try run.outputs(chunk: chunk, threads: threads, set)
        #expect(parts == found, "\(set), chunks of \(chunk), \(threads) threads")
      }
    }
  }
}

/// Random queries, keys and values of one sequence.
private struct AttentionRun {
  let shape: PagedAttentionTests.Shape
  let element: CacheElement
  let configuration: ModelConfiguration
  let queries: [Float]
  let keys: [Float]
  let values: [Float]

  init(_ shape: PagedAttentionTests.Shape, _ element: CacheElement) throws {
    self.shape = shape
    self.element = element
    configuration = try ModelConfiguration(
      parsing: [UInt8](
        JSON.object([
          "model_type": "qwen3_next", "hidden_size": 8, "head_dim": .integer(shape.dimension),
          "num_attention_heads": .integer(shape.heads), "num_key_value_heads": .integer(shape.keyValueHeads),
          "max_position_embeddings": 4096,
        ]).serialized().utf8))
    var state: UInt64 = 3
    func random(_ count: Int, scale: Float) -> [Float] {
      (0..<count).map { _ in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Float(Int32(truncatingIfNeeded: state >> 32)) * 0x1p-31 * scale
      }
    }
    queries = random(shape.length * shape.heads * shape.dimension, scale: 3)
    keys = random(shape.length * shape.keyValueHeads * shape.dimension, scale: 2)
    values = random(shape.length * shape.keyValueHeads * shape.dimension, scale: 1)
  }

  /// Some tokens, those around the ends of pages and spans among them.
  var checkedTokens: [Int] {
    Set([0, 1, 62, 63, 64, 1023, 1024, 1025, 2047, 2048] + stride(from: 0, to: shape.length, by: 97))
      .filter { $0 < shape.length }.sorted() + [shape.length - 1]
  }

  func plainOutput(_ token: Int) -> [Double] {
    let (dimension, heads, kvHeads) = (shape.dimension, shape.heads, shape.keyValueHeads)
    var output = [Double](repeating: 0, count: heads * dimension)
    for head in 0..<heads {
      let query = (token * heads + head) * dimension
      func row(_ position: Int) -> Int { (position * kvHeads + head / (heads / kvHeads)) * dimension }
      let scores = (0...token).map { position in
        var sum = 0.0
        for i in 0..<dimension { sum += Double(queries[query + i]) * Double(keys[row(position) + i]) }
        return sum / Double(dimension).squareRoot()
      }
      let maximum = scores.max() ?? 0
      let weights = scores.map { exp($0 - maximum) }
      let total = weights.reduce(0, +)
      for (position, weight) in weights.enumerated() {
        for i in 0..<dimension {
          output[head * dimension + i] += weight / total * Double(values[row(position) + i])
        }
      }
    }
    return output
  }

  func outputs(chunk: Int, threads: Int, _ set: InstructionSet) throws -> [Float] {
    let attention = PagedAttention(configuration)
    let layout = KeyValueLayout(configuration.attention, element)
    let pageCount = shape.length / KeyValuePages.pageSize + 1
    // Pages of other layers lie in between; what nothing was written to must not matter.
    let stride = layout.byteCount + 64
    let memory = UnsafeMutableRawPointer.allocate(byteCount: pageCount * stride, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0xff, count: pageCount * stride)
    let pages = KeyValuePages(layout, base: memory, pageStride: stride)
    let run = try BlockRun(configuration, tokens: min(chunk, shape.length), threads: threads, set)
    let (width, kvWidth) = (shape.heads * shape.dimension, shape.keyValueHeads * shape.dimension)
    var output = [Float](repeating: .nan, count: shape.length * width)
    output.withUnsafeMutableBufferPointer { output in
      for part in parts(shape.length, chunk: chunk) {
        run.withBatch(position: part.lowerBound, count: part.count) { batch in
          for row in 0..<part.count {
            let position = part.lowerBound + row
            attention.store(
              row: row, of: batch, keys: rows(keys, position..<position + 1, of: kvWidth),
              values: rows(values, position..<position + 1, of: kvWidth), pages, run.executor.scratch(of: 0))
          }
          attention.forward(
            batch, queries: rows(queries, part, of: width), queryStride: shape.dimension,
            output: output.baseAddress.unsafelyUnwrapped + part.lowerBound * width, pages: pages, run.executor)
        }
      }
    }
    return Array(output)
  }
}
