import Engine
import Foundation
import Glibc
import ModelFiles
import Models
import Synthesis
import Testing

/// What is computed from a file that was changed meanwhile reaches nobody.
@Suite struct WeightFileTests {
  @Test(arguments: [true, false]) func changedWeightsMakeNoLogits(isCopied: Bool) throws {
    let file = try SyntheticModel(.llama, .q80)
    let model = try loadModel(file.package, weights: isCopied ? .hugePages(threads: 1) : .mapped)
    let engine = try Engine(
      model: model,
      configuration: EngineConfiguration(pageCount: 2, slotCount: 1, maximumStepTokens: 8, threads: 1))
    var count = 0
    func step(at position: Int) throws {
      let input = SequenceInput(tokens: [1], position: position, slot: 0, pages: [0], logits: .last)
      try engine.step([input]) { _, _, _ in count += 1 }
    }
    try step(at: 0)
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file.path))
    try handle.seekToEnd()
    try handle.write(contentsOf: Data([0]))
    if isCopied {
      try step(at: 1)
    } else {
      #expect(throws: EngineError.weightsChanged(path: file.path)) { try step(at: 1) }
    }
    #expect(count == (isCopied ? 2 : 1))
  }

  /// Reading what is not there any more would end the process.
  @Test(arguments: [LogitsRequest.last, .none])
  func whatWasCutShortBetweenStepsIsNotRead(_ wanted: LogitsRequest) throws {
    let file = try SyntheticModel(.llama, .q80)
    let engine = try Engine(
      model: loadModel(file.package),
      configuration: EngineConfiguration(pageCount: 2, slotCount: 1, maximumStepTokens: 8, threads: 1))
    #expect(truncate(file.path, 4096) == 0)
    let input = SequenceInput(tokens: [1], position: 0, slot: 0, pages: [0], logits: wanted)
    #expect(throws: EngineError.weightsChanged(path: file.path)) {
      try engine.step([input]) { _, _, _ in Issue.record("there are no logits") }
    }
  }
}
