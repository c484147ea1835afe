/// How one number of a tensor is stored. All are little-endian.
public enum ElementType: Sendable, Hashable, CaseIterable {
  /// IEEE 754 binary32.
  case f32
  /// IEEE 754 binary16.
  case f16
  /// The upper half of a binary32: 8 exponent bits, 7 fraction bits.
  case bf16

  /// Bytes an element takes.
  public var byteCount: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    }
  }
}

extension ElementType: CustomStringConvertible {
  /// The name safetensors uses: "F32", "F16", "BF16".
  public var description: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .bf16: "BF16"
    }
  }
}
