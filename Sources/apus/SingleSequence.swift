import Engine
import Kernels
import ModelFiles

/// One sequence on an engine of its own, for the commands that need no server.
final class SingleSequence {
  let vocabularySize: Int
  private let drafting: DraftOption.Drafting
  private var lookup = PromptLookup()
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
  ///   - drafting: who guesses tokens for `extend`.
  init(
    folder: ModelPackage, capacity: Int, stepTokens: Int, threads: Int, weights: WeightsOption,
    instructionSet: InstructionSet, numberTypes: NumberTypesOption,
    drafting: DraftOption.Drafting = DraftOption.Drafting()
  ) throws {
    let pageCount = (capacity + EngineConfiguration.pageSize - 1) / EngineConfiguration.pageSize
    self.stepTokens = min(max(stepTokens, drafting.count + 1), capacity)
    var configuration = EngineConfiguration(
      pageCount: pageCount, slotCount: 1, maximumStepTokens: self.stepTokens,
      threads: threads > 0 ? threads : ProcessorTopology().threadCount)
    numberTypes.apply(to: &configuration, for: folder)
    try drafting.apply(to: &configuration, for: folder)
    self.drafting = drafting
    let kernels = Kernels(instructionSet)
    engine = try Engine(
      model: weights.load(folder, for: configuration, kernels, drafting: drafting.kind == .mtp),
      configuration: configuration, kernels: kernels)
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

  /// Runs tokens through the model, and then guesses of what follows, if the drafting option asks for any and the pages
  /// have room.
  ///
  /// - Parameters:
  ///   - position: index of the first token in the sequence; 0 starts a new one.
  ///   - guesses: what an earlier call returned; `tokens` are then what that call chose last.
  ///   - choose: makes a token of the logits after a position; the most likely text depends on nothing else.
  /// - Returns: the tokens chosen, at least one, of which only the last is still to be run; and guesses after it.
  func extend(
    from position: Int, _ tokens: [Int32], guesses: [Int32],
    choose: (_ position: Int, UnsafeBufferPointer<Float>) -> Int32
  ) throws -> (choices: [Int32], guesses: [Int32]) {
    var done = 0
    while tokens.count - done > stepTokens - guesses.count {
      let count = min(stepTokens, tokens.count - done - 1)
      let chunk = Array(tokens[done..<done + count])
      try step(chunk, at: position + done, logits: .none) { _, _ in }
      try draft(after: chunk, next: nil, count: 0) { _ in 0 }
      done += count
    }
    let start = position + done
    let input = tokens[done...] + guesses
    var check = DraftCheck(tokens: Array(input), known: tokens.count - done)
    try step(Array(input), at: start, logits: guesses.isEmpty ? .last : .all) { index, row in
      check.take(index) { choose(start + index + 1, row) }
    }
    try engine.retract(input.count - check.kept, slot: 0)
    return (
      check.choices, try guess(after: Array(input.prefix(check.kept)), at: start, check.choices, from: tokens, choose)
    )
  }

  private func guess(
    after kept: [Int32], at start: Int, _ choices: [Int32], from tokens: [Int32],
    _ choose: (_ position: Int, UnsafeBufferPointer<Float>) -> Int32
  ) throws -> [Int32] {
    guard drafting.kind != .off, let next = choices.last else { return [] }
    let end = start + kept.count
    let room = pages.count * EngineConfiguration.pageSize - end - 1
    let limit = max(0, min(drafting.count, Engine.draftLimit(after: end), room))
    var guesses: [Int32] = []
    if drafting.kind == .lookup {
      lookup.append(tokens + choices)
      guesses = lookup.guesses(limit)
    } else {
      try draft(after: kept, next: next, count: limit) { row in
        guesses.append(choose(end + 1 + guesses.count, row))
        return guesses[guesses.count - 1]
      }
    }
    return guesses
  }

  private func step(
    _ tokens: [Int32], at position: Int, logits: LogitsRequest,
    _ body: (_ index: Int, UnsafeBufferPointer<Float>) -> Void
  ) throws {
    let input = SequenceInput(tokens: tokens, position: position, slot: 0, pages: pages, logits: logits)
    try engine.step([input]) { _, index, row in body(index, row) }
  }

  private func draft(
    after tokens: [Int32], next: Int32?, count: Int, choose: (UnsafeBufferPointer<Float>) -> Int32
  ) throws {
    let request = DraftRequest(slot: 0, tokens: tokens, next: next, count: count, pages: pages)
    try engine.draft([request]) { _, row in choose(row) }
  }
}
