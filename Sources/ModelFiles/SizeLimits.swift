/// Bounds on a model's sizes, above every published one and so low that no product of them overflows.
enum SizeLimits {
  static let vocabulary = 1...1 << 24
  static let hidden = 1...1 << 17
  static let intermediate = 1...1 << 20
  static let layers = 1...1024
  static let heads = 1...4096
  static let headDimension = 1...8192
  static let convolutionTaps = 1...256
  static let experts = 0...1 << 14
  static let expertIntermediate = 1...1 << 18
  static let positions = 1...1 << 30
  static let ropeTheta = 1.0.nextUp...1e18
  static let ropeFactor = 1.0...1_000_000
  /// The most elements all heads of a layer may have together, so that no page or slot reaches the size of a machine.
  static let headElements = 1 << 16
}
