import CIntrinsics

/// A tile's inputs: some tokens' bytes and scales, and per block what the weights' offset or minimum takes away.
struct TileInput {
  /// The first token's bytes; tokens are `columns` bytes apart.
  let values: UnsafePointer<Int8>
  /// The first token's scales; tokens are `blocks` apart.
  let scales: UnsafePointer<Float>
  /// Per token, a block's sums start at these integers; or, as floats, they are what minima are multiplied by.
  let corrections: UnsafePointer<Int32>
  let columns: Int
  let blocks: Int
}

/// What a panel's codes are, and so how many of their products 16 bits hold: a pair of products with bytes of
/// −127 ... 127 lies within 254 times the largest code.
protocol PanelCodes {
  /// Code vectors whose products are added in 16 bits before they are widened.
  static var vectorsPerSum: Int { get }
  /// Products of codes and bytes in 16-bit lanes, neighbours added.
  static func multiply(_ codes: __m256i, _ values: __m256i) -> __m256i
}

extension PanelCodes {
  /// The product of unsigned codes.
  @inline(__always)
  static func multiply(_ codes: __m256i, _ values: __m256i) -> __m256i { _mm256_maddubs_epi16(codes, values) }
}

/// Codes up to 15: 8 · 254 · 15 = 30480.
enum FourBits: PanelCodes {
  @inline(__always) static var vectorsPerSum: Int { 8 }
}

/// Codes up to 31: 4 · 254 · 31 = 31496.
enum FiveBits: PanelCodes {
  @inline(__always) static var vectorsPerSum: Int { 4 }
}

/// Codes up to 63: 2 · 254 · 63 = 32004.
enum SixBits: PanelCodes {
  @inline(__always) static var vectorsPerSum: Int { 2 }
}

/// Signed codes, multiplied as magnitudes, the sign given to the other factor: 254 · 128 = 32512.
enum SignedBytes: PanelCodes {
  @inline(__always) static var vectorsPerSum: Int { 1 }
  @inline(__always)
  static func multiply(_ codes: __m256i, _ values: __m256i) -> __m256i {
    _mm256_maddubs_epi16(_mm256_abs_epi8(codes), _mm256_sign_epi8(values, codes))
  }
}

/// How a panel block's factors enter a product.
protocol PanelFactors {
  /// Adds one panel block times some tokens to `sums`.
  static func addBlock<Codes: PanelCodes, let tokens: Int>(
    _: Codes.Type, _ panel: UnsafeRawPointer, _ block: Int, _ input: TileInput,
    _ sums: inout InlineArray<tokens, __m256>)
  /// Vectors of factors after the codes.
  static var factorVectors: Int { get }
  /// Corrections a token has for each block.
  static var correctionsPerBlock: Int { get }
  /// Whether corrections are the factors of minima.
  static var hasMinimum: Bool { get }
}

/// One scale for 32 columns.
enum SingleScale: PanelFactors {
  @inline(__always) static var factorVectors: Int { 1 }
  @inline(__always) static var correctionsPerBlock: Int { 1 }
  @inline(__always) static var hasMinimum: Bool { false }

  @inline(__always)
  static func addBlock<Codes: PanelCodes, let tokens: Int>(
    _ codes: Codes.Type, _ panel: UnsafeRawPointer, _ block: Int, _ input: TileInput,
    _ sums: inout InlineArray<tokens, __m256>
  ) {
    var integers = InlineArray<tokens, __m256i>(repeating: _mm256_setzero_si256())
    for t in 0..<tokens { integers[t] = _mm256_set1_epi32(input.corrections[t * input.blocks + block]) }
    addCodes(codes, panel, 0..<8, block, input, &integers)
    addScaled(integers, panel, 0, block, input, &sums)
  }
}

/// A scale for the first and one for the last sixteen columns.
enum TwoScales: PanelFactors {
  @inline(__always) static var factorVectors: Int { 2 }
  @inline(__always) static var correctionsPerBlock: Int { 2 }
  @inline(__always) static var hasMinimum: Bool { false }

  @inline(__always)
  static func addBlock<Codes: PanelCodes, let tokens: Int>(
    _ codes: Codes.Type, _ panel: UnsafeRawPointer, _ block: Int, _ input: TileInput,
    _ sums: inout InlineArray<tokens, __m256>
  ) {
    for half in 0..<2 {
      var integers = InlineArray<tokens, __m256i>(repeating: _mm256_setzero_si256())
      for t in 0..<tokens {
        integers[t] = _mm256_set1_epi32(input.corrections[2 * (t * input.blocks + block) + half])
      }
      addCodes(codes, panel, 4 * half..<4 * half + 4, block, input, &integers)
      addScaled(integers, panel, half, block, input, &sums)
    }
  }
}

/// A scale and a minimum for 32 columns.
enum ScaleAndMinimum: PanelFactors {
  @inline(__always) static var factorVectors: Int { 2 }
  @inline(__always) static var correctionsPerBlock: Int { 1 }
  @inline(__always) static var hasMinimum: Bool { true }

