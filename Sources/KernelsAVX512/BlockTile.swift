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

/// How a panel block's factors enter a product.
protocol PanelFactors {
  /// Vectors of factors after the codes.
  static var factorVectors: Int { get }
  /// Corrections a token has for each block: one for each scale, or one for the minimum.
  static var correctionsPerBlock: Int { get }
  /// Whether the second factor is a minimum.
  static var hasMinimum: Bool { get }
  /// Blocks that share an input scale, which is applied to their sum.
  static var blocksPerInputScale: Int { get }
}

/// One scale for 32 columns.
enum SingleScale: PanelFactors {
  @inline(__always) static var factorVectors: Int { 1 }
  @inline(__always) static var correctionsPerBlock: Int { 1 }
  @inline(__always) static var hasMinimum: Bool { false }
  @inline(__always) static var blocksPerInputScale: Int { 1 }
}

/// A scale and a minimum for 32 columns.
enum ScaleAndMinimum: PanelFactors {
  @inline(__always) static var factorVectors: Int { 2 }
  @inline(__always) static var correctionsPerBlock: Int { 1 }
  @inline(__always) static var hasMinimum: Bool { true }
  @inline(__always) static var blocksPerInputScale: Int { 1 }
}

/// A scale and a minimum for 32 columns, in blocks of 256 weights.
enum PartScaleAndMinimum: PanelFactors {
  @inline(__always) static var factorVectors: Int { 2 }
  @inline(__always) static var correctionsPerBlock: Int { 1 }
  @inline(__always) static var hasMinimum: Bool { true }
  @inline(__always) static var blocksPerInputScale: Int { 8 }
}

/// A scale for the first and one for the last sixteen of 32 columns, in blocks of 256 weights.
enum TwoPartScales: PanelFactors {
  @inline(__always) static var factorVectors: Int { 2 }
  @inline(__always) static var correctionsPerBlock: Int { 2 }
  @inline(__always) static var hasMinimum: Bool { false }
  @inline(__always) static var blocksPerInputScale: Int { 8 }
}

/// Adds one panel block times some tokens to `sums`.
@inline(__always)
private func addBlock<Factors: PanelFactors, let tokens: Int>(
  _ factors: Factors.Type, _ panel: UnsafeRawPointer, _ block: Int, _ input: TileInput,
  _ sums: inout InlineArray<tokens, __m512>
) {
  let groups = Factors.hasMinimum ? 1 : Factors.correctionsPerBlock
  for group in 0..<groups {
    var integers = InlineArray<tokens, __m512i>(repeating: _mm512_setzero_si512())
    if !Factors.hasMinimum {
      for t in 0..<tokens {
        integers[t] = _mm512_set1_epi32(input.corrections[groups * (t * input.blocks + block) + group])
      }
    }
    addCodes(panel, 8 / groups * group..<8 / groups * (group + 1), block, input, &integers)
    let scale = _mm512_load_ps(panel + 64 * (PanelBlock.codeVectors + group))
    for t in 0..<tokens { addScaled(factors, integers[t], scale, t, block, input, &sums[t]) }
  }
  guard Factors.hasMinimum else { return }
  let minimum = _mm512_load_ps(panel + 64 * (PanelBlock.codeVectors + 1))
  for t in 0..<tokens {
    let factor = UnsafeRawPointer(input.corrections + t * input.blocks + block).load(as: Float.self)
    sums[t] = _mm512_fnmadd_ps(minimum, _mm512_set1_ps(factor), sums[t])
  }
}

/// Adds the integer products of some code vectors.
@inline(__always)
private func addCodes<let tokens: Int>(
  _ panel: UnsafeRawPointer, _ vectors: Range<Int>, _ block: Int, _ input: TileInput,
  _ integers: inout InlineArray<tokens, __m512i>
) {
  for vector in vectors {
    let codes = _mm512_load_si512(panel + 64 * vector)
    for t in 0..<tokens {
      let four = UnsafeRawPointer(input.values + t * input.columns + 32 * block + 4 * vector)
        .loadUnaligned(as: Int32.self)
      integers[t] = _mm512_dpbusd_epi32(integers[t], codes, _mm512_set1_epi32(four))
    }
  }
}

