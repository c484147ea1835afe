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
  init(weightType: String) {
    self = ["F32", "F16", "BF16"].contains(weightType) ? .f32 : .int8
  }
}
