#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
#endif
public import Tensor

/// The matrix kernels of one instruction set, chosen once at start.
///
/// Every product has one definition within an instruction set: one vector accumulator over the inner dimension in
/// ascending order, then a fixed tree over its lanes. A result's bits therefore depend on its own row and its own
/// input alone, never on how many rows or tokens were computed together.
public struct Kernels: Sendable {
  typealias Multiply =
    @Sendable (
      UnsafeRawPointer, Int, Int, UnsafePointer<Float>, Int, Int, UnsafeMutablePointer<Float>, Int
    ) -> Void
  typealias MultiplyBlocks =
    @Sendable (
      UnsafeRawPointer, ElementType, Int, QuantizedRows, Int, UnsafeMutablePointer<Float>, Int,
      UnsafeMutableRawPointer, UnsafeRawPointer?
    ) -> Void
  typealias MultiplyHalves =
    @Sendable (
      UnsafeRawPointer, Int, Int, UnsafePointer<UInt16>, Int, UnsafeMutablePointer<Float>, Int
    ) -> Void
  typealias Round = @Sendable (UnsafePointer<Float>, Int, UnsafeMutablePointer<UInt16>) -> Void
  typealias Quantize = @Sendable (UnsafePointer<Float>, QuantizedRows) -> Void

  /// The instruction set these kernels use.
  public let instructionSet: InstructionSet
  private let multiplyF32: Multiply
  private let multiplyF16: Multiply
  private let multiplyBF16: Multiply
  private let multiplyBlocks: MultiplyBlocks
  private let multiplyInterleavedBlocks: MultiplyBlocks?
  private let quantizeRow: Quantize
  private let multiplyHalves: MultiplyHalves
  private let roundFloats: Round
  let cachePanels: CachePanelKernels
  let rows: RowKernels

  /// The kernels of an instruction set; the portable ones where this processor does not offer it.
  public init(_ wanted: InstructionSet = .best) {
    let instructionSet = InstructionSet.available.contains(wanted) ? wanted : .portable
    self.instructionSet = instructionSet
    cachePanels = CachePanelKernels(instructionSet)
    rows = RowKernels(instructionSet)
    switch instructionSet {
    #if arch(x86_64)
      case .avx2:
        multiplyF32 = KernelsAVX2.multiplyF32
        multiplyF16 = KernelsAVX2.multiplyF16
        multiplyBF16 = KernelsAVX2.multiplyBF16
        multiplyBlocks = KernelsAVX2.multiplyBlocks
        multiplyInterleavedBlocks = nil
        quantizeRow = KernelsAVX2.quantize
        multiplyHalves = KernelsAVX2.multiplyBF16(_:_:_:halves:_:_:_:)
        roundFloats = PortableProducts.roundToBF16
      case .avx512:
        multiplyF32 = KernelsAVX512.multiplyF32
        multiplyF16 = KernelsAVX512.multiplyF16
        multiplyBF16 = KernelsAVX512.multiplyBF16
        multiplyBlocks = KernelsAVX512.multiplyBlocks
        multiplyInterleavedBlocks = KernelsAVX512.multiplyInterleavedBlocks
        quantizeRow = KernelsAVX512.quantize
        multiplyHalves = KernelsAVX512.multiplyBF16(_:_:_:halves:_:_:_:)
        roundFloats = KernelsAVX512.roundToBF16
    #endif
    default:
      multiplyF32 = PortableProducts.multiplyF32
      multiplyF16 = PortableProducts.multiplyF16
      multiplyBF16 = PortableProducts.multiplyBF16
      multiplyBlocks = PortableBlockProducts.multiply
      multiplyInterleavedBlocks = nil
      quantizeRow = PortableBlockProducts.quantize
      multiplyHalves = PortableProducts.multiplyBF16(_:_:_:halves:_:_:_:)
      roundFloats = PortableProducts.roundToBF16
    }
  }

  /// The layout in which products with weights of block formats are fastest. Only the AVX-512 kernels take another than
  /// that of files.
  public var blockLayout: BlockLayout { multiplyInterleavedBlocks == nil ? .rows : .interleaved }

