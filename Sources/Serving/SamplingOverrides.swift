public import ModelFiles
import Sampling

/// Sampling values a request gives; nil takes the model's default.
public struct SamplingOverrides: Sendable, Equatable {
  /// Divides the logits; 0 is greedy.
  public var temperature: Double?
  /// Keeps the smallest set of tokens with this probability.
  public var topP: Double?
  /// Keeps this many tokens; 0 keeps all.
  public var topK: Int?
  /// Keeps tokens with this share of the likeliest one's probability.
  public var minP: Double?
  /// Makes tokens of prompt and reply less likely where above 1. See `LogitAdjustment` for this and what follows.
  public var repetitionPenalty: Double?
  /// Makes tokens of the reply less likely, the more often they occur.
  public var frequencyPenalty: Double?
  /// Makes tokens of the reply less likely.
  public var presencePenalty: Double?
  /// Added to the logits of these tokens.
  public var bias: [Int32: Double] = [:]

  /// Overrides nothing, unless told otherwise.
  public init(temperature: Double? = nil, topP: Double? = nil, topK: Int? = nil, minP: Double? = nil) {
    self.temperature = temperature
    self.topP = topP
    self.topK = topK
    self.minP = minP
  }
}

/// How a model's makers mean it to be sampled (`generation_config.json`). What the file does not say has
/// transformers' default, except that without a word on it replies are sampled.
public struct SamplingDefaults: Sendable, Equatable {
  /// Divides the logits; 0 is greedy.
  public let temperature: Double
  /// Keeps the smallest set of tokens with this probability.
  public let topP: Double
  /// Keeps this many tokens; 0 keeps all.
  public let topK: Int
  /// Keeps tokens with this share of the likeliest one's probability.
  public let minP: Double
  /// Makes tokens of prompt and reply less likely where above 1.
  public let repetitionPenalty: Double

  /// The defaults a `generation_config.json` states.
  public init(_ generation: GenerationConfiguration) {
    temperature = generation.doSample == false ? 0 : generation.temperature ?? 1
    topP = generation.topP ?? 1
    topK = generation.topK ?? 0
    minP = generation.minP ?? 0
    repetitionPenalty = generation.repetitionPenalty ?? 1
  }

  /// The parameters of one request.
  func parameters(_ overrides: SamplingOverrides, seed: UInt64) throws(GenerationError) -> SamplingParameters {
    do {
      let adjustment = try LogitAdjustment(
        repetitionPenalty: Float(overrides.repetitionPenalty ?? repetitionPenalty),
        frequencyPenalty: Float(overrides.frequencyPenalty ?? 0),
        presencePenalty: Float(overrides.presencePenalty ?? 0), bias: overrides.bias.mapValues(Float.init))
      return try SamplingParameters(
        temperature: Float(overrides.temperature ?? temperature), topK: overrides.topK ?? topK,
        topP: Float(overrides.topP ?? topP), minP: Float(overrides.minP ?? minP), seed: seed, adjustment: adjustment)
    } catch {
      switch error {
      case .outOfRange(let parameter, let value, let range):
        throw .invalidParameter(name: parameter, message: "\(parameter) is \(value), but must be \(range).")
      }
    }
  }
}
