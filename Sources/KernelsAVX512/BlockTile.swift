import CIntrinsics

/// A tile's inputs from one block on: the tokens' bytes and scales, and per block what the weights' offset or minimum
/// takes away.
///
/// Scales and corrections of eight blocks of the first token are followed by those of the next token, and so on, then
/// by those of the next eight blocks: what a block needs is then at fixed distances, and takes no registers.
struct TileInput {
  /// Blocks whose scales lie together.
  static var groupBlocks: Int { 8 }

  /// The first token's bytes; tokens are `columns` bytes apart.
  var values: UnsafePointer<Int8>
  let columns: Int
  /// The first token's scale; the next token's is `groupBlocks` after it.
  var scales: UnsafePointer<Float>
  /// `PanelFactors.correctionsPerBlock` integers a block; or, as floats, what minima are multiplied by.
  var corrections: UnsafePointer<Int32>

  /// What a tile of `tokens` tokens takes from block `block` on, given what it takes from block 0 on.
  @inline(__always)
  func from<Factors: PanelFactors>(block: Int, tokens: Int, _: Factors.Type) -> TileInput {
    let place = block / Self.groupBlocks * Self.groupBlocks * tokens + block % Self.groupBlocks
    var input = self
    input.values += PanelBlock.columns * block
    input.scales += place
    input.corrections += Factors.correctionsPerBlock * place
    return input
  }

  /// Four bytes of token `token` in every lane.
  @inline(__always)
  func four(_ token: Int, from column: Int) -> __m512i {
    _mm512_set1_epi32(UnsafeRawPointer(values + token * columns + column).loadUnaligned(as: Int32.self))
  }

  @inline(__always)
  func scale(_ token: Int) -> __m512 { _mm512_set1_ps(scales[Self.groupBlocks * token]) }

  /// Integer correction `index` of a block.
  @inline(__always)
  func correction<Factors: PanelFactors>(_ token: Int, _ index: Int, _: Factors.Type) -> __m512i {
    _mm512_set1_epi32(corrections[Factors.correctionsPerBlock * Self.groupBlocks * token + index])
  }

  /// What a block's minimum is multiplied by.
  @inline(__always)
  func minimumFactor(_ token: Int) -> __m512 {
    _mm512_castsi512_ps(_mm512_set1_epi32(corrections[Self.groupBlocks * token]))
  }
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
  _ factors: Factors.Type, _ panel: UnsafeRawPointer, _ input: TileInput, _ sums: inout InlineArray<tokens, __m512>
) {
  let groups = Factors.hasMinimum ? 1 : Factors.correctionsPerBlock
  for group in 0..<groups {
    var integers = InlineArray<tokens, __m512i>(repeating: _mm512_setzero_si512())
    if !Factors.hasMinimum {
      for t in 0..<tokens { integers[t] = input.correction(t, group, factors) }
    }
    let vectors = PanelBlock.codeVectors / groups
    addCodes(panel, vectors * group..<vectors * (group + 1), input, &integers)
    let scale = _mm512_load_ps(panel + 64 * (PanelBlock.codeVectors + group))
    for t in 0..<tokens { addScaled(factors, integers[t], scale, t, input, &sums[t]) }
  }
  guard Factors.hasMinimum else { return }
  let minimum = _mm512_load_ps(panel + 64 * (PanelBlock.codeVectors + 1))
  for t in 0..<tokens { sums[t] = _mm512_fnmadd_ps(minimum, input.minimumFactor(t), sums[t]) }
}

/// Adds the integer products of some code vectors, two a turn: more would be reordered into long chains of sums.
@inline(__always)
private func addCodes<let tokens: Int>(
  _ panel: UnsafeRawPointer, _ vectors: Range<Int>, _ input: TileInput, _ integers: inout InlineArray<tokens, __m512i>
) {
  for vector in stride(from: vectors.lowerBound, to: vectors.upperBound, by: 2) {
    let first = _mm512_load_si512(panel + 64 * vector)
    let second = _mm512_load_si512(panel + 64 * (vector + 1))
    for t in 0..<tokens { integers[t] = _mm512_dpbusd_epi32(integers[t], first, input.four(t, from: 4 * vector)) }
    for t in 0..<tokens { integers[t] = _mm512_dpbusd_epi32(integers[t], second, input.four(t, from: 4 * vector + 4)) }
  }
}

/// Adds integer products times their scales by one fused step. The input's scale is among them unless blocks share it.
@inline(__always)
func addScaled<Factors: PanelFactors>(
  _: Factors.Type, _ integers: __m512i, _ scale: __m512, _ token: Int, _ input: TileInput, _ sum: inout __m512
) {
  var product = scale
  if Factors.blocksPerInputScale == 1 { product = _mm512_mul_ps(scale, input.scale(token)) }
  sum = _mm512_fmadd_ps(_mm512_cvtepi32_ps(integers), product, sum)
}

/// Adds panel blocks `first ..< first + count` of sixteen rows times `tokens` tokens to `sums`, a vector a token;
/// `first` is a multiple of eight.
///
/// Per block, the codes are multiplied and added in 32-bit integers, exactly; the result enters the F32 sum by one
/// fused step. Blocks that share an input scale have a sum of their own, which enters by another. A row's sum depends
/// on the order of its blocks alone.
@inline(__always)
private func addBlocks<Factors: PanelFactors, let tokens: Int>(
  _ factors: Factors.Type, _: InlineArray<tokens, Void>.Type, _ panel: UnsafeRawPointer, _ first: Int, _ count: Int,
  _ input: TileInput, _ sums: UnsafeMutablePointer<Float>
) {
  let last = first + count
  var panel = panel
  if Factors.blocksPerInputScale == 1 {
    var registers = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
    for t in 0..<tokens { registers[t] = _mm512_load_ps(sums + 16 * t) }
    for start in stride(from: first, to: last, by: TileInput.groupBlocks) {
      var input = input.from(block: start, tokens: tokens, factors)
      addGroup(factors, &panel, min(TileInput.groupBlocks, last - start), &input, &registers)
    }
    for t in 0..<tokens { _mm512_store_ps(sums + 16 * t, registers[t]) }
    return
  }
  for start in stride(from: first, to: last, by: Factors.blocksPerInputScale) {
    var registers = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
    let group = input.from(block: start, tokens: tokens, factors)
    var input = group
    addGroup(factors, &panel, Factors.blocksPerInputScale, &input, &registers)
    for t in 0..<tokens {
      _mm512_store_ps(sums + 16 * t, _mm512_fmadd_ps(registers[t], group.scale(t), _mm512_load_ps(sums + 16 * t)))
    }
  }
}

/// Adds `count` blocks whose scales lie together.
@inline(__always)
private func addGroup<Factors: PanelFactors, let tokens: Int>(
  _ factors: Factors.Type, _ panel: inout UnsafeRawPointer, _ count: Int, _ input: inout TileInput,
  _ sums: inout InlineArray<tokens, __m512>
) {
  for _ in 0..<count {
    addBlock(factors, panel, input, &sums)
    panel += 64 * (PanelBlock.codeVectors + Factors.factorVectors)
    input.values += PanelBlock.columns
    input.scales += 1
    input.corrections += Factors.correctionsPerBlock
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
