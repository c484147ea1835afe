internal import ModelFiles
internal import Tensor

/// How a tensor's numbers are drawn.
enum ValueRange: Sendable, Hashable {
  /// Around zero, bell-shaped in plain floats.
  case around(deviation: Float)
  /// Evenly from a range.
  case between(Float, Float)

  /// The numbers' standard deviation.
  var deviation: Float {
    switch self {
    case .around(let deviation): deviation
    case .between(let low, let high): (high - low) / Float(12).squareRoot()
    }
  }

  /// The weights of a norm.
  static let norm = Self.between(0.8, 1.2)
}

/// A tensor to make.
struct PlannedTensor {
  let description: OutputTensor
  let values: ValueRange

  init(_ name: String, _ shape: [Int], _ type: ElementType, _ values: ValueRange) {
    description = OutputTensor(name: name, shape: shape, type: type)
    self.values = values
  }
}

/// By how much the deviations of a layer's matrices exceed 1/√columns, with which activations would keep theirs.
enum Gain {
  /// Most matrices.
  static let standard: Float = 1.2
  /// Those whose results decide between experts or are gates.
  static let decision: Float = 1.5
  /// The output projection: logits with a deviation of 2.4 have a likeliest token.
  static let output: Float = 2.4
  /// The deviation of embeddings.
  static let embedding: Float = 0.8
}

func scaled(_ gain: Float, columns: Int) -> ValueRange { .around(deviation: gain / Float(columns).squareRoot()) }
