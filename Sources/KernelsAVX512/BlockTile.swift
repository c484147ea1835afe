import CIntrinsics

/// Two panels, multiplied together so that each of a token's bytes that is loaded serves both.
struct PanelPair {
  var first: UnsafeRawPointer
  /// The first again where there is one panel.
  var second: UnsafeRawPointer
}

/// A vector a token for each of two panels.
struct PairSums<let tokens: Int> {
  var first = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
  var second = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())

  /// Zeros.
  @inline(__always)
  init() {}

  /// Those of the first panel, then those of the second.
  @inline(__always)
  init(_ memory: UnsafePointer<Float>) {
    for t in 0..<tokens {
      first[t] = _mm512_load_ps(memory + 16 * t)
      second[t] = _mm512_load_ps(memory + 16 * (tokens + t))
    }
  }

  @inline(__always)
  func store(_ memory: UnsafeMutablePointer<Float>) {
    for t in 0..<tokens {
      _mm512_store_ps(memory + 16 * t, first[t])
      _mm512_store_ps(memory + 16 * (tokens + t), second[t])
    }
  }
}

/// What is brought nearer while a tile is computed, some with each group of blocks: asked for all at once, it would hold up
/// the loads behind it.
struct Prefetch {
  var next: UnsafeRawPointer
  /// The end of what is wanted; `next` where nothing is.
  let end: UnsafeRawPointer
  /// A multiple of a cache line.
  let bytesPerGroup: Int

  /// Asks for the next share.
  @inline(__always)
  mutating func advance() {
    guard next < end else { return }
    for offset in stride(from: 0, to: bytesPerGroup, by: 64) { prefetch_line(next + offset) }
    next += bytesPerGroup
  }
}

/// Adds one block of two panels times some tokens to `sums`.
@inline(__always)
private func addBlock<Factors: PanelFactors, let tokens: Int>(
  _ factors: Factors.Type, _ panels: PanelPair, _ input: TileInput, _ sums: inout PairSums<tokens>
) {
  let groups = Factors.scalesPerBlock
  for group in 0..<groups {
    var first = InlineArray<tokens, __m512i>(repeating: _mm512_setzero_si512())
    var second = InlineArray<tokens, __m512i>(repeating: _mm512_setzero_si512())
    if Factors.hasOffset {
      for t in 0..<tokens {
        let correction = input.correction(t, group, factors)
        first[t] = correction
        second[t] = correction
      }
    }
    let vectors = PanelBlock.codeVectors / groups
    addFourCodes(panels, vectors * group, input, &first, &second)
    if groups == 1 { addFourCodes(panels, 4, input, &first, &second) }
    let place = 64 * (PanelBlock.codeVectors + group)
    let firstScale = _mm512_load_ps(panels.first + place)
    let secondScale = _mm512_load_ps(panels.second + place)
    for t in 0..<tokens {
      addScaled(factors, first[t], firstScale, t, input, &sums.first[t])
      addScaled(factors, second[t], secondScale, t, input, &sums.second[t])
    }
  }
  guard Factors.hasMinimum else { return }
  let firstMinimum = _mm512_load_ps(panels.first + 64 * (PanelBlock.codeVectors + 1))
  let secondMinimum = _mm512_load_ps(panels.second + 64 * (PanelBlock.codeVectors + 1))
  for t in 0..<tokens {
    let factor = input.minimumFactor(t)
    sums.first[t] = _mm512_fnmadd_ps(firstMinimum, factor, sums.first[t])
    sums.second[t] = _mm512_fnmadd_ps(secondMinimum, factor, sums.second[t])
  }
}

/// Adds the integer products of four code vectors. Written out, so that addresses are constants.
@inline(__always)
private func addFourCodes<let tokens: Int>(
  _ panels: PanelPair, _ vector: Int, _ input: TileInput, _ first: inout InlineArray<tokens, __m512i>,
  _ second: inout InlineArray<tokens, __m512i>
) {
  addCodes(panels, vector, input, &first, &second)
  addCodes(panels, vector + 1, input, &first, &second)
  addCodes(panels, vector + 2, input, &first, &second)
  addCodes(panels, vector + 3, input, &first, &second)
}

