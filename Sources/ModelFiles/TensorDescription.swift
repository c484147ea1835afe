internal import Tensor

/// What a weight file says of one tensor.
public struct TensorDescription: Sendable, Hashable {
  /// Its name in the file.
  public let name: String
  /// Dimensions, the outermost first.
  public let shape: [Int]
  /// The element type by the format's name, such as "BF16"; possibly one nothing here computes with.
  public let dataType: String
  /// Bytes its elements take.
  public let byteCount: Int
}

extension TensorStore {
  /// Every tensor, by name.
  public var descriptions: [TensorDescription] {
    entries.map {
      TensorDescription(name: $0.name, shape: $0.shape, dataType: $0.dataType, byteCount: $0.range.count)
    }
  }
}

extension ModelPackage {
  /// Whether any weights have a block format.
  public var isQuantized: Bool {
    weights.entries.contains { entry in
      ElementType.allCases.contains { $0.description == entry.dataType && $0.isQuantized }
    }
  }
}
