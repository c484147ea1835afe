import Engine
import Kernels
import ModelFiles

/// One sequence on an engine of its own, for the commands that need no server.
final class SingleSequence {
  let vocabularySize: Int
  private let engine: Engine
  private let stepTokens: Int
  private let pages: [Int32]

  /// - Parameters:
  ///   - folder: the model.
  ///   - capacity: tokens the sequence may grow to.
  ///   - stepTokens: tokens of one forward step.
  ///   - threads: worker threads; 0: one a core.
  ///   - weights: where the weights are.
  ///   - instructionSet: what the kernels use.
  ///   - numberTypes: how numbers are stored and multiplied.
  init(
    folder: ModelPackage, capacity: Int, stepTokens: Int, threads: Int, weights: WeightsOption,
    instructionSet: InstructionSet, numberTypes: NumberTypesOption
  ) throws {
    let pageCount = (capacity + EngineConfiguration.pageSize - 1) / EngineConfiguration.pageSize
    self.stepTokens = min(stepTokens, capacity)
    var configuration = EngineConfiguration(
      pageCount: pageCount, slotCount: 1, maximumStepTokens: self.stepTokens,
      threads: threads > 0 ? threads : ProcessorTopology().threadCount)
    numberTypes.apply(to: &configuration, for: folder)
    engine = try Engine(
      model: weights.load(folder, for: configuration), configuration: configuration, kernels: Kernels(instructionSet))
    pages = (0..<pageCount).map(Int32.init)
    vocabularySize = engine.vocabularySize
  }

  /// Runs tokens through the model and hands over the logits after each of them, in order. The logits are
  /// valid during the call only.
  /// - Parameter position: index of the first token in the sequence; 0 starts a new one.
  func forward(
    from position: Int, _ tokens: [Int32], logits body: (_ index: Int, UnsafeBufferPointer<Float>) -> Void
  ) throws {
    var done = 0
    while done < tokens.count {
      let count = min(stepTokens, tokens.count - done)
      let chunk = SequenceInput(
        tokens: Array(tokens[done..<done + count]), position: position + done, slot: 0, pages: pages, logits: .all)
      try engine.step([chunk]) { _, token, row in body(done + token, row) }
      done += count
    }
  }

  /// Runs tokens through the model and hands over the logits after the last of them.
  func forward(
    from position: Int, _ tokens: [Int32], last body: (UnsafeBufferPointer<Float>) -> Void
  ) throws {
    var done = 0
    while done < tokens.count {
      let count = min(stepTokens, tokens.count - done)
      let isLast = done + count == tokens.count
      let chunk = SequenceInput(
        tokens: Array(tokens[done..<done + count]), position: position + done, slot: 0, pages: pages,
        logits: isLast ? .last : .none)
      try engine.step([chunk]) { _, _, row in body(row) }
      done += count
    }
  }
}
