#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
#endif

/// How numbers of a sequence's caches are stored.
public enum CacheElement: String, Sendable, Hashable, CaseIterable {
  /// IEEE 754 binary32.
  case f32
  /// IEEE 754 binary16.
  case f16
  /// The upper half of a binary32.
  case bf16
  /// Integers from −127 to 127, which a scale of their own goes with.
  case int8

  /// Bytes a number takes.
  public var byteCount: Int {
    switch self {
    case .f32: 4
    case .f16, .bf16: 2
    case .int8: 1
    }
  }
}

/// Weighted sums over panels: matrices of 32 columns, stored row after row.
///
/// Keys (an element of 32 positions a row), values (32 elements of a position a row) and recurrent states are kept in
/// panels, so that a cache is read once, in order, whatever is computed from it.
struct CachePanelKernels: Sendable {
  typealias Accumulate =
    @Sendable (
      UnsafeRawPointer, Int, Int, Int, UnsafePointer<Float>, Int, Int, UnsafePointer<Float>?,
      UnsafeMutablePointer<Float>, Int
    ) -> Void

  let f32: Accumulate
  let f16: Accumulate
  let bf16: Accumulate
  let int8: Accumulate

  init(_ instructionSet: InstructionSet) {
    switch instructionSet {
    #if arch(x86_64)
      case .avx2:
        f32 = KernelsAVX2.accumulatePanelsF32
        f16 = KernelsAVX2.accumulatePanelsF16
        bf16 = KernelsAVX2.accumulatePanelsBF16
        int8 = KernelsAVX2.accumulatePanelsInt8
      case .avx512:
        f32 = KernelsAVX512.accumulatePanelsF32
        f16 = KernelsAVX512.accumulatePanelsF16
        bf16 = KernelsAVX512.accumulatePanelsBF16
        int8 = KernelsAVX512.accumulatePanelsInt8
    #endif
    default:
      f32 = PortableCachePanels.accumulateF32
      f16 = PortableCachePanels.accumulateF16
      bf16 = PortableCachePanels.accumulateBF16
      int8 = PortableCachePanels.accumulateInt8
    }
  }
}

extension Kernels {
  /// Columns of a panel.
  public static let panelWidth = 32

  /// `count` columns in whole panels.
  public static func panelCount(columns count: Int) -> Int { (count + panelWidth - 1) / panelWidth }

  /// Weighted sums of panel rows: `output[r][32p + c] = scales[r] · output[r][32p + c]
  /// + Σi coefficients[r][i] · panels[p][i][c]`, the terms added in ascending order.
  ///
  /// A column's result depends on that column alone, so columns that nothing was written to yet may hold anything.
  ///
  /// - Parameters:
  ///   - panels: `panelCount` panels that start `panelBytes` bytes apart; `count` rows of each are used.
  ///   - coefficients: `rows × count`, rows `coefficientStride` floats apart.
  ///   - scales: what the output is multiplied by first; nil where its old content is to be ignored.
  ///   - output: `rows` rows of `32 · panelCount` floats, `outputStride` floats apart.
  public func accumulate(
    panels: UnsafeRawPointer, _ element: CacheElement, panelCount: Int, panelBytes: Int, count: Int,
    coefficients: UnsafePointer<Float>, coefficientStride: Int, rows: Int, scales: UnsafePointer<Float>?,
    output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    let kernel =
      switch element {
      case .f32: cachePanels.f32
      case .f16: cachePanels.f16
      case .bf16: cachePanels.bf16
      case .int8: cachePanels.int8
      }
    kernel(
      panels, panelCount, panelBytes, count, coefficients, coefficientStride, rows, scales, output, outputStride)
  }
}
