/// A fixed set of numbered resources, each of which is free or held by exactly one owner.
///
/// Free ones are handed out again in the order "last returned first", from 0 up at the start, so the same events give
/// the same numbers.
struct FixedPool: Sendable {
  let count: Int
  private var free: [Int32]

  init(count: Int) {
    self.count = count
    free = (0..<Int32(count)).reversed()
  }

  var freeCount: Int { free.count }
  var freeItems: [Int32] { free }

  /// Takes one; nil if none is free.
  mutating func take() -> Int32? { free.popLast() }

  /// Gives one back; the caller no longer refers to it.
  mutating func giveBack(_ item: Int32) { free.append(item) }

  /// Gives several back, so that the first of them is the first to be handed out again.
  mutating func giveBack(_ items: [Int32]) { free.append(contentsOf: items.reversed()) }
}
