/// Measures how fast one sequence decodes with guesses whose fate is drawn and not computed: what drafting costs and what
/// it could gain, whatever the model says.
public struct DraftBenchmark {
  /// Tokens of the prompt.
  public static let promptLength = 64
  /// Steps that are not timed.
  private static let warmUpSteps = 4

  private let engine: Engine
  private let usesHead: Bool
  private let pages: [Int32]
  private var random = Xorshift()

  /// - Parameters:
  ///   - engine: with one slot, and pages for the prompt and all tokens.
  ///   - usesHead: whether the model's multi-token-prediction head makes the guesses; otherwise they cost nothing, as
  ///     those that are looked up.
  public init(engine: Engine, usesHead: Bool) {
    self.engine = engine
    self.usesHead = usesHead
    pages = (0..<Int32(engine.configuration.pageCount)).map { $0 }
  }

  /// Tokens a second, and what the steps were.
  public struct Result: Sendable, Hashable {
    /// Tokens a second.
    public var tokensPerSecond: Double
    /// Each step that was timed; one that stops short of a chunk's end has fewer guesses than the others.
    public var steps: [ModelWork.DraftStep]

    /// Tokens a step, on average.
    public var tokensPerStep: Double {
      Double(steps.reduce(0) { $0 + $1.kept }) / Double(max(1, steps.count))
    }
  }

  /// Decodes `tokens` tokens.
  ///
  /// - Parameters:
  ///   - length: says how many guesses are made next.
  ///   - acceptance: the share of guesses that are right, each by itself, until one is wrong.
  public mutating func run(
    tokens: Int, length: inout DraftLength, acceptance: Double
  ) throws(EngineError) -> Result {
    try feed(Self.promptLength)
    var position = Self.promptLength
    var guesses: [Int32] = []
    // What the guesses took that the next step verifies.
    var guessSeconds = 0.0
    var steps: [ModelWork.DraftStep] = []
    var start = ContinuousClock.now
    var first = position
    while position < Self.promptLength + tokens {
      let stepStart = ContinuousClock.now
      let input = [token()] + guesses
      try engine.step([
        SequenceInput(tokens: input, position: position, slot: 0, pages: pages, logits: .all)
      ]) { _, _, _ in }
      var accepted = 0
      while accepted < guesses.count, share() < acceptance { accepted += 1 }
      try engine.retract(guesses.count - accepted, slot: 0)
      let kept = Array(input.prefix(1 + accepted))
      position += kept.count
      let drafted = guesses.count
      let guessStart = ContinuousClock.now
      length.record(
        drafted: drafted, accepted: accepted, seconds: (guessStart - stepStart) / .seconds(1) + guessSeconds)
      let count = min(length.next, Engine.draftLimit(after: position), Self.promptLength + tokens - position)
      guesses = []
      if count > 0 && !usesHead {
        guesses = (0..<count).map { _ in token() }
      } else if count > 0 {
        let request = DraftRequest(slot: 0, tokens: kept, next: token(), count: count, pages: pages)
        var made: [Int32] = []
        var source = random
        try engine.draft([request]) { _, _ in
          made.append(source.token(below: engine.vocabularySize))
          return made[made.count - 1]
        }
        random = source
        guesses = made
      }
      guessSeconds = (ContinuousClock.now - guessStart) / .seconds(1)
      steps.append(ModelWork.DraftStep(verified: drafted, kept: kept.count, made: usesHead ? guesses.count : 0))
      if steps.count == Self.warmUpSteps { (start, first) = (ContinuousClock.now, position) }
    }
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    return Result(
      tokensPerSecond: Double(position - first) / seconds, steps: Array(steps.dropFirst(Self.warmUpSteps)))
  }

  private mutating func feed(_ count: Int) throws(EngineError) {
    let tokens = (0..<count).map { _ in token() }
    try engine.step([SequenceInput(tokens: tokens, position: 0, slot: 0, pages: pages, logits: .none)]) { _, _, _ in }
    guard usesHead else { return }
    try engine.draft([DraftRequest(slot: 0, tokens: tokens, next: nil, count: 0, pages: pages)]) { _, _ in 0 }
  }

  private mutating func token() -> Int32 { random.token(below: engine.vocabularySize) }

  private mutating func share() -> Double { Double(random.token(below: 1 << 30)) / Double(1 << 30) }
}
