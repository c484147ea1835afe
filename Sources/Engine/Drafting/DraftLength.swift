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
  private var steps = 0

  /// How much of an average the newest value makes up.
  private static let weight = 0.1
  /// Every so many steps a length beside the best one is tried, since both averages may have changed.
  private static let stepsBetweenTrials = 128

  /// A length that follows what is seen, or stays at `maximum`.
  public init(maximum: Int, adapts: Bool) {
    self.maximum = maximum
    self.adapts = adapts
    seconds = Array(repeating: nil, count: maximum + 1)
  }

  /// Guesses to make next.
  public var next: Int {
    guard adapts, maximum > 0 else { return maximum }
    // Costs are compared only once they are known: without guesses, and with one.
    guard seconds[0] != nil else { return 0 }
    guard seconds[1] != nil else { return 1 }
    let best = best
    guard steps % Self.stepsBetweenTrials == 0 else { return best }
    return best < maximum ? best + 1 : best - 1
  }

  /// Records a step that had `drafted` guesses, of which `accepted` were right.
  public mutating func record(drafted: Int, accepted: Int, seconds spent: Double) {
    record(drafted: drafted, accepted: accepted)
    record(drafted: drafted, seconds: spent)
  }

  /// Records what became of `drafted` guesses of one sequence.
  public mutating func record(drafted: Int, accepted: Int) {
    for guess in 0..<min(drafted, accepted + 1) {
      acceptance = Self.blend(acceptance, guess < accepted ? 1 : 0)
    }
  }

  /// Records how long a step took in which each sequence had `drafted` guesses.
  public mutating func record(drafted: Int, seconds spent: Double) {
    steps += 1
    guard drafted <= maximum else { return }
    seconds[drafted] = Self.blend(seconds[drafted], spent)
  }

  private static func blend(_ average: Double?, _ value: Double) -> Double {
    average.map { $0 + weight * (value - $0) } ?? value
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
