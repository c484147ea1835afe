/// Measures how fast an engine of its own reads prompts and decodes, a number of sequences together.
public struct Benchmark {
  /// What is measured.
  public struct Plan: Sendable, Hashable {
    /// Tokens of each sequence's prompt; 0 measures no prefill.
    public var prompt: Int
    /// Tokens each sequence decodes; 0 measures no decoding.
    public var generate: Int
    /// Tokens each sequence has before either.
    public var depth: Int
    /// How often each is measured.
    public var repetitions: Int
    /// Tokens of one step of prefill, all sequences together.
    public var stepTokens: Int

    /// A plan.
    public init(prompt: Int, generate: Int, depth: Int, repetitions: Int, stepTokens: Int) {
      self.prompt = prompt
      self.generate = generate
      self.depth = depth
      self.repetitions = repetitions
      self.stepTokens = stepTokens
    }

    /// Tokens a sequence grows to.
    public var length: Int { depth + max(prompt, generate) }

    /// What an engine needs for `sequences` sequences. The memory is the plan's, whatever the other settings are.
    public func engineConfiguration(sequences: Int, threads: Int) -> EngineConfiguration {
      EngineConfiguration(
        pageCount: sequences * pagesPerSequence, slotCount: sequences,
        maximumStepTokens: max(stepTokens, sequences), threads: threads)
    }

    var pagesPerSequence: Int { (length + EngineConfiguration.pageSize - 1) / EngineConfiguration.pageSize }
  }

  /// Medians of the repetitions.
  public struct Speeds: Sendable, Hashable {
    /// Tokens of all prompts a second; nil where none were measured.
    public var prefillTokensPerSecond: Double?
    /// Tokens a second of all sequences together; nil where none were measured.
    public var decodeTokensPerSecond: Double?
  }

  /// Tokens that are computed to fill the caches of a depth; their pages are then repeated.
  private static let computedDepth = 8 * EngineConfiguration.pageSize
  /// Steps of decoding that are not timed.
  private static let warmUpSteps = 4

  private let plan: Plan
  private let engine: Engine
  private let sequences: Int
  private var random = Xorshift()

  /// An engine for `sequences` sequences.
  ///
  /// - Parameter engine: made with the plan's `engineConfiguration` for as many sequences.
  public init(plan: Plan, engine: Engine) {
    self.plan = plan
    self.engine = engine
    sequences = engine.configuration.slotCount
  }

  /// Warms up and measures.
  ///
  /// - Parameter progress: hears what is done next.
  public mutating func run(progress: (String) -> Void = { _ in }) throws(EngineError) -> Speeds {
    if plan.depth > 0 {
      progress("filling caches up to \(plan.depth) tokens")
      try fill()
    }
    var speeds = Speeds()
    if plan.prompt > 0 {
      progress("prefill, warming up")
      _ = try prefill(tokens: min(plan.prompt, plan.stepTokens), sequences: 1)
      speeds.prefillTokensPerSecond = try median("prefill", progress) { benchmark throws(EngineError) in
        try benchmark.prefill(tokens: benchmark.plan.prompt, sequences: benchmark.sequences)
      }
    }
    if plan.generate > 0 {
      progress("decoding, warming up")
      _ = try decode(steps: min(plan.generate, Self.warmUpSteps))
      speeds.decodeTokensPerSecond = try median("decoding", progress) { benchmark throws(EngineError) in
        try benchmark.decode(steps: benchmark.plan.generate)
      }
    }
    return speeds
  }

  private mutating func median(
    _ what: String, _ progress: (String) -> Void,
    _ measure: (inout Benchmark) throws(EngineError) -> Double
  ) throws(EngineError) -> Double {
    var results: [Double] = []
    for repetition in 1...max(1, plan.repetitions) {
      progress("\(what) \(repetition) of \(plan.repetitions)")
      results.append(try measure(&self))
    }
    return Self.median(results)
  }

  static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    guard !sorted.isEmpty else { return .nan }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }

  // MARK: - Depth

  /// Brings every sequence to the depth: some random tokens are computed in one of them, and their pages are repeated
  /// as far as needed, in all of them.
  private mutating func fill() throws(EngineError) {
    let computed = min(plan.depth, Self.computedDepth)
    _ = try feed([Progress(slot: 0, position: 0, left: computed)], logits: false)
    let computedPages = (computed + EngineConfiguration.pageSize - 1) / EngineConfiguration.pageSize
    let filledPages = (plan.depth + EngineConfiguration.pageSize - 1) / EngineConfiguration.pageSize
    for slot in 0..<sequences {
      try engine.copySlot(from: 0, to: Int32(slot))
      let table = pages(of: slot)
      for page in 0..<filledPages where slot > 0 || page >= computedPages {
        try engine.copyPage(from: Int32(page % computedPages), to: table[page])
      }
    }
  }

  private func pages(of slot: Int) -> [Int32] {
    (0..<plan.pagesPerSequence).map { Int32(slot * plan.pagesPerSequence + $0) }
  }

  // MARK: - Measuring

  /// Tokens a second of reading prompts.
  private mutating func prefill(tokens: Int, sequences: Int) throws(EngineError) -> Double {
    for slot in 0..<sequences { engine.stand(slot: slot, at: plan.depth) }
    let start = ContinuousClock.now
    let count = try feed(
      (0..<sequences).map { Progress(slot: $0, position: plan.depth, left: tokens) }, logits: true)
    return Double(count) / ((ContinuousClock.now - start) / .seconds(1))
  }

  /// A prompt that is being read.
  private struct Progress {
    let slot: Int
    var position: Int
    var left: Int
  }

  /// Reads random prompts, as many tokens a step as it takes; returns the number of tokens.
  private mutating func feed(_ prompts: [Progress], logits: Bool) throws(EngineError) -> Int {
    var total = 0
    var prompts = prompts[...]
    while !prompts.isEmpty {
      var inputs: [SequenceInput] = []
      var room = plan.stepTokens
      while room > 0, var prompt = prompts.popFirst() {
        let count = min(room, prompt.left)
        inputs.append(
          SequenceInput(
            tokens: (0..<count).map { _ in token() }, position: prompt.position, slot: prompt.slot,
            pages: pages(of: prompt.slot), logits: logits && count == prompt.left ? .last : .none))
        room -= count
        prompt.position += count
        prompt.left -= count
        if prompt.left > 0 { prompts = [prompt] + prompts }
      }
      try engine.step(inputs) { _, _, _ in }
      total += plan.stepTokens - room
    }
    return total
  }

  /// Tokens a second, of all sequences together, of decoding random tokens from the depth on.
  private mutating func decode(steps: Int) throws(EngineError) -> Double {
    var inputs = (0..<sequences).map {
      SequenceInput(tokens: [token()], position: plan.depth, slot: $0, pages: pages(of: $0), logits: .last)
    }
    for slot in 0..<sequences { engine.stand(slot: slot, at: plan.depth) }
    let start = ContinuousClock.now
    for _ in 0..<steps {
      try engine.step(inputs) { _, _, _ in }
      for slot in 0..<sequences {
        inputs[slot].tokens[0] = token()
        inputs[slot].position += 1
      }
    }
    return Double(steps * sequences) / ((ContinuousClock.now - start) / .seconds(1))
  }

  private mutating func token() -> Int32 { random.token(below: engine.vocabularySize) }
}
