/// Numbers below a capacity in an order of use: each at most once, first the one to give up first.
///
/// A doubly linked list in two arrays: every operation takes constant time and allocates nothing.
struct CacheOrder: Sendable {
  private var next: [Int32]
  private var previous: [Int32]
  /// The place between last and first.
  private let sentinel: Int32
  private(set) var count = 0

  init(capacity: Int) {
    sentinel = Int32(capacity)
    next = Array(repeating: -1, count: capacity + 1)
    previous = next
    next[capacity] = sentinel
    previous[capacity] = sentinel
  }

  /// The one to give up first.
  var first: Int32? { count == 0 ? nil : next[Int(sentinel)] }

  func contains(_ item: Int32) -> Bool { next[Int(item)] >= 0 }

  /// Makes an item that is not in the order the last one to be given up.
  mutating func append(_ item: Int32) { insert(item, after: previous[Int(sentinel)]) }

  /// Makes an item that is not in the order the first one to be given up.
  mutating func prepend(_ item: Int32) { insert(item, after: sentinel) }

  private mutating func insert(_ item: Int32, after place: Int32) {
    let following = next[Int(place)]
    next[Int(place)] = item
    previous[Int(item)] = place
    next[Int(item)] = following
    previous[Int(following)] = item
    count += 1
  }

  /// Takes an item out of the order; it is in it.
  mutating func remove(_ item: Int32) {
    let (before, after) = (previous[Int(item)], next[Int(item)])
    next[Int(before)] = after
    previous[Int(after)] = before
    next[Int(item)] = -1
    previous[Int(item)] = -1
    count -= 1
  }

  /// All items, the first to be given up first. For checks.
  var items: [Int32] {
    var items: [Int32] = []
    var item = next[Int(sentinel)]
    while item != sentinel {
      items.append(item)
      item = next[Int(item)]
    }
    return items
  }
}
