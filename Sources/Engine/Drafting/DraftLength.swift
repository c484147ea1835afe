/// Chooses how many tokens to guess a step: as many as yield the most tokens a second, by the acceptance and the step
/// times that were seen, and none where guessing does not pay.
///
/// With an acceptance of a, k guesses yield 1 + a + … + aᵏ tokens a step on average (Leviathan et al., Fast Inference from
/// Transformers via Speculative Decoding, arXiv 2211.17192, equation 1).
public struct DraftLength: Sendable, Hashable {
  /// The most guesses of a step.
  public let maximum: Int
  /// Whether the length follows what was seen; if not it is always the maximum.
  private let adapts: Bool
  /// The share of guesses that were right of those whose predecessors were right.
  private var acceptance = 0.8
  /// Seconds of a step with so many guesses; nil where none was seen.
  private var seconds: [Double?]
  /// Steps seen with so many guesses, up to `enoughSteps`.
  private var seen: [Int]
  private var steps = 0

  /// How much of an average the newest value makes up.
  private static let weight = 0.1
  /// The same of a step's time where the newest is shorter. What else the machine does only ever lengthens a step, and the
  /// first of its kind finds caches cold, so an average soon leaves a value that was too long.
  private static let shorterWeight = 0.5
  /// Every so many steps a length beside the best one is tried, since both averages may have changed.
  private static let stepsBetweenTrials = 128
  /// The same while few steps of the length to be tried were seen.
  private static let stepsBetweenFirstTrials = 32
  private static let enoughSteps = 4

  /// A length that follows what is seen, or stays at `maximum`.
  public init(maximum: Int, adapts: Bool) {
    self.maximum = maximum
    self.adapts = adapts
    seconds = Array(repeating: nil, count: maximum + 1)
    seen = Array(repeating: 0, count: maximum + 1)
  }

  /// Guesses to make next.
  public var next: Int {
    guard adapts, maximum > 0 else { return maximum }
    // Costs are compared only once they are known: without guesses, and with one.
    guard seconds[0] != nil else { return 0 }
    guard seconds[1] != nil else { return 1 }
    let best = best
    let trial = best < maximum ? best + 1 : best - 1
    let interval = seen[trial] < Self.enoughSteps ? Self.stepsBetweenFirstTrials : Self.stepsBetweenTrials
    return steps % interval == 0 ? trial : best
  }

  /// Records a step that had `drafted` guesses, of which `accepted` were right.
  public mutating func record(drafted: Int, accepted: Int, seconds spent: Double) {
    record(drafted: drafted, accepted: accepted)
    record(drafted: drafted, seconds: spent)
  }

  /// Records what became of `drafted` guesses of one sequence.
  public mutating func record(drafted: Int, accepted: Int) {
    for guess in 0..<min(drafted, accepted + 1) {
      acceptance += Self.weight * ((guess < accepted ? 1 : 0) - acceptance)
    }
  }

  /// Records how long a step took in which each sequence had `drafted` guesses.
  public mutating func record(drafted: Int, seconds spent: Double) {
    steps += 1
    guard drafted <= maximum else { return }
    seen[drafted] = min(seen[drafted] + 1, Self.enoughSteps)
    guard let average = seconds[drafted] else { return seconds[drafted] = spent }
    seconds[drafted] = average + (spent < average ? Self.shorterWeight : Self.weight) * (spent - average)
  }

  private var best: Int {
    var best = 0
    var bestRate = 0.0
    var tokens = 0.0
    var chance = 1.0
    for length in 0...maximum {
      tokens += chance
      chance *= acceptance
      let rate = tokens / cost(length)
      if rate > bestRate { (best, bestRate) = (length, rate) }
    }
    return best
  }

  /// Seconds of a step; where none was seen, as if each further guess cost what the one before it did.
  private func cost(_ length: Int) -> Double {
    if let known = seconds[length] { return known }
    guard length > 1 else { return .infinity }
    return cost(length - 1) + max(0, cost(length - 1) - cost(length - 2))
  }
}