  @inline(__always)
  static func addBlock<Codes: PanelCodes, let tokens: Int>(
    _ codes: Codes.Type, _ panel: UnsafeRawPointer, _ block: Int, _ input: TileInput,
    _ sums: inout InlineArray<tokens, __m256>
  ) {
    var integers = InlineArray<tokens, __m256i>(repeating: _mm256_setzero_si256())
    addCodes(codes, panel, 0..<8, block, input, &integers)
    addScaled(integers, panel, 0, block, input, &sums)
    let minimum = panel.load(fromByteOffset: 32 * (PanelBlock.codeVectors + 1), as: __m256.self)
    for t in 0..<tokens {
      let factor = UnsafeRawPointer(input.corrections + t * input.blocks + block).load(as: Float.self)
      sums[t] = _mm256_fnmadd_ps(minimum, _mm256_set1_ps(factor), sums[t])
    }
  }
}

/// Adds the integer products of some code vectors.
@inline(__always)
private func addCodes<Codes: PanelCodes, let tokens: Int>(
  _: Codes.Type, _ panel: UnsafeRawPointer, _ vectors: Range<Int>, _ block: Int, _ input: TileInput,
  _ integers: inout InlineArray<tokens, __m256i>
) {
  let ones = _mm256_set1_epi16(1)
  var first = vectors.lowerBound
  while first < vectors.upperBound {
    var pairs = InlineArray<tokens, __m256i>(repeating: _mm256_setzero_si256())
    for vector in first..<first + Codes.vectorsPerSum {
      let codes = panel.load(fromByteOffset: 32 * vector, as: __m256i.self)
      for t in 0..<tokens {
        let four = UnsafeRawPointer(input.values + t * input.columns + 32 * block + 4 * vector)
          .loadUnaligned(as: Int32.self)
        pairs[t] = _mm256_add_epi16(pairs[t], Codes.multiply(codes, _mm256_set1_epi32(four)))
      }
    }
    for t in 0..<tokens { integers[t] = _mm256_add_epi32(integers[t], _mm256_madd_epi16(pairs[t], ones)) }
    first += Codes.vectorsPerSum
  }
}

/// Adds integer products times their scales by one fused step.
@inline(__always)
private func addScaled<let tokens: Int>(
  _ integers: InlineArray<tokens, __m256i>, _ panel: UnsafeRawPointer, _ factor: Int, _ block: Int,
  _ input: TileInput, _ sums: inout InlineArray<tokens, __m256>
) {
  let scale = panel.load(fromByteOffset: 32 * (PanelBlock.codeVectors + factor), as: __m256.self)
  for t in 0..<tokens {
    let product = _mm256_mul_ps(scale, _mm256_set1_ps(input.scales[t * input.blocks + block]))
    sums[t] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(integers[t]), product, sums[t])
  }
}

/// Adds panel blocks `first ..< first + count` of eight rows times `tokens` tokens to `sums`, a vector a token.
///
/// Per block, the codes are multiplied and added in integers, exactly; the result enters the F32 sum by one fused
/// step. A row's sum depends on the order of its blocks alone.
@inline(__always)
private func addBlocks<Codes: PanelCodes, Factors: PanelFactors, let tokens: Int>(
  _ codes: Codes.Type, _: Factors.Type, _: InlineArray<tokens, Void>.Type, _ panel: UnsafeRawPointer, _ first: Int,
  _ count: Int, _ input: TileInput, _ sums: UnsafeMutablePointer<Float>
) {
  var registers = InlineArray<tokens, __m256>(repeating: _mm256_setzero_ps())
  for t in 0..<tokens { registers[t] = _mm256_load_ps(sums + 8 * t) }
  let blockBytes = 32 * (PanelBlock.codeVectors + Factors.factorVectors)
  var panel = panel
  for block in first..<first + count {
    Factors.addBlock(codes, panel, block, input, &registers)
    panel += blockBytes
  }
  for t in 0..<tokens { _mm256_store_ps(sums + 8 * t, registers[t]) }
}

/// Tokens of the largest tile: four sums in each of 16 bits, 32 bits and F32 fit the sixteen registers.
var widestTile: Int { 4 }

/// `addBlocks` for a number of tokens known at run time, from 1 to `widestTile`.
@inline(never)
func addBlocks<Codes: PanelCodes, Factors: PanelFactors>(
  _ codes: Codes.Type, _ factors: Factors.Type, tokens: Int, _ panel: UnsafeRawPointer, _ first: Int, _ count: Int,
  _ input: TileInput, _ sums: UnsafeMutablePointer<Float>
) {
  switch tokens {
  case 1: addBlocks(codes, factors, InlineArray<1, Void>.self, panel, first, count, input, sums)
  case 2: addBlocks(codes, factors, InlineArray<2, Void>.self, panel, first, count, input, sums)
  case 3: addBlocks(codes, factors, InlineArray<3, Void>.self, panel, first, count, input, sums)
  default: addBlocks(codes, factors, InlineArray<4, Void>.self, panel, first, count, input, sums)
  }
}
