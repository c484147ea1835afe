import Kernels
import ModelFiles
import Testing

@testable import Models

@Suite struct AttentionTests {
  /// Against transformers, whole and in chunks, with the same bits.
  @Test(arguments: InstructionSet.available) func agreesWithReference(set: InstructionSet) throws {
    for fixture in try BlockFixture.all("attention") {
      let model = try TemporaryModel(configuration: fixture.parameters, tensors: fixture.weights(prefix: "self_attn"))
      let folder = try model.folder
      var loader = WeightLoader(folder.configuration, folder.weights)
      let attention = try Attention(folder.configuration, layer: 0, &loader)
      try loader.checkAllTaken()

      let whole = try run(attention, folder.configuration, fixture, chunk: .max, set)
      expectClose(whole, try fixture.values("output"), tolerance: 2e-5)
      for chunk in [1, 3, 16] { #expect(try run(attention, folder.configuration, fixture, chunk: chunk, set) == whole) }
    }
  }

  private func run(
    _ attention: Attention, _ configuration: ModelConfiguration, _ fixture: BlockFixture, chunk: Int,
    _ set: InstructionSet
  ) throws -> [Float] {
    let input = try fixture.values("input")
    let width = configuration.hiddenSize
    let count = input.count / width
    let layout = KeyValueLayout(configuration.attention, .f32)
    let memory = UnsafeMutableRawPointer.allocate(byteCount: layout.byteCount, alignment: 64)
    defer { memory.deallocate() }
    // What nothing was written to must not matter.
    memory.initializeMemory(as: UInt8.self, repeating: 0xff, count: layout.byteCount)
    let pages = KeyValuePages(layout, base: memory, pageStride: layout.byteCount)
    let rotary = RotaryEmbedding(configuration.rope)
    var output: [Float] = []
    for part in parts(count, chunk: min(chunk, count)) {
      let run = try BlockRun(configuration, tokens: part.count, threads: 2, set)
      var cosines = [Float](repeating: 0, count: part.count * rotary.pairCount)
      var sines = cosines
      cosines.withUnsafeMutableBufferPointer { cosines in
        sines.withUnsafeMutableBufferPointer { sines in
          for (row, position) in part.enumerated() {
            rotary.fill(
              position: position, cosines: cosines.baseAddress.unsafelyUnwrapped + row * rotary.pairCount,
              sines: sines.baseAddress.unsafelyUnwrapped + row * rotary.pairCount)
          }
        }
      }
      var result = [Float](repeating: .nan, count: part.count * width)
      run.withBatch(position: part.lowerBound, count: part.count) { batch in
        attention.forward(
          batch, input: rows(input, part, of: width), output: &result, cosines: cosines, sines: sines, pages: pages,
          run.executor)
      }
      output += result
    }
    return output
  }
}

extension BlockFixture {
  /// The block's weights as tensors of a model file.
  func weights(prefix: String) -> [String: Tensor] {
    let results: Set = ["input", "output", "chosen", "scores", "convolutionState", "recurrentState"]
    let weights = tensors.filter { !results.contains($0.key) }
    return Dictionary(uniqueKeysWithValues: weights.map { ("model.layers.0.\(prefix).\($0.key)", $0.value) })
  }
}
