/// How one request turns a row of logits into a token.
public struct SamplingParameters: Sendable, Equatable {
  /// Divides the adjusted logits; 0 picks the most likely token.
  public let temperature: Float
  /// Keeps this many of the most likely tokens; 0 keeps all.
  public let topK: Int
  /// Keeps the smallest set of most likely tokens whose probabilities sum to at least this; 1 keeps all, 0 keeps one.
  public let topP: Float
  /// Keeps tokens at least this many times as likely as the most likely one; 0 keeps all.
  public let minP: Float
  /// Together with the position, the only source of randomness.
  public let seed: UInt64
  /// What is done to the logits before all else.
  public let adjustment: LogitAdjustment

  /// Always the most likely token.
  public static let greedy = SamplingParameters(
    uncheckedTemperature: 0, topK: 0, topP: 1, minP: 0, seed: 0, adjustment: .none)

  /// Checks every value against its range.
  ///
  /// - Throws: `SamplingError.outOfRange` for the first parameter that is outside its range or not a number.
  public init(
    temperature: Float = 1, topK: Int = 0, topP: Float = 1, minP: Float = 0, seed: UInt64 = 0,
    adjustment: LogitAdjustment = .none
  ) throws(SamplingError) {
    guard temperature >= 0, temperature.isFinite else {
      throw .outOfRange(parameter: "temperature", value: "\(temperature)", range: "0 or more, finite")
    }
    guard topK >= 0 else {
      throw .outOfRange(parameter: "top_k", value: "\(topK)", range: "0 (off) or more")
    }
    guard topP >= 0, topP <= 1 else {
      throw .outOfRange(parameter: "top_p", value: "\(topP)", range: "0 to 1")
    }
    guard minP >= 0, minP <= 1 else {
      throw .outOfRange(parameter: "min_p", value: "\(minP)", range: "0 to 1")
    }
    self.init(
      uncheckedTemperature: temperature, topK: topK, topP: topP, minP: minP, seed: seed, adjustment: adjustment)
  }

  /// The parameters of one of several replies to the same prompt: the first has the seed itself, each other one a seed
  /// derived from it and its index.
  public func choice(_ index: Int) -> SamplingParameters {
    SamplingParameters(
      uncheckedTemperature: temperature, topK: topK, topP: topP, minP: minP,
      seed: KeyedRandom.seed(seed, choice: index), adjustment: adjustment)
  }

  private init(
    uncheckedTemperature temperature: Float, topK: Int, topP: Float, minP: Float, seed: UInt64,
    adjustment: LogitAdjustment
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.seed = seed
    self.adjustment = adjustment
  }
}

/// A sampling parameter that cannot be used.
public enum SamplingError: Error, Equatable, CustomStringConvertible {
  /// `value` is not in `range`; `parameter` is the name clients know it by.
  case outOfRange(parameter: String, value: String, range: String)

  /// One sentence for the client.
  public var description: String {
    switch self {
    case .outOfRange(let parameter, let value, let range): "\(parameter) is \(value), but must be \(range)"
    }
  }
}
