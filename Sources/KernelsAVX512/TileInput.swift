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
  /// `PanelFactors.correctionsPerBlock` integers a block; or, as floats, what minima are multiplied by; or, in the first half
  /// of a group's, pairs of 16-bit sums of a block's bytes, which shared minima are multiplied by.
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

  /// Sums of the bytes of blocks `2 * pair` and the next, of those that share an input scale.
  @inline(__always)
  func sums(_ token: Int, pair: Int) -> __m512i { _mm512_set1_epi32(corrections[Self.groupBlocks * token + pair]) }

  /// What a block's minimum is multiplied by.
  @inline(__always)
  func minimumFactor(_ token: Int) -> __m512 {
    _mm512_castsi512_ps(_mm512_set1_epi32(corrections[Self.groupBlocks * token]))
  }
}