  /// Products of weight rows and inputs: `output[t][n] = Σk weights[n][k] · input[t][k]`.
  ///
  /// - Parameters:
  ///   - weights: `rows × inner` weights of `type`, contiguous, at any alignment.
  ///   - input: `tokens` rows of at least `inner` floats, `inputStride` floats apart.
  ///   - output: `tokens` rows of at least `rows` floats, `outputStride` floats apart; overwritten.
  public func multiply(
    _ weights: UnsafeRawPointer, _ type: FloatType, rows: Int, inner: Int, input: UnsafePointer<Float>,
    tokens: Int, inputStride: Int, output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    switch type {
    case .f32: multiplyF32(weights, rows, inner, input, tokens, inputStride, output, outputStride)
    case .f16: multiplyF16(weights, rows, inner, input, tokens, inputStride, output, outputStride)
    case .bf16: multiplyBF16(weights, rows, inner, input, tokens, inputStride, output, outputStride)
    }
  }

  /// Quantises one row of `output.columns` finite floats into the first row of `output`: byte = x · (127 / largest
  /// magnitude of the columns that share a scale), rounded to nearest, ties to even.
  public func quantize(_ input: UnsafePointer<Float>, _ output: QuantizedRows) { quantizeRow(input, output) }

  /// Products of weight rows of a block format and quantised inputs: `output[t][n] = Σk weights[n][k] · input[t][k]`.
  ///
  /// With a block's weights scale · (code − offset) − minimum, Σ (code − offset) · byte is exact in integers and
  /// enters an F32 sum by one multiplication and addition (fused where the instruction set has it), block after block;
  /// then minimum · Σ byte is taken away. The input's scale is part of both factors, or, where blocks share it, may be
  /// applied to their sum; where their minima share a scale, too, these times Σ byte may be added in integers, exactly, and
  /// taken away first. Q6_K has a scale for every 16 columns and adds twice a block.
  ///
  /// - Parameters:
  ///   - weights: `rows` rows of `input.columns` weights of `type`, contiguous, at any alignment.
  ///   - layout: how the rows lie: one after another, or as `blockLayout` says. Interleaved rows come by sixteen.
  ///   - input: at least `tokens` rows.
  ///   - output: `tokens` rows of at least `rows` floats, `outputStride` floats apart; overwritten.
  ///   - scratch: `blockScratchBytes(columns: input.columns)` bytes, aligned to 64.
  ///   - upcoming: weights that will probably be read next, which kernels may prefetch; need not be readable.
  public func multiply(
    _ weights: UnsafeRawPointer, _ type: ElementType, layout: BlockLayout = .rows, rows: Int, input: QuantizedRows,
    tokens: Int, output: UnsafeMutablePointer<Float>, outputStride: Int, scratch: UnsafeMutableRawPointer,
    upcoming: UnsafeRawPointer? = nil
  ) {
    switch layout {
    case .rows: multiplyBlocks(weights, type, rows, input, tokens, output, outputStride, scratch, upcoming)
    case .interleaved:
      guard let multiplyInterleavedBlocks else {
        preconditionFailure("\(instructionSet) kernels take no interleaved weights")
      }
      multiplyInterleavedBlocks(weights, type, rows, input, tokens, output, outputStride, scratch, upcoming)
    }
  }

  /// Scratch bytes that a product over `columns` columns of a block format needs.
  public static func blockScratchBytes(columns: Int) -> Int {
    let portable = PortableBlockProducts.scratchBytes(columns: columns)
    #if arch(x86_64)
      return max(
        portable, KernelsAVX2.blockScratchBytes(columns: columns), KernelsAVX512.blockScratchBytes(columns: columns))
    #else
      return portable
    #endif
  }

  /// Products of BF16 weight rows and inputs rounded to BF16: `output[t][n] = Σk weights[n][k] · input[t][k]`. Products
  /// are exact, sums are F32 (AVX-512 adds in pairs and takes subnormal numbers for zero).
  ///
  /// - Parameters:
  ///   - bf16: `rows × inner` weights, contiguous, at any alignment.
  ///   - halves: `tokens × inner` inputs, contiguous.
  ///   - output: `tokens` rows of at least `rows` floats, `outputStride` floats apart; overwritten.
  public func multiply(
    bf16 weights: UnsafeRawPointer, rows: Int, inner: Int, halves: UnsafePointer<UInt16>, tokens: Int,
    output: UnsafeMutablePointer<Float>, outputStride: Int
  ) {
    multiplyHalves(weights, rows, inner, halves, tokens, output, outputStride)
  }

  /// Rounds `count` floats to BF16, to nearest, ties to even.
  public func roundToBF16(
    _ input: UnsafePointer<Float>, count: Int, output: UnsafeMutablePointer<UInt16>
  ) {
    roundFloats(input, count, output)
  }
}
