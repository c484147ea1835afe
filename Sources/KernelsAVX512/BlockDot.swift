import CIntrinsics

/// What is brought nearer while a panel is multiplied, a share with each block: asked for all at once, it would hold up the
/// loads behind it.
struct UpcomingBytes {
  private var next: UnsafeRawPointer
  private var left: Int
  private let further: UnsafeRawPointer

  /// - Parameters:
  ///   - next: what is asked for first. It need not be readable.
  ///   - count: bytes there. If they are fewer than asked for, what is `further` follows.
  init(_ next: UnsafeRawPointer, count: Int, further: UnsafeRawPointer) {
    self.next = count > 0 ? next : further - count
    left = count > 0 ? count : .max
    self.further = further
  }

  /// Asks for the next `count` bytes.
  @inline(__always)
  mutating func request(_ count: Int) {
    for offset in stride(from: 0, to: count, by: 64) { prefetch_line(next + offset) }
    next += count
    left -= count
    if left <= 0 {
      next = further - left
      left = .max
    }
  }
}

/// A product of few tokens that takes panel vectors as they are unpacked, without a way through memory. It adds up as
/// `addBlocks` does.
struct BlockDot<Factors: PanelFactors, let tokens: Int>: PanelSink {
  private let input: TileInput
  private var upcoming: UpcomingBytes
  private let bytesPerBlock: Int
  /// The number of the first block of what is being unpacked.
  var firstBlock = 0
  private var sums = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
  /// The sum of the blocks that share an input scale.
  private var sharedSums = InlineArray<tokens, __m512>(repeating: _mm512_setzero_ps())
  /// Integers of the at most four blocks whose codes are under way at once, in two groups of columns.
  private var integers = InlineArray<8, InlineArray<tokens, __m512i>>(
    repeating: InlineArray<tokens, __m512i>(repeating: _mm512_setzero_si512()))

  @inline(__always)
  init(_ input: TileInput, upcoming: UpcomingBytes, bytesPerBlock: Int) {
    self.input = input
    self.upcoming = upcoming
    self.bytesPerBlock = bytesPerBlock
  }

  @inline(__always)
  mutating func code(_ vector: __m512i, _ index: Int, block: Int) {
    let open = 2 * (block % 4) + (Factors.scalesPerBlock == 2 ? index / 4 : 0)
    let column = PanelBlock.columns * (firstBlock + block) + 4 * index
    for t in 0..<tokens {
      integers[open][t] = _mm512_dpbusd_epi32(integers[open][t], vector, input.four(t, from: column))
    }
  }

  @inline(__always)
  mutating func factor(_ vector: __m512, _ index: Int, block: Int) {
    if index == 0 { upcoming.request(bytesPerBlock) }
    if Factors.blocksPerInputScale == 1 {
      var target = sums
      add(vector, index, block, &target)
      sums = target
      return
    }
    var target = sharedSums
    add(vector, index, block, &target)
    sharedSums = target
    guard block == Factors.blocksPerInputScale - 1, index == Factors.scalesPerBlock - 1 else { return }
    let input = input.from(block: firstBlock, tokens: tokens, Factors.self)
    for t in 0..<tokens {
      sums[t] = _mm512_fmadd_ps(sharedSums[t], input.scale(t), sums[t])
      sharedSums[t] = _mm512_setzero_ps()
    }
  }

  @inline(__always)
  mutating func minima(_ pairs: (__m512i, __m512i, __m512i, __m512i), scale: __m512) {
    let input = input.from(block: firstBlock, tokens: tokens, Factors.self)
    for t in 0..<tokens {
      var integers = _mm512_dpwssd_epi32(_mm512_setzero_si512(), pairs.0, input.sums(t, pair: 0))
      integers = _mm512_dpwssd_epi32(integers, pairs.1, input.sums(t, pair: 1))
      integers = _mm512_dpwssd_epi32(integers, pairs.2, input.sums(t, pair: 2))
      integers = _mm512_dpwssd_epi32(integers, pairs.3, input.sums(t, pair: 3))
      sharedSums[t] = takenAway(integers, scale)
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
      if Factors.hasOffset { total = _mm512_add_epi32(total, input.correction(t, index, Factors.self)) }
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
