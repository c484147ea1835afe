/// How a panel block's factors enter a product.
protocol PanelFactors {
  /// Vectors of factors after the codes.
  static var factorVectors: Int { get }
  /// Scales of a block, of equal parts of its columns.
  static var scalesPerBlock: Int { get }
  /// Whether integer sums start from corrections, one a scale, which take the codes' offset away.
  static var hasOffset: Bool { get }
  /// Whether the second factor is a minimum.
  static var hasMinimum: Bool { get }
  /// Whether blocks that share an input scale have integer minima with one scale: `PanelSink.minima`.
  static var hasSharedMinima: Bool { get }
  /// Blocks that share an input scale, which is applied to their sum.
  static var blocksPerInputScale: Int { get }
}

extension PanelFactors {
  @inline(__always) static var factorVectors: Int { 2 }
  @inline(__always) static var scalesPerBlock: Int { 1 }
  @inline(__always) static var hasOffset: Bool { false }
  @inline(__always) static var hasMinimum: Bool { false }
  @inline(__always) static var hasSharedMinima: Bool { false }
  @inline(__always) static var blocksPerInputScale: Int { 1 }
  /// Corrections a token has for each block: one a scale, one for the minimum, or room for half of a pair of shared minima.
  @inline(__always) static var correctionsPerBlock: Int { scalesPerBlock }
}

/// One scale for 32 columns.
enum SingleScale: PanelFactors {
  @inline(__always) static var factorVectors: Int { 1 }
  @inline(__always) static var hasOffset: Bool { true }
}

/// A scale and a minimum for 32 columns.
enum ScaleAndMinimum: PanelFactors {
  @inline(__always) static var hasMinimum: Bool { true }
}

/// A scale for 32 columns, and integer minima with one scale for 256, in blocks of 256 weights.
enum PartScaleAndMinimum: PanelFactors {
  @inline(__always) static var hasSharedMinima: Bool { true }
  @inline(__always) static var blocksPerInputScale: Int { 8 }
}

/// A scale for the first and one for the last sixteen of 32 columns, in blocks of 256 weights.
enum TwoPartScales: PanelFactors {
  @inline(__always) static var scalesPerBlock: Int { 2 }
  @inline(__always) static var hasOffset: Bool { true }
  @inline(__always) static var blocksPerInputScale: Int { 8 }
}
