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
    let column = 32 * (firstBlock + block) + 4 * index
    let open = 2 * (block % 4) + (Factors.correctionsPerBlock == 2 ? index / 4 : 0)
    for t in 0..<tokens {
      let four = UnsafeRawPointer(input.values + t * input.columns + column).loadUnaligned(as: Int32.self)
      integers[open][t] = _mm512_dpbusd_epi32(integers[open][t], vector, _mm512_set1_epi32(four))
    }
  }

  @inline(__always)
  mutating func factor(_ vector: __m512, _ index: Int, block: Int) {
    let number = firstBlock + block
    if index == 0, let next = upcoming {
      for offset in stride(from: 0, to: upcomingBytes, by: 64) { prefetch_line(next + offset) }
      upcoming = next + upcomingBytes
    }
    if Factors.blocksPerInputScale == 1 {
      var target = sums
      add(vector, index, block, number, &target)
      sums = target
      return
    }
    var target = sharedSums
    add(vector, index, block, number, &target)
    sharedSums = target
    guard block == Factors.blocksPerInputScale - 1, index == Factors.factorVectors - 1 else { return }
    for t in 0..<tokens {
      let scale = _mm512_set1_ps(input.scales[t * input.blocks + firstBlock])
      sums[t] = _mm512_fmadd_ps(sharedSums[t], scale, sums[t])
      sharedSums[t] = _mm512_setzero_ps()
    }
  }

  @inline(__always)
  private mutating func add(
    _ vector: __m512, _ index: Int, _ block: Int, _ number: Int, _ target: inout InlineArray<tokens, __m512>
  ) {
    if Factors.hasMinimum && index == 1 {
      for t in 0..<tokens {
        let factor = UnsafeRawPointer(input.corrections + t * input.blocks + number).load(as: Float.self)
        target[t] = _mm512_fnmadd_ps(vector, _mm512_set1_ps(factor), target[t])
      }
      return
    }
    let open = 2 * (block % 4) + index
    for t in 0..<tokens {
      var total = integers[open][t]
      if !Factors.hasMinimum {
        let correction = Factors.correctionsPerBlock * (t * input.blocks + number) + index
        total = _mm512_add_epi32(total, _mm512_set1_epi32(input.corrections[correction]))
      }
      addScaled(Factors.self, total, vector, t, number, input, &target[t])
      integers[open][t] = _mm512_setzero_si512()
    }
  }

  /// Writes the sums, a vector a token.
  @inline(__always)
  func store(_ output: UnsafeMutablePointer<Float>) {
    for t in 0..<tokens { _mm512_store_ps(output + 16 * t, sums[t]) }
  }
}
