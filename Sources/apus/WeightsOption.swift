import ArgumentParser
import Engine
import Kernels
import ModelFiles
import Models
import Serving

/// `--weights PLACEMENT`, shared by the commands that compute.
struct WeightsOption: ParsableArguments {
  @Option(
    name: .customLong("weights"), help: "Where weights are read from: auto, mapped or huge-pages. (default: auto)",
    transform: parse)
  var setting: WeightSetting?

  private static func parse(_ name: String) throws -> WeightSetting {
    guard let setting = WeightSetting(rawValue: name) else {
      throw ValidationError("expected \(WeightSetting.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    return setting
  }

  /// Loads a model that is to run on an engine of this configuration, with these kernels.
  ///
  /// - Parameter drafting: whether its multi-token-prediction head is loaded, too.
  func load(
    _ folder: ModelPackage, for engine: EngineConfiguration, _ kernels: Kernels, drafting: Bool = false
  ) throws -> LanguageModel {
    let need = Engine.memory(for: folder.configuration, engine)
    let placement = try (setting ?? .automatic).placement(
      of: folder.weights.fileByteCount, beside: need.total, threads: engine.threads)
    return try loadModel(folder, weights: placement, for: kernels, drafting: drafting)
  }
}
