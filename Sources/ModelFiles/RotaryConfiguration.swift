internal import Foundation
internal import JSON

/// Rotary position embedding (Su et al., RoFormer, arXiv 2104.09864) of part of each head.
public struct RotaryConfiguration: Sendable, Hashable {
  /// The base of the wavelengths (`rope_theta`).
  public let theta: Double
  /// The share of a head that is rotated (`partial_rotary_factor`).
  public let partialFactor: Double
  /// The rotary dimension: `head_dim · partial_rotary_factor`, rounded down. The exponent of pair i is 2i over it.
  public let dimension: Int
  /// Which elements of a head form a pair.
  public let pairing: RotaryPairing
  /// Context extension, if any.
  public let scaling: RotaryScaling

  /// The pairs that are rotated: half the dimension, rounded up where it is odd. The first `2 · pairCount` elements
  /// of a head turn; the rest stays as it is.
  public var pairCount: Int { (dimension + 1) / 2 }

  /// Context extension by YaRN, if any.
  public var yarn: YaRNConfiguration? {
    if case .yarn(let yarn) = scaling { yarn } else { nil }
  }
}

/// Which two elements of a head turn together.
public enum RotaryPairing: Sendable, Hashable {
  /// Element i with element i + `pairCount`: the order of Hugging Face's weights.
  case halves
  /// Element 2i with element 2i + 1: the order of llama.cpp's `llama` weights.
  case interleaved
}

/// How a rotary embedding was stretched to a longer context than the model was first trained with.
public enum RotaryScaling: Sendable, Hashable {
  /// Not at all.
  case none
  /// All angles are divided by a factor.
  case linear(factor: Double)
  /// By wavelength, with a ramp between two numbers of rotations.
  case yarn(YaRNConfiguration)
  /// By wavelength, as Llama 3.1 does.
  case llama3(Llama3Scaling)
}

/// Llama 3.1's context extension: long waves are slowed down by a factor, short ones kept, with a ramp in between.
public struct Llama3Scaling: Sendable, Hashable {
  /// By how much long waves are slowed down (`factor`), at least 1.
  public let factor: Double
  /// The context over this is the wavelength from which waves are slowed down fully (`low_freq_factor`).
  public let lowFrequencyFactor: Double
  /// The context over this is the wavelength up to which waves are kept (`high_freq_factor`).
  public let highFrequencyFactor: Double
  /// The context the model was trained with (`original_max_position_embeddings`).
  public let originalContextLength: Int
}

/// Context extension by YaRN (Peng et al., arXiv 2309.00071).
public struct YaRNConfiguration: Sendable, Hashable {
  /// How many times longer the context gets (`factor`), at least 1.
  public let factor: Double
  /// The context the model was trained with (`original_max_position_embeddings`).
  public let originalContextLength: Int
  /// Multiplies cosine and sine: `attention_factor`, or else derived from `factor`, `mscale` and `mscale_all_dim`.
  public let attentionFactor: Double
  /// Rotations over the original context from which a pair is left alone (`beta_fast`).
  public let betaFast: Double
  /// Rotations up to which a pair is interpolated fully (`beta_slow`).
  public let betaSlow: Double
  /// Whether the correction range is rounded outwards to whole pairs (`truncate`).
  public let truncates: Bool
}

extension RotaryConfiguration {
  /// Reads the parameters from where files of any age keep them: `rope_scaling`, `rope_parameters` or top level.
  ///
  /// A non-empty `rope_scaling` replaces `rope_parameters`; what the chosen object leaves out is taken from the top
  /// level, then from the defaults.
  init(
    _ reader: ConfigurationReader, headDimension: Int, maximumPositionEmbeddings: Int, partialFactor standard: Double
  ) throws(ModelFileError) {
    let object = try Self.parameters(reader)
    if let stated = try object.number("rope_theta", in: SizeLimits.ropeTheta) {
      theta = stated
    } else {
      theta = try reader.number("rope_theta", in: SizeLimits.ropeTheta) ?? 10_000
    }
    if let stated = try object.number("partial_rotary_factor", in: 0...1) {
      partialFactor = stated
    } else {
      partialFactor = try reader.number("partial_rotary_factor", in: 0...1) ?? standard
    }
    dimension = Int(Double(headDimension) * partialFactor)
    guard dimension >= 1, 2 * ((dimension + 1) / 2) <= headDimension else {
      throw reader.invalid(
        "partial_rotary_factor", expected: "a share of head_dim (\(headDimension)) that leaves whole pairs to rotate",
        found: "\(partialFactor)")
    }

    pairing = .halves
    let typeKey = object.value("rope_type") == nil ? "type" : "rope_type"
    switch try object.string(typeKey) ?? "default" {
    case "default": scaling = .none
    case "linear":
      guard let factor = try object.number("factor", in: SizeLimits.ropeFactor) else {
        throw object.invalid("factor", expected: "a number")
      }
      scaling = .linear(factor: factor)
    case "llama3": scaling = .llama3(try Llama3Scaling(object))
    case "yarn":
      let original = try reader.integer("original_max_position_embeddings", in: SizeLimits.positions)
      scaling = .yarn(
        try YaRNConfiguration(
          object, originalContextLength: original, maximumPositionEmbeddings: maximumPositionEmbeddings))
    default: throw object.invalid(typeKey, expected: "\"default\", \"linear\", \"llama3\" or \"yarn\"")
    }
  }

