public import Scheduler

/// How long a step of the engine takes, from what is in it.
///
/// For T tokens of S sequences, C of which have more than one and R of which sample a token,
///
///     seconds = step + tokens(T) + sequence S + chunk C + logits [R > 0] + sample R
///             + decode-position Σ p + prefill-position Σ n (p + n / 2) + copies
///
/// where p is the position a sequence stands at, and n its number of tokens; the first sum is over sequences with one
/// token, the second over those with more. `tokens` is a table with straight lines between its points: reading weights
/// makes its beginning, multiplying its end. What a sequence adds is its state; what a chunk adds, work that does not fill
/// tiles; what a position adds, its keys and values.
public struct CostModel: Sendable, Hashable {
  /// A point of the table.
  public struct TokenCost: Sendable, Hashable {
    /// Tokens of a step.
    public var tokens: Int
    /// Seconds they take together, of one sequence at its beginning.
    public var seconds: Double

    /// A point.
    public init(tokens: Int, seconds: Double) {
      self.tokens = tokens
      self.seconds = seconds
    }
  }

  /// By tokens, ascending; at least one. Beyond its end the last line goes on.
  public var tokens: [TokenCost]
  /// Seconds a sequence adds.
  public var sequence = 0.0
  /// Seconds a sequence adds besides that has several tokens.
  public var chunk = 0.0
  /// Seconds that logits add to a step, however many rows.
  public var logits = 0.0
  /// Seconds a row of logits and the token sampled from it add.
  public var sample = 0.0
  /// Seconds a position adds that a decoded token looks at.
  public var decodePosition = 0.0
  /// Seconds a position adds that one token of a chunk looks at.
  public var prefillPosition = 0.0
  /// Seconds a step takes besides: what the server does between two steps.
  public var step = 0.0
  /// Seconds to copy a state slot.
  public var slotCopy = 0.0
  /// Seconds to copy a page.
  public var pageCopy = 0.0
  /// Seconds from a request's arrival to its submission, and from its tokens to the client, together.
  public var request = 0.0

  /// A model whose other costs are zero.
  public init(tokens: [TokenCost]) { self.tokens = tokens }

  /// Seconds of a step.
  public func seconds(of plan: StepPlan) -> Double {
    var total = 0
    var samples = 0
    var chunks = 0
    var decoded = 0
    var prefilled = 0.0
    for chunk in plan.chunks {
      total += chunk.count
      samples += chunk.sampledCount
      if chunk.count == 1 {
        decoded += chunk.position
      } else {
        chunks += 1
        prefilled += Double(chunk.count) * (Double(chunk.position) + Double(chunk.count) / 2)
      }
    }
    return seconds(
      tokens: total, sequences: plan.chunks.count, chunks: chunks, samples: samples, decodedPositions: Double(decoded),
      prefilledPositions: prefilled) + seconds(of: plan.copies) + seconds(of: plan.checkpoints)
  }

  /// Seconds of a step of which only the sums are known.
  func seconds(
    tokens: Int, sequences: Int, chunks: Int, samples: Int, decodedPositions: Double, prefilledPositions: Double
  ) -> Double {
    guard tokens > 0 else { return 0 }
    return step + interpolated(tokens) + sequence * Double(sequences) + chunk * Double(chunks)
      + (samples > 0 ? logits : 0) + sample * Double(samples) + decodePosition * decodedPositions + prefillPosition
      * prefilledPositions
  }

  private func seconds(of copies: [CacheCopy]) -> Double {
    copies.reduce(0) { sum, copy in
      switch copy {
      case .slot, .slotBefore: sum + slotCopy
      case .page: sum + pageCopy
      }
    }
  }

  private func interpolated(_ count: Int) -> Double {
    guard tokens.count > 1 else { return tokens.first.map { $0.seconds } ?? 0 }
    let above = tokens.firstIndex { $0.tokens >= count } ?? tokens.count - 1
    let (low, high) = (tokens[max(1, above) - 1], tokens[max(1, above)])
    let share = Double(count - low.tokens) / Double(high.tokens - low.tokens)
    return max(0, low.seconds + share * (high.seconds - low.seconds))
  }

  /// The same model on a machine that takes `factor` times as long.
  public func scaled(by factor: Double) -> CostModel {
    var scaled = self
    for index in tokens.indices { scaled.tokens[index].seconds *= factor }
    for (_, path) in Self.named where path != \.request { scaled[keyPath: path] *= factor }
    return scaled
  }

  /// The costs besides the table, by their names in files.
  static var named: [(name: String, path: WritableKeyPath<CostModel, Double>)] {
    [
      ("sequence", \.sequence), ("chunk", \.chunk), ("logits", \.logits), ("sample", \.sample),
      ("decode_position", \.decodePosition), ("prefill_position", \.prefillPosition), ("step", \.step),
      ("slot_copy", \.slotCopy), ("page_copy", \.pageCopy),
      ("request", \.request),
    ]
  }
}
