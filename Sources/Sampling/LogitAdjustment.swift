/// What a request changes about its logits before a token is chosen. For token t with logit l, in this order, all in F32:
///
/// 1. `repetitionPenalty` r, if t occurs in the prompt or the reply so far: l / r where l > 0, else l · r (Keskar et al.,
///    "CTRL", 2019, section 4.1, in the form of Hugging Face's `RepetitionPenaltyLogitsProcessor`).
/// 2. `frequencyPenalty` f and `presencePenalty` p, if t occurs c > 0 times in the reply so far: l − c · f, then − p
///    (OpenAI's definition: the prompt does not count).
/// 3. `bias` of t: l + bias.
public struct LogitAdjustment: Sendable, Equatable {
  /// Above 0; 1 changes nothing.
  public let repetitionPenalty: Float
  /// From -2 to 2; 0 changes nothing.
  public let frequencyPenalty: Float
  /// From -2 to 2; 0 changes nothing.
  public let presencePenalty: Float
  /// Added to the logits of these tokens; from -100 to 100. Ids that a model does not have mean nothing.
  public let bias: [Int32: Float]

  /// Changes nothing.
  public static let none = LogitAdjustment(uncheckedRepetition: 1, frequency: 0, presence: 0, bias: [:])

  /// Checks every value against its range.
  ///
  /// - Throws: `SamplingError.outOfRange` for the first value that is outside its range or not a number.
  public init(
    repetitionPenalty: Float = 1, frequencyPenalty: Float = 0, presencePenalty: Float = 0, bias: [Int32: Float] = [:]
  ) throws(SamplingError) {
    guard repetitionPenalty > 0, repetitionPenalty.isFinite else {
      throw .outOfRange(parameter: "repetition_penalty", value: "\(repetitionPenalty)", range: "above 0, finite")
    }
    guard frequencyPenalty >= -2, frequencyPenalty <= 2 else {
      throw .outOfRange(parameter: "frequency_penalty", value: "\(frequencyPenalty)", range: "-2 to 2")
    }
    guard presencePenalty >= -2, presencePenalty <= 2 else {
      throw .outOfRange(parameter: "presence_penalty", value: "\(presencePenalty)", range: "-2 to 2")
    }
    for (_, value) in bias where !(value >= -100 && value <= 100) {
      throw .outOfRange(parameter: "logit_bias", value: "\(value)", range: "-100 to 100")
    }
    self.init(
      uncheckedRepetition: repetitionPenalty, frequency: frequencyPenalty, presence: presencePenalty, bias: bias)
  }

  private init(uncheckedRepetition: Float, frequency: Float, presence: Float, bias: [Int32: Float]) {
    repetitionPenalty = uncheckedRepetition
    frequencyPenalty = frequency
    presencePenalty = presence
    self.bias = bias
  }

  /// Whether logits stay as they are, whatever came before.
  public var isNeutral: Bool { !looksBack && bias.isEmpty }

  /// Whether earlier tokens matter.
  public var looksBack: Bool { repetitionPenalty != 1 || frequencyPenalty != 0 || presencePenalty != 0 }

  /// Changes a row, which has one logit a token.
  func apply(to logits: UnsafeMutableBufferPointer<Float>, after history: TokenHistory) {
    if looksBack {
      for (id, count) in history.counts where logits.indices.contains(Int(id)) {
        var logit = logits[Int(id)]
        if repetitionPenalty != 1 {
          logit = logit > 0 ? logit / repetitionPenalty : logit * repetitionPenalty
        }
        if count > 0 {
          logit -= Float(count) * frequencyPenalty
          logit -= presencePenalty
        }
        logits[Int(id)] = logit
      }
    }
    for (id, value) in bias where logits.indices.contains(Int(id)) { logits[Int(id)] += value }
  }
}

/// The tokens of one request so far, as penalties look at them.
public struct TokenHistory: Sendable, Equatable {
  /// How often each token occurs in the reply; 0 for one that only the prompt has.
  private(set) var counts: [Int32: Int] = [:]

  /// A history of no token.
  public init() {}

  /// The history after a prompt.
  public init(prompt: some Sequence<Int32>) {
    for id in prompt { counts[id] = 0 }
  }

  /// The reply grows by a token.
  public mutating func append(_ id: Int32) { counts[id, default: 0] += 1 }
}
