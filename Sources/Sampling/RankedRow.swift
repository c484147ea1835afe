import Kernels

/// A row of logits with the greatest of every block of tokens: what is looked for is mostly in a few of the blocks.
struct RankedRow {
  let logits: UnsafeBufferPointer<Float>
  /// The greatest logit of each block.
  let maxima: UnsafeMutableBufferPointer<Float>
  /// Room for a whole row.
  let keys: UnsafeMutableBufferPointer<RankKey>

  /// Looks at the row once.
  init(
    _ logits: UnsafeBufferPointer<Float>, maxima: UnsafeMutableBufferPointer<Float>,
    keys: UnsafeMutableBufferPointer<RankKey>
  ) {
    self.logits = logits
    self.maxima = maxima
    self.keys = keys
    guard let row = logits.baseAddress, let output = maxima.baseAddress else { return }
    LogitRow.blockMaxima(row, count: logits.count, maxima: output)
  }

  /// The tokens of a block.
  func ids(of block: Int) -> Range<Int> {
    block * LogitRow.blockSize..<min((block + 1) * LogitRow.blockSize, logits.count)
  }

  /// The lowest id among those with the greatest logit; 0 if there is none above minus infinity.
  var mostLikely: Int {
    var best = 0
    for block in maxima.indices where maxima[block] > maxima[best] { best = block }
    guard !maxima.isEmpty, maxima[best] > -.infinity else { return 0 }
    let greatest = maxima[best]
    return ids(of: best).first { finite(logits[$0]) == greatest } ?? 0
  }

  /// The `k` highest ranks, at most all, in no order.
  ///
  /// The k-th greatest of the blocks' maxima is a bound: k tokens are no less, and few others are.
  func best(_ k: Int) -> UnsafeMutableBufferPointer<RankKey> {
    var bound = -Float.infinity
    if k <= maxima.count {
      for block in maxima.indices { keys[block] = RankKey(logit: maxima[block], id: block) }
      let blocks = UnsafeMutableBufferPointer(rebasing: keys[..<maxima.count])
      bound = blocks.moveFirst(k).max()?.logit ?? bound
    }
    return gather(where: { finite(logits[$0]) >= bound }, inBlocks: { maxima[$0] >= bound }).moveFirst(k)
  }

  /// Collects tokens in `keys`.
  func gather(
    where isWanted: (_ id: Int) -> Bool, inBlocks isBlockWanted: (_ block: Int) -> Bool
  ) -> UnsafeMutableBufferPointer<RankKey> {
    var filled = 0
    for block in maxima.indices where isBlockWanted(block) {
      for id in ids(of: block) where isWanted(id) {
        keys[filled] = RankKey(logit: finite(logits[id]), id: id)
        filled += 1
      }
    }
    return UnsafeMutableBufferPointer(rebasing: keys[..<filled])
  }
}

extension UnsafeMutableBufferPointer<RankKey> {
  /// Moves the `k` highest ranks to the front and returns them.
  fileprivate func moveFirst(_ k: Int) -> UnsafeMutableBufferPointer<RankKey> {
    UnsafeMutableBufferPointer(rebasing: self[..<selectPrefix(reaching: Double(k)) { _ in 1 }])
  }
}

/// A logit that can be computed with: not NaN, and below plus infinity.
@inline(__always) func finite(_ logit: Float) -> Float {
  logit.isNaN ? -.infinity : min(logit, .greatestFiniteMagnitude)
}
