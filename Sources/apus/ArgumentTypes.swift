public import ArgumentParser
public import ModelFiles
public import Synthesis
public import Workload

extension Architecture: ExpressibleByArgument {
  /// By the name GGUF files have for it.
  public init?(argument: String) {
    guard let architecture = Self.allCases.first(where: { $0.ggufName == argument }) else { return nil }
    self = architecture
  }

  /// The name that is shown as the default.
  public var defaultValueDescription: String { ggufName }
}

extension WeightMix: ExpressibleByArgument {}

extension TraceRecipe.Arrivals: ExpressibleByArgument {}

extension LengthDistribution: ExpressibleByArgument {
  /// By what `LengthDistribution.init` reads.
  public init?(argument: String) {
    guard let distribution = try? LengthDistribution(argument) else { return nil }
    self = distribution
  }

  /// What reads as the same.
  public var defaultValueDescription: String {
    switch self {
    case .fixed(let length): "\(length)"
    case .uniform(let range): "\(range.lowerBound)-\(range.upperBound)"
    case .skewed(let mean): "~\(mean)"
    }
  }
}
