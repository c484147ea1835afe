/// Times single steps of an engine of its own, for cost models.
public struct StepTimer {
  /// A step whose sequences are alike.
  public struct Step: Sendable, Hashable {
    /// Sequences.
    public var sequences: Int
    /// Tokens of each.
    public var tokens: Int
    /// The position each stands at.
    public var position: Int
    /// Whether the logits of each sequence's last token are computed.
    public var logits: Bool

    /// A step.
    public init(sequences: Int, tokens: Int, position: Int, logits: Bool) {
      self.sequences = sequences
      self.tokens = tokens
      self.position = position
      self.logits = logits
    }
  }

  private let engine: Engine
  private let pagesPerSequence: Int
  private var random = Xorshift()

  /// A timer.
  ///
  /// - Parameters:
  ///   - engine: has a slot for each sequence, and its pages are divided evenly among them.
  public init(engine: Engine) {
    self.engine = engine
    pagesPerSequence = engine.configuration.pageCount / engine.configuration.slotCount
  }

  /// Tokens a sequence may have.
  public var length: Int { pagesPerSequence * EngineConfiguration.pageSize }

  /// Gives every sequence's caches contents up to its length: those of the first pages, which are computed.
  public mutating func fill() throws(EngineError) {
    let computed = min(length, engine.configuration.maximumStepTokens)
    _ = try seconds(of: Step(sequences: 1, tokens: computed, position: 0, logits: false))
    let computedPages = computed / EngineConfiguration.pageSize
    guard computedPages > 0 else { return }
    for page in computedPages..<engine.configuration.pageCount {
      try engine.copyPage(from: Int32(page % computedPages), to: Int32(page))
    }
    for slot in 1..<max(1, engine.configuration.slotCount) { try engine.copySlot(from: 0, to: Int32(slot)) }
  }

  /// The median of some repetitions of each of some steps.
  ///
  /// Each repetition goes through all steps, so that a machine which is slow for a while does not slow some kinds alone.
  ///
  /// - Parameter progress: hears of each repetition before it begins, from 1 on.
  public mutating func medians(
    of steps: [Step], repetitions: Int, progress: (_ repetition: Int) -> Void = { _ in }
  ) throws(EngineError) -> [Double] {
    var results = [[Double]](repeating: [], count: steps.count)
    for repetition in 1...max(1, repetitions) {
      progress(repetition)
      for (index, step) in steps.enumerated() { results[index].append(try seconds(of: step)) }
    }
    return results.map(Benchmark.median)
  }

  /// How long copies of a page and of a slot take, medians.
  public func copySeconds(repetitions: Int) throws(EngineError) -> (page: Double, slot: Double) {
    var (pages, slots): ([Double], [Double]) = ([], [])
    for _ in 0..<max(1, repetitions) {
      let start = ContinuousClock.now
      try engine.copyPage(from: 0, to: Int32(engine.configuration.pageCount - 1))
      let between = ContinuousClock.now
      try engine.copySlot(from: 0, to: Int32(engine.configuration.slotCount - 1))
      pages.append((between - start) / .seconds(1))
      slots.append((ContinuousClock.now - between) / .seconds(1))
    }
    return (Benchmark.median(pages), Benchmark.median(slots))
  }

  /// How long one step takes; its tokens are random.
  public mutating func seconds(of step: Step) throws(EngineError) -> Double {
    var inputs: [SequenceInput] = []
    for slot in 0..<step.sequences {
      engine.stand(slot: slot, at: step.position)
      let first = Int32(slot * pagesPerSequence)
      inputs.append(
        SequenceInput(
          tokens: (0..<step.tokens).map { _ in random.token(below: engine.vocabularySize) }, position: step.position,
          slot: slot, pages: Array(first..<first + Int32(pagesPerSequence)), logits: step.logits ? .last : .none))
    }
    let start = ContinuousClock.now
    try engine.step(inputs) { _, _, _ in }
    return (ContinuousClock.now - start) / .seconds(1)
  }
}