/// Adds integer products times their scales by one fused step. The input's scale is among them unless blocks share it.
@inline(__always)
func addScaled<Factors: PanelFactors>(
  _: Factors.Type, _ integers: __m512i, _ scale: __m512, _ token: Int, _ block: Int, _ input: TileInput,
  _ sum: inout __m512
) {
  var product = scale
  if Factors.blocksPerInputScale == 1 {
    product = _mm512_mul_ps(scale, _mm512_set1_ps(input.scales[token * input.blocks + block]))
  }
  sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(integers), product, sum)
}

/// Adds panel blocks `first ..< first + count` of sixteen rows times `tokens` tokens to `sums`, a vector a token.
///
/// Per block, the codes are multiplied and added in 32-bit integers, exactly; the result enters the F32 sum by one
/// fused step. Blocks that share an input scale have a sum of their own, which enters by another. A row's sum depends
/// on the order of its blocks alone.
@inline(__always)
private func addBlocks<Factors: PanelFactors, let tokens: Int>(
  _ factors: Factors.Type, _: InlineArray<tokens, Void>.Type, _ panel: UnsafeRawPointer, _ first: Int, _ count: Int,
  _ input: TileInput, _ sums: UnsafeMutablePointer<Float>
) {
  let blockBytes = 64 * (PanelBlock.codeVectors + Factors.factorVectors)
  var panel = panel
  if Factors.blocksPerInputScale == 1 {
    var registers = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
    for t in 0..<tokens { registers[t] = _mm512_load_ps(sums + 16 * t) }
    for block in first..<first + count {
      addBlock(factors, panel, block, input, &registers)
      panel += blockBytes
    }
    for t in 0..<tokens { _mm512_store_ps(sums + 16 * t, registers[t]) }
    return
  }
  for start in stride(from: first, to: first + count, by: Factors.blocksPerInputScale) {
    var registers = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
    for block in start..<start + Factors.blocksPerInputScale {
      addBlock(factors, panel, block, input, &registers)
      panel += blockBytes
    }
    for t in 0..<tokens {
      let scale = _mm512_set1_ps(input.scales[t * input.blocks + start])
      _mm512_store_ps(sums + 16 * t, _mm512_fmadd_ps(registers[t], scale, _mm512_load_ps(sums + 16 * t)))
    }
  }
}

/// Tokens of the largest tile: twelve integer and twelve F32 accumulators fit the registers.
var widestTile: Int { 12 }

/// `addBlocks` for a number of tokens known at run time, from 1 to `widestTile`.
@inline(never)
func addBlocks<Factors: PanelFactors>(
  _ factors: Factors.Type, tokens: Int, _ panel: UnsafeRawPointer, _ first: Int, _ count: Int, _ input: TileInput,
  _ sums: UnsafeMutablePointer<Float>
) {
  switch tokens {
  case 1: addBlocks(factors, InlineArray<1, Void>.self, panel, first, count, input, sums)
  case 2: addBlocks(factors, InlineArray<2, Void>.self, panel, first, count, input, sums)
  case 3: addBlocks(factors, InlineArray<3, Void>.self, panel, first, count, input, sums)
  case 4: addBlocks(factors, InlineArray<4, Void>.self, panel, first, count, input, sums)
  case 5: addBlocks(factors, InlineArray<5, Void>.self, panel, first, count, input, sums)
  case 6: addBlocks(factors, InlineArray<6, Void>.self, panel, first, count, input, sums)
  case 7: addBlocks(factors, InlineArray<7, Void>.self, panel, first, count, input, sums)
  case 8: addBlocks(factors, InlineArray<8, Void>.self, panel, first, count, input, sums)
  case 9: addBlocks(factors, InlineArray<9, Void>.self, panel, first, count, input, sums)
  case 10: addBlocks(factors, InlineArray<10, Void>.self, panel, first, count, input, sums)
  case 11: addBlocks(factors, InlineArray<11, Void>.self, panel, first, count, input, sums)
  default: addBlocks(factors, InlineArray<12, Void>.self, panel, first, count, input, sums)
  }
}
