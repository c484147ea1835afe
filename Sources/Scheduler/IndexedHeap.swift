/// Items in a heap, the least key first, any of which can be taken out or get another key in logarithmic time.
struct IndexedHeap<Key: Comparable & Sendable>: Sendable {
  private var entries: [(key: Key, item: Int32)] = []
  private var places: [Int32: Int] = [:]

  var count: Int { entries.count }
  var isEmpty: Bool { entries.isEmpty }
  /// The item with the least key.
  var first: (key: Key, item: Int32)? { entries.first }
  /// In no order; for checks.
  var items: [Int32] { entries.map(\.item) }

  /// Adds an item that is not in the heap.
  mutating func insert(_ item: Int32, key: Key) {
    entries.append((key, item))
    places[item] = entries.count - 1
    rise(from: entries.count - 1)
  }

  /// Takes an item out.
  /// - Returns: whether it was there.
  @discardableResult mutating func remove(_ item: Int32) -> Bool {
    guard let place = places.removeValue(forKey: item) else { return false }
    let last = entries.removeLast()
    if place < entries.count {
      entries[place] = last
      places[last.item] = place
      sink(from: place)
      rise(from: place)
    }
    return true
  }

  /// Gives the first item another key, which is not less.
  mutating func delayFirst(to key: Key) {
    entries[0].key = key
    sink(from: 0)
  }

  private mutating func rise(from place: Int) {
    var place = place
    while place > 0, entries[place].key < entries[(place - 1) / 2].key {
      swap(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private mutating func sink(from place: Int) {
    var place = place
    while 2 * place + 1 < entries.count {
      var least = 2 * place + 1
      if least + 1 < entries.count, entries[least + 1].key < entries[least].key { least += 1 }
      guard entries[least].key < entries[place].key else { return }
      swap(place, least)
      place = least
    }
  }

  private mutating func swap(_ a: Int, _ b: Int) {
    entries.swapAt(a, b)
    places[entries[a].item] = a
    places[entries[b].item] = b
  }
}

/// Who comes before whom: by the time a request came in, which its priority puts earlier or later; then by number.
struct Rank: Comparable, Sendable {
  let virtualArrival: Double
  let arrival: Int

  static func < (a: Rank, b: Rank) -> Bool {
    a.virtualArrival != b.virtualArrival ? a.virtualArrival < b.virtualArrival : a.arrival < b.arrival
  }
}
