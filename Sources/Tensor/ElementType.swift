/// How the numbers of a tensor are stored: alone, or in blocks that share scales. All fields are little-endian.
///
/// Block formats are ggml's, as the reference code of the `gguf` package reads them. In the descriptions d and m are
/// F16, a value is built from an unsigned code u, and blocks hold their fields in the order written.
public enum ElementType: Sendable, Hashable, CaseIterable {
  /// IEEE 754 binary32.
  case f32
  /// IEEE 754 binary16.
  case f16
  /// The upper half of a binary32: 8 exponent bits, 7 fraction bits.
  case bf16
  /// 32 numbers: d, then signed bytes s. A value is d·s.
  case q80
  /// 32 numbers: d, 4-bit codes. A value is d·(u − 8).
  case q40
  /// 32 numbers: d, m, 4-bit codes. A value is d·u + m.
  case q41
  /// 32 numbers: d, the codes' fifth bits, their lower four. A value is d·(u − 16).
  case q50
  /// 32 numbers: d, m, the codes' fifth bits, their lower four. A value is d·u + m.
  case q51
  /// 256 numbers: d, m, then 6-bit scales s and minima t of eight groups of 32, 4-bit codes. A value is d·s·u − m·t.
  case q4K
  /// As Q4_K, with the codes' fifth bits before their lower four.
  case q5K
  /// 256 numbers: 6-bit codes (lower four, then upper two), signed 8-bit scales s of sixteen groups of 16, d.
  /// A value is d·s·(u − 32).
  case q6K

  /// How many consecutive elements share a block; 1 where each stands alone. Rows are whole blocks.
  public var blockLength: Int {
    switch self {
    case .f32, .f16, .bf16: 1
    case .q80, .q40, .q41, .q50, .q51: 32
    case .q4K, .q5K, .q6K: 256
    }
  }

  /// Bytes a block takes.
  public var blockByteCount: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .q80: 34
    case .q40: 18
    case .q41: 20
    case .q50: 22
    case .q51: 24
    case .q4K: 144
    case .q5K: 176
    case .q6K: 210
    }
  }

  /// Bytes `elements` consecutive elements take.
  ///
  /// - Precondition: `elements` is a multiple of `blockLength`.
  public func byteCount(elements: Int) -> Int {
    precondition(elements % blockLength == 0, "\(elements) elements are not whole blocks of \(self)")
    return elements / blockLength * blockByteCount
  }

  /// Whether elements share scales, so that a single one has no bytes of its own.
  public var isQuantized: Bool { floatType == nil }

  /// The format as one of the plain floats; nil for block formats.
  public var floatType: FloatType? {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    case .q80, .q40, .q41, .q50, .q51, .q4K, .q5K, .q6K: nil
    }
  }
}

extension ElementType: CustomStringConvertible {
  /// The name safetensors and ggml use: "F32", "Q4_K".
  public var description: String {
    switch self {
    case .f32: "F32"
    case .f16: "F16"
    case .bf16: "BF16"
    case .q80: "Q8_0"
    case .q40: "Q4_0"
    case .q41: "Q4_1"
    case .q50: "Q5_0"
    case .q51: "Q5_1"
    case .q4K: "Q4_K"
    case .q5K: "Q5_K"
    case .q6K: "Q6_K"
    }
  }
}

/// The element types in which each number stands alone.
public enum FloatType: Sendable, Hashable, CaseIterable {
  /// IEEE 754 binary32.
  case f32
  /// IEEE 754 binary16.
  case f16
  /// The upper half of a binary32.
  case bf16
}
