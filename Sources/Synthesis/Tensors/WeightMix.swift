public import Tensor

/// The types a model's tensors have together, by llama.cpp's names.
public enum WeightMix: String, Sendable, Hashable, CaseIterable {
  case f32 = "F32"
  case f16 = "F16"
  case bf16 = "BF16"
  case q80 = "Q8_0"
  case q40 = "Q4_0"
  case q41 = "Q4_1"
  case q50 = "Q5_0"
  case q51 = "Q5_1"
  case q4KM = "Q4_K_M"
  case q5KM = "Q5_K_M"
  case q6K = "Q6_K"

  /// What a tensor does, as far as it decides over the tensor's type.
  enum Role {
    /// The output projection.
    case output
    /// The projection to values, alone or together with queries and keys.
    case value
    /// The second projection of a feed-forward part.
    case down
    /// Any other matrix.
    case other
  }

  /// The type of most matrices.
  public var mainType: ElementType {
    switch self {
    case .f32: .f32
    case .f16: .f16
    case .bf16: .bf16
    case .q80: .q80
    case .q40: .q40
    case .q41: .q41
    case .q50: .q50
    case .q51: .q51
    case .q4KM: .q4K
    case .q5KM: .q5K
    case .q6K: .q6K
    }
  }

  /// A GGUF file's `general.file_type`.
  var fileType: UInt32 {
    switch self {
    case .f32: 0
    case .f16: 1
    case .q40: 2
    case .q41: 3
    case .q80: 7
    case .q50: 8
    case .q51: 9
    case .q4KM: 15
    case .q5KM: 17
    case .q6K: 18
    case .bf16: 32
    }
  }

  /// The type llama.cpp's quantiser gives a matrix: a Q6_K output projection below Q8_0, and in the `_M` mixes Q6_K for
  /// half of the value and down projections.
  func type(_ role: Role, layer: Int, layerCount: Int, columns: Int) -> ElementType {
    guard mainType.isQuantized else { return mainType }
    let type: ElementType =
      switch role {
      case .output where self != .q80: .q6K
      case .value, .down: usesMoreBits(layer: layer, layerCount: layerCount) ? .q6K : mainType
      default: mainType
      }
    return fitting(type, columns: columns)
  }

  /// The first and last eighth of the layers, and every third between.
  private func usesMoreBits(layer: Int, layerCount: Int) -> Bool {
    guard self == .q4KM || self == .q5KM else { return false }
    let eighth = layerCount / 8
    return layer < eighth || layer >= 7 * layerCount / 8 || (layer - eighth) % 3 == 2
  }

  /// `type`, or what stands in for it where rows are not whole blocks.
  private func fitting(_ type: ElementType, columns: Int) -> ElementType {
    guard columns % type.blockLength != 0 else { return type }
    guard columns % 32 == 0 else { return .f16 }
    return switch type {
    case .q4K: .q50
    case .q5K: .q51
    default: .q80
    }
  }
}
