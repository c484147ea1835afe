#if arch(x86_64)
  import KernelsAVX2
  import KernelsAVX512
#endif

/// The operations on rows that take exponentials, which the base instruction set is slow at.
struct RowKernels: Sendable {
  typealias AccumulateSoftmax =
    @Sendable (
      UnsafeMutablePointer<Float>, Int, Float, UnsafePointer<Float>?, UnsafePointer<Float>?,
      UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>
    ) -> Float
  typealias MultiplyBySiLU = @Sendable (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
  typealias Convolve =
    @Sendable (
      UnsafeBufferPointer<UnsafePointer<Float>>, UnsafePointer<Float>, Int, Int, UnsafeMutablePointer<Float>
    ) -> Void
  typealias GatedRootMeanSquare =
    @Sendable (
      UnsafePointer<Float>, UnsafePointer<Float>, UnsafePointer<Float>, Float, Int, UnsafeMutablePointer<Float>
    ) -> Void

  let accumulateSoftmax: AccumulateSoftmax
  let multiplyBySiLU: MultiplyBySiLU
  let convolve: Convolve
  let gatedRootMeanSquare: GatedRootMeanSquare

  init(_ instructionSet: InstructionSet) {
    switch instructionSet {
    #if arch(x86_64)
      case .avx512:
        accumulateSoftmax = KernelsAVX512.accumulateSoftmax
        multiplyBySiLU = KernelsAVX512.multiplyBySiLU
        convolve = KernelsAVX512.convolve
        gatedRootMeanSquare = KernelsAVX512.gatedRootMeanSquare
      case .avx2:
        accumulateSoftmax = KernelsAVX2.accumulateSoftmax
        multiplyBySiLU = KernelsAVX2.multiplyBySiLU
        convolve = KernelsAVX2.convolve
        gatedRootMeanSquare = KernelsAVX2.gatedRootMeanSquare
    #endif
    default:
      accumulateSoftmax = {
        Softmax.accumulate(
          $0, count: $1, scale: $2, scoreFactors: $3, weightFactors: $4, maximum: &$5[0], sum: &$6[0])
      }
      multiplyBySiLU = { Elementwise.multiply(bySiLUOf: $0, $1, count: $2) }
      convolve = { Elementwise.convolve(taps: $0, weights: $1, weightStride: $2, count: $3, output: $4) }
      gatedRootMeanSquare = {
        Normalization.gatedRootMeanSquare($0, gate: $1, weights: $2, epsilon: $3, count: $4, output: $5)
      }
    }
  }
}

extension Kernels {
  /// One block of an online softmax (Milakov and Gimelshein, arXiv 1805.02867) for some rows of scores.
  ///
  /// A score i counts as `scores[i] · scale · scoreFactors[i]`. Each row's `count` scores are replaced by
  /// e^(score − maximum) · weightFactors[i], where `maximum` is the largest score of this block and the ones before;
  /// `maxima` and `sums` (of the weights without their factors) are brought up to date; `corrections` receives what
  /// everything accumulated from earlier blocks must be multiplied by, 0 for the first block.
  ///
  /// - Parameters:
  ///   - scores: `rows` rows, `stride` floats apart, each with room for `count` rounded up to 16; what follows a row's
  ///     scores there is overwritten.
  ///   - scoreFactors: `count` factors; nil stands for ones. Likewise `weightFactors`.
  public func accumulateSoftmax(
    _ scores: UnsafeMutablePointer<Float>, stride: Int, rows: Int, count: Int, scale: Float,
    scoreFactors: UnsafePointer<Float>?, weightFactors: UnsafePointer<Float>?, maxima: UnsafeMutablePointer<Float>,
    sums: UnsafeMutablePointer<Float>, corrections: UnsafeMutablePointer<Float>
  ) {
    for row in 0..<rows {
      corrections[row] = self.rows.accumulateSoftmax(
        scores + row * stride, count, scale, scoreFactors, weightFactors, maxima + row, sums + row)
    }
  }

  /// `y = silu(gate) · y`, the gated linear unit of the MLPs.
  public func multiply(bySiLUOf gate: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>, count: Int) {
    rows.multiplyBySiLU(gate, y, count)
  }

  /// One output of a causal depthwise convolution, then SiLU:
  /// `output[c] = silu(Σj weights[j · weightStride + c] · taps[j][c])`, the oldest tap first.
  public func convolve(
    taps: UnsafeBufferPointer<UnsafePointer<Float>>, weights: UnsafePointer<Float>, weightStride: Int, count: Int,
    output: UnsafeMutablePointer<Float>
  ) {
    rows.convolve(taps, weights, weightStride, count, output)
  }

  /// The delta net's gated norm: `output = weights · x · rsqrt(mean(x²) + epsilon) · silu(gate)`. `output` may be `x`.
  public func normalize(
    _ x: UnsafePointer<Float>, gate: UnsafePointer<Float>, weights: UnsafePointer<Float>, epsilon: Float, count: Int,
    output: UnsafeMutablePointer<Float>
  ) {
    rows.gatedRootMeanSquare(x, gate, weights, epsilon, count, output)
  }
}