@inline(__always)
private func addCodes<let tokens: Int>(
  _ panels: PanelPair, _ vector: Int, _ input: TileInput, _ first: inout InlineArray<tokens, __m512i>,
  _ second: inout InlineArray<tokens, __m512i>
) {
  let firstCodes = _mm512_load_si512(panels.first + 64 * vector)
  let secondCodes = _mm512_load_si512(panels.second + 64 * vector)
  for t in 0..<tokens {
    let bytes = input.four(t, from: 4 * vector)
    first[t] = _mm512_dpbusd_epi32(first[t], firstCodes, bytes)
    second[t] = _mm512_dpbusd_epi32(second[t], secondCodes, bytes)
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

/// Adds panel blocks `first ..< first + count` of two panels times `tokens` tokens to `sums`, a vector a token, of the
/// first panel, then of the second; `first` is a multiple of eight.
///
/// Per block, the codes are multiplied and added in 32-bit integers, exactly; the result enters the F32 sum by one
/// fused step. Blocks that share an input scale have a sum of their own, which enters by another. A row's sum depends
/// on the order of its blocks alone.
@inline(__always)
private func addBlocks<Factors: PanelFactors, let tokens: Int>(
  _ factors: Factors.Type, _: InlineArray<tokens, Void>.Type, _ panels: PanelPair, _ first: Int, _ count: Int,
  _ input: TileInput, _ prefetch: Prefetch, _ sums: UnsafeMutablePointer<Float>
) {
  let last = first + count
  var panels = panels
  var prefetch = prefetch
  if Factors.blocksPerInputScale == 1 {
    var registers = PairSums<tokens>(sums)
    for start in stride(from: first, to: last, by: TileInput.groupBlocks) {
      prefetch.advance()
      let input = input.from(block: start, tokens: tokens, factors)
      addGroup(factors, &panels, min(TileInput.groupBlocks, last - start), input, &registers)
    }
    registers.store(sums)
    return
  }
  for start in stride(from: first, to: last, by: Factors.blocksPerInputScale) {
    prefetch.advance()
    let input = input.from(block: start, tokens: tokens, factors)
    var registers = Factors.hasSharedMinima ? minima(factors, panels, input) : PairSums<tokens>()
    addGroup(factors, &panels, Factors.blocksPerInputScale, input, &registers)
    for t in 0..<tokens {
      let scale = input.scale(t)
      let (firstSum, secondSum) = (sums + 16 * t, sums + 16 * (tokens + t))
      _mm512_store_ps(firstSum, _mm512_fmadd_ps(registers.first[t], scale, _mm512_load_ps(firstSum)))
      _mm512_store_ps(secondSum, _mm512_fmadd_ps(registers.second[t], scale, _mm512_load_ps(secondSum)))
    }
  }
}

/// What the shared minima of some blocks take away, before the input's scale.
@inline(__always)
private func minima<Factors: PanelFactors, let tokens: Int>(
  _: Factors.Type, _ panels: PanelPair, _ input: TileInput
) -> PairSums<tokens> {
  var first = InlineArray<tokens, __m512i>(repeating: _mm512_setzero_si512())
  var second = InlineArray<tokens, __m512i>(repeating: _mm512_setzero_si512())
  let place = 64 * (PanelBlock.codeVectors + 1)
  let blockBytes = 64 * (PanelBlock.codeVectors + Factors.factorVectors)
  for pair in 0..<Factors.blocksPerInputScale / 2 {
    let firstMinima = _mm512_load_si512(panels.first + place + pair * blockBytes)
    let secondMinima = _mm512_load_si512(panels.second + place + pair * blockBytes)
    for t in 0..<tokens {
      let sums = input.sums(t, pair: pair)
      first[t] = _mm512_dpwssd_epi32(first[t], firstMinima, sums)
      second[t] = _mm512_dpwssd_epi32(second[t], secondMinima, sums)
    }
  }
  let scale = place + Factors.blocksPerInputScale / 2 * blockBytes
  let firstScale = _mm512_load_ps(panels.first + scale)
  let secondScale = _mm512_load_ps(panels.second + scale)
  var sums = PairSums<tokens>()
  for t in 0..<tokens {
    sums.first[t] = takenAway(first[t], firstScale)
    sums.second[t] = takenAway(second[t], secondScale)
  }
  return sums
}

/// Integer sums of minima times their scale, negated.
@inline(__always)
func takenAway(_ integers: __m512i, _ scale: __m512) -> __m512 {
  _mm512_fnmadd_ps(scale, _mm512_cvtepi32_ps(integers), _mm512_setzero_ps())
}

/// Adds `count` blocks whose scales lie together.
@inline(__always)
private func addGroup<Factors: PanelFactors, let tokens: Int>(
  _ factors: Factors.Type, _ panels: inout PanelPair, _ count: Int, _ input: TileInput, _ sums: inout PairSums<tokens>
) {
  var input = input
  let blockBytes = 64 * (PanelBlock.codeVectors + Factors.factorVectors)
  for _ in 0..<count {
    addBlock(factors, panels, input, &sums)
    panels.first += blockBytes
    panels.second += blockBytes
    input.values += PanelBlock.columns
    input.scales += 1
    input.corrections += Factors.correctionsPerBlock
  }
}

/// Tokens of the largest tile: twelve integer and twelve F32 accumulators fit the registers.
var widestTile: Int { 6 }

/// `addBlocks` for a number of tokens known at run time, from 1 to `widestTile`.
@inline(never)
func addBlocks<Factors: PanelFactors>(
  _ factors: Factors.Type, tokens: Int, _ panels: PanelPair, _ first: Int, _ count: Int, _ input: TileInput,
  _ prefetch: Prefetch, _ sums: UnsafeMutablePointer<Float>
) {
  switch tokens {
  case 1: addBlocks(factors, InlineArray<1, Void>.self, panels, first, count, input, prefetch, sums)
  case 2: addBlocks(factors, InlineArray<2, Void>.self, panels, first, count, input, prefetch, sums)
  case 3: addBlocks(factors, InlineArray<3, Void>.self, panels, first, count, input, prefetch, sums)
  case 4: addBlocks(factors, InlineArray<4, Void>.self, panels, first, count, input, prefetch, sums)
  case 5: addBlocks(factors, InlineArray<5, Void>.self, panels, first, count, input, prefetch, sums)
  default: addBlocks(factors, InlineArray<6, Void>.self, panels, first, count, input, prefetch, sums)
  }
}
