import ArgumentParser
import Engine
import Kernels
import ModelFiles
import Models

/// What numbers are stored and multiplied as, shared by the commands that compute.
struct NumberTypesOption: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Type of cached keys and values: f32, f16, bf16 or int8. (default: f16 for quantised weights, else f32)",
      valueName: "type"), transform: parse)
  var kvType: CacheElement?

  @Option(
    help: ArgumentHelp("Type of recurrent states: f32 or bf16. (default: f32)", valueName: "type"), transform: parse)
  var stateType = StateElement.f32

  @Option(
    help: ArgumentHelp("What BF16 weights are multiplied with: f32 or bf16. (default: f32)", valueName: "type"),
    transform: parse)
  var compute = BF16Compute.f32

  private static func parse<Value: RawRepresentable<String> & CaseIterable>(_ text: String) throws -> Value {
    guard let value = Value(rawValue: text) else {
      throw ValidationError("expected one of \(Value.allCases.map(\.rawValue).joined(separator: ", ")).")
    }
    return value
  }

  /// Puts the types into the configuration of an engine for a model.
  func apply(to engine: inout EngineConfiguration, for model: ModelPackage) {
    engine.cacheTypes = CacheTypes(for: model, keyValue: kvType, state: stateType)
    engine.compute = compute
  }
}
