/// What is to happen at which time: a binary heap. What is due at the same time happens in the order of its planning.
struct Agenda {
  struct Entry {
    let time: Int64
    let number: Int
    let action: () -> Void
    /// Whether it still matters.
    let isAlive: () -> Bool
  }

  private var heap: [Entry] = []
  private var lastNumber = 0

  /// The time of the first entry that matters.
  mutating func nextTime() -> Int64? {
    while let first = heap.first, !first.isAlive() { removeFirst() }
    return heap.first?.time
  }

  mutating func add(at time: Int64, isAlive: @escaping () -> Bool, _ action: @escaping () -> Void) {
    lastNumber += 1
    heap.append(Entry(time: time, number: lastNumber, action: action, isAlive: isAlive))
    var index = heap.count - 1
    while index > 0, precedes(index, (index - 1) / 2) {
      heap.swapAt(index, (index - 1) / 2)
      index = (index - 1) / 2
    }
  }

  /// Takes the first entry out.
  @discardableResult mutating func removeFirst() -> Entry? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var index = 0
    while true {
      var least = index
      for child in [2 * index + 1, 2 * index + 2] where child < heap.count && precedes(child, least) { least = child }
      guard least != index else { return first }
      heap.swapAt(index, least)
      index = least
    }
  }

  private func precedes(_ one: Int, _ other: Int) -> Bool {
    heap[one].time == heap[other].time ? heap[one].number < heap[other].number : heap[one].time < heap[other].time
  }
}
