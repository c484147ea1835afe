import Models

/// What kind of numbers a product multiplies.
public enum Arithmetic: String, Sendable, Hashable, CaseIterable {
  /// Quantised weights and activations.
  case int8
  /// BF16 weights and activations.
  case bf16
  /// F32 activations, and weights that are widened to F32.
  case f32
}

extension Arithmetic {
  /// How weights of a type, by its name, are multiplied.
  init(weightType: String, _ compute: BF16Compute) {
    switch weightType {
    case "BF16" where compute == .bf16: self = .bf16
    case "F32", "F16", "BF16": self = .f32
    default: self = .int8
    }
  }
}
