import CIntrinsics

/// A product of few tokens that takes panel vectors as they are unpacked, without a way through memory. It adds up as
/// `addBlocks` does.
struct BlockDot<Factors: PanelFactors, let tokens: Int>: PanelSink {
  private let input: TileInput
  /// What is brought nearer meanwhile, a share with each block. Sixteen rows are too many streams for the processor to
  /// foresee, but the next panel as a whole is one; asked for all at once, it would hold up the loads behind it.
  private var upcoming: UnsafeRawPointer?
  private let upcomingBytes: Int
  /// The number of the first block of what is being unpacked.
  var firstBlock = 0
  private var sums = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
  /// The sum of the blocks that share an input scale.
  private var sharedSums = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
  /// Integers of the at most four blocks whose codes are under way at once, in two groups of columns.
  private var integers = InlineArray<8, InlineArray<tokens, __m512i>>(
    repeating: InlineArray<tokens, __m512i>(repeating: _mm512_setzero_si512()))

  @inline(__always)
  init(_ input: TileInput, upcoming: UnsafeRawPointer?, bytesPerBlock: Int) {
    self.input = input
    self.upcoming = upcoming
    upcomingBytes = bytesPerBlock
  }

  @inline(__always)
  mutating func code(_ vector: __m512i, _ index: Int, block: Int) {
    let open = 2 * (block % 4) + (Factors.correctionsPerBlock == 2 ? index / 4 : 0)
    let column = PanelBlock.columns * (firstBlock + block) + 4 * index
    for t in 0..<tokens {
      integers[open][t] = _mm512_dpbusd_epi32(integers[open][t], vector, input.four(t, from: column))
    }
  }

  @inline(__always)
  mutating func factor(_ vector: __m512, _ index: Int, block: Int) {
    if index == 0, let next = upcoming {
      for offset in stride(from: 0, to: upcomingBytes, by: 64) { prefetch_line(next + offset) }
      upcoming = next + upcomingBytes
    }
    if Factors.blocksPerInputScale == 1 {
      var target = sums
      add(vector, index, block, &target)
      sums = target
      return
    }
    var target = sharedSums
    add(vector, index, block, &target)
    sharedSums = target
    guard block == Factors.blocksPerInputScale - 1, index == Factors.factorVectors - 1 else { return }
    let input = input.from(block: firstBlock, tokens: tokens, Factors.self)
    for t in 0..<tokens {
      sums[t] = _mm512_fmadd_ps(sharedSums[t], input.scale(t), sums[t])
      sharedSums[t] = _mm512_setzero_ps()
    }
  }

  @inline(__always)
  private mutating func add(
    _ vector: __m512, _ index: Int, _ block: Int, _ target: inout InlineArray<tokens, __m512>
  ) {
    let input = input.from(block: firstBlock + block, tokens: tokens, Factors.self)
    if Factors.hasMinimum && index == 1 {
      for t in 0..<tokens { target[t] = _mm512_fnmadd_ps(vector, input.minimumFactor(t), target[t]) }
      return
    }
    let open = 2 * (block % 4) + index
    for t in 0..<tokens {
      var total = integers[open][t]
      if !Factors.hasMinimum { total = _mm512_add_epi32(total, input.correction(t, index, Factors.self)) }
      addScaled(Factors.self, total, vector, t, input, &target[t])
      integers[open][t] = _mm512_setzero_si512()
    }
  }

  /// Writes the sums, a vector a token.
  @inline(__always)
  func store(_ output: UnsafeMutablePointer<Float>) {
    for t in 0..<tokens { _mm512_store_ps(output + 16 * t, sums[t]) }
  }
}
