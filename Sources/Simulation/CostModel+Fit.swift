/// How long one step took whose sequences were all alike.
public struct StepMeasurement: Sendable, Hashable {
  /// Sequences of the step.
  public var sequences: Int
  /// Tokens of each.
  public var tokens: Int
  /// The position each stood at.
  public var position: Int
  /// Whether each had the logits of its last token computed and a token sampled from them.
  public var samples: Bool
  /// How long it took.
  public var seconds: Double

  /// A measurement.
  public init(sequences: Int, tokens: Int, position: Int, samples: Bool, seconds: Double) {
    self.sequences = sequences
    self.tokens = tokens
    self.position = position
    self.samples = samples
    self.seconds = seconds
  }
}

extension CostModel {
  /// The model that measured steps give.
  ///
  /// The table comes from steps of one sequence without samples at position 0. What a sequence and its chunk add together is
  /// the difference between B chunks and one of as many tokens; what a sequence adds alone, that between B sequences of one
  /// token and one sequence of B; what a position adds, the slope between positions; what logits add, the difference between
  /// steps that sample and the same steps that do not. Each is looked for on its own, so that an error in one does not turn up
  /// in another. A cost that measures as negative is zero.
  public init(fitting measured: [StepMeasurement]) throws(CostModelError) {
    let table = measured.filter { $0.sequences == 1 && $0.position == 0 && !$0.samples }
      .sorted { $0.tokens < $1.tokens }
    guard table.count >= 2 else {
      throw .missingMeasurement("steps of one sequence with two different numbers of tokens")
    }
    self.init(tokens: [])
    for (index, point) in table.enumerated() where index == 0 || table[index - 1].tokens < point.tokens {
      tokens.append(TokenCost(tokens: point.tokens, seconds: point.seconds))
    }
    let single = self

    prefillPosition = Self.difference(measured.filter { $0.sequences == 1 && $0.tokens > 1 && !$0.samples }) {
      Double($0.tokens) * Double($0.position)
    }
    decodePosition = Self.difference(measured.filter { $0.tokens == 1 && !$0.samples }) {
      Double($0.sequences) * Double($0.position)
    }

    let several = measured.filter { $0.sequences > 1 && $0.position == 0 && !$0.samples }
    let ofChunks = Self.slope(
      several.filter { $0.tokens > 1 }.map { step in
        // One chunk of as many tokens looks at more positions.
        let fewer = prefillPosition * Double(step.sequences * (step.sequences - 1) * step.tokens * step.tokens) / 2
        let one = single.interpolatedSeconds(step.sequences * step.tokens) - fewer
        return (Double(step.sequences - 1), step.seconds - one)
      })
    sequence = Self.slope(
      several.filter { $0.tokens == 1 }.map {
        (Double($0.sequences), $0.seconds - single.interpolatedSeconds($0.sequences) + ofChunks)
      })
    chunk = max(0, ofChunks - sequence)

    let sampling = measured.filter(\.samples).compactMap { with in
      measured.first { without in
        !without.samples && without.sequences == with.sequences && without.tokens == with.tokens
          && without.position == with.position
      }.map { (rows: Double(with.sequences), seconds: with.seconds - $0.seconds) }
    }
    sample = Self.line(sampling.map { ($0.rows, $0.seconds) })
    logits = max(0, sampling.map { $0.seconds - sample * $0.rows }.reduce(0, +) / Double(max(1, sampling.count)))

    // The table's steps had one sequence each, and their chunks looked at half of themselves on average.
    for index in tokens.indices {
      let count = Double(tokens[index].tokens)
      let own = count == 1 ? 0 : prefillPosition * count * count / 2
      tokens[index].seconds = max(0, tokens[index].seconds - sequence - (count == 1 ? 0 : chunk) - own)
    }
  }

  private func interpolatedSeconds(_ count: Int) -> Double {
    seconds(tokens: count, sequences: 0, chunks: 0, samples: 0, decodedPositions: 0, prefilledPositions: 0)
  }

  /// The slope of a line through the origin, by least squares.
  private static func slope(_ points: [(x: Double, y: Double)]) -> Double {
    let squares = points.reduce(0) { $0 + $1.x * $1.x }
    return squares > 0 ? max(0, points.reduce(0) { $0 + $1.x * $1.y } / squares) : 0
  }

  /// The slope of a line, by least squares.
  private static func line(_ points: [(x: Double, y: Double)]) -> Double {
    let count = Double(max(1, points.count))
    let (meanX, meanY) = (points.reduce(0) { $0 + $1.x } / count, points.reduce(0) { $0 + $1.y } / count)
    return slope(points.map { ($0.x - meanX, $0.y - meanY) })
  }

  /// The slope over what differs between steps that are alike but for their positions.
  private static func difference(
    _ steps: [StepMeasurement], _ amount: (StepMeasurement) -> Double
  ) -> Double {
    let groups = Dictionary(grouping: steps) { [$0.sequences, $0.tokens] }.values
    return slope(
      groups.flatMap { group in
        guard let base = group.min(by: { $0.position < $1.position }) else { return [(x: Double, y: Double)]() }
        return group.map { (amount($0) - amount(base), $0.seconds - base.seconds) }
      })
  }
}
