public import ArgumentParser
public import ModelFiles
public import Synthesis

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