  private static func parameters(_ reader: ConfigurationReader) throws(ModelFileError) -> ConfigurationReader {
    for key in ["rope_scaling", "rope_parameters"] where reader.value(key) != nil {
      let object = try reader.object(key)
      if !object.members.isEmpty { return object }
    }
    return ConfigurationReader(members: [:], file: reader.file)
  }
}

extension Llama3Scaling {
  init(_ reader: ConfigurationReader) throws(ModelFileError) {
    func required(_ key: String, _ range: ClosedRange<Double>) throws(ModelFileError) -> Double {
      guard let value = try reader.number(key, in: range) else {
        throw reader.invalid(key, expected: "a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return value
    }
    factor = try required("factor", 1...1_000_000)
    lowFrequencyFactor = try required("low_freq_factor", 1e-6...1_000_000)
    highFrequencyFactor = try required("high_freq_factor", 1e-6...1_000_000)
    guard highFrequencyFactor > lowFrequencyFactor else {
      throw reader.invalid("high_freq_factor", expected: "more than low_freq_factor (\(lowFrequencyFactor))")
    }
    let key = "original_max_position_embeddings"
    guard let length = try reader.integer(key, in: SizeLimits.positions) else {
      throw reader.invalid(key, expected: "a number of tokens")
    }
    originalContextLength = length
  }
}

extension YaRNConfiguration {
  /// `originalContextLength` is the top level's, which wins over the one in `reader`.
  init(
    _ reader: ConfigurationReader, originalContextLength stated: Int?, maximumPositionEmbeddings: Int
  ) throws(ModelFileError) {
    let inner = try reader.integer("original_max_position_embeddings", in: SizeLimits.positions)
    originalContextLength = stated ?? inner ?? maximumPositionEmbeddings
    factor =
      try reader.number("factor", in: SizeLimits.ropeFactor)
      ?? max(1, Double(maximumPositionEmbeddings) / Double(originalContextLength))
    guard Double(originalContextLength) * factor <= Double(1 << 30) else {
      throw reader.invalid("factor", expected: "a context of at most \(1 << 30) tokens")
    }
    // A zero counts as absent here, as it does in the reference.
    betaFast = Self.nonZero(try reader.number("beta_fast", in: 0...1_000_000)) ?? 32
    betaSlow = Self.nonZero(try reader.number("beta_slow", in: 0...1_000_000)) ?? 1
    truncates = try reader.bool("truncate") ?? true

    let mscale = Self.nonZero(try reader.number("mscale", in: 0...1000))
    let mscaleAllDimensions = Self.nonZero(try reader.number("mscale_all_dim", in: 0...1000))
    if let stated = try reader.number("attention_factor", in: 0...1000) {
      attentionFactor = stated
    } else if let mscale, let mscaleAllDimensions {
      attentionFactor = Self.magnitude(factor, mscale) / Self.magnitude(factor, mscaleAllDimensions)
    } else {
      attentionFactor = Self.magnitude(factor, 1)
    }
  }

  private static func nonZero(_ value: Double?) -> Double? { value == 0 ? nil : value }

  /// The paper's correction of the softmax temperature, `0.1 · m · ln(s) + 1`, as a factor on q and k.
  static func magnitude(_ scale: Double, _ multiplier: Double) -> Double {
    scale <= 1 ? 1 : 0.1 * multiplier * log(scale) + 1
  }
}
