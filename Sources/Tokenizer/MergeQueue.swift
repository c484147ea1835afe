/// A binary min-heap of possible merges: lowest rank first, and leftmost of equal ranks.
struct MergeQueue {
  /// Rank in the upper half, position in the lower.
  private var heap: [UInt64] = []

  mutating func removeAll() { heap.removeAll(keepingCapacity: true) }

  /// Adds the merge of the symbol at `position` with its neighbour, if they have one.
  @inline(__always)
  mutating func insert(_ merge: MergeTable.Merge, position: Int) {
    if merge.rank == .max { return }
    let entry = UInt64(merge.rank) << 32 | UInt64(UInt32(truncatingIfNeeded: position))
    var index = heap.count
    heap.append(entry)
    while index > 0 {
      let parent = (index - 1) / 2
      if heap[parent] <= entry { break }
      heap[index] = heap[parent]
      index = parent
    }
    heap[index] = entry
  }

  @inline(__always)
  mutating func popFirst() -> (rank: UInt32, position: Int)? {
    guard let first = heap.first, let last = heap.popLast() else { return nil }
    if !heap.isEmpty { sink(last) }
    return (UInt32(truncatingIfNeeded: first >> 32), Int(UInt32(truncatingIfNeeded: first)))
  }

  /// Puts `entry` in place of the root, which has been taken.
  private mutating func sink(_ entry: UInt64) {
    var index = 0
    while true {
      var child = 2 * index + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1] < heap[child] { child += 1 }
      if entry <= heap[child] { break }
      heap[index] = heap[child]
      index = child
    }
    heap[index] = entry
  }
}
