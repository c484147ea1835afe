/// A running loop: what `loop` is inside its body. Elements are taken one at a time, since a loop's condition
/// may depend on what the body did before.
final class LoopState {
  private var pull: () throws(Fault) -> Value?
  private var knownCount: Int?
  /// Elements that were looked at ahead of time.
  private var upcoming: [Value] = []
  private var upcomingStart = 0
  private var previous: Value?
  private var current: Value?
  private var lastChanged: [Value]?
  private var index0 = -1
  private var isFinished = false
  /// How many recursive calls of the loop enclose this one.
  let depth0: Int
  /// Renders the loop's body for other elements; nil unless the loop is recursive.
  private var recurse: ((Value) throws(Fault) -> String)?

  /// `count` is the number of elements where it is known beforehand.
  init(
    count: Int?, depth0: Int, recurse: ((Value) throws(Fault) -> String)?, pull: @escaping () throws(Fault) -> Value?
  ) {
    self.pull = pull
    self.recurse = recurse
    self.depth0 = depth0
    knownCount = count
  }

  /// Moves to the next element and returns it; nil after the last.
  func next() throws(Fault) -> Value? {
    guard let element = try peek() else { return nil }
    upcomingStart += 1
    index0 += 1
    previous = current
    current = element
    return element
  }

  private func peek() throws(Fault) -> Value? {
    if upcomingStart < upcoming.count { return upcoming[upcomingStart] }
    upcoming.removeAll(keepingCapacity: true)
    upcomingStart = 0
    guard let element = try pull() else { return nil }
    upcoming.append(element)
    return element
  }

  private func count() throws(Fault) -> Int {
    if let knownCount { return knownCount }
    while let element = try pull() { upcoming.append(element) }
    let count = index0 + 1 + upcoming.count - upcomingStart
    knownCount = count
    return count
  }

  /// Whether the loop has elements, which its body can only see to be so.
  var hasElements: Bool { true }

  /// Ends the loop and drops all it holds on to. A template that kept `loop` can do nothing with it any more.
  func finish() {
    isFinished = true
    pull = { () throws(Fault) in nil }
    recurse = nil
    (upcoming, previous, current, lastChanged) = ([], nil, nil, nil)
  }

  private func checkRunning() throws(Fault) {
    if isFinished { throw Fault(.unsupported, "'loop' is used after its loop has ended") }
  }

  /// Renders the body for the elements of another value.
  func callAsFunction(_ arguments: Arguments) throws(Fault) -> Value {
    try checkRunning()
    let bound = try arguments.bound(to: ["iterable"], of: "loop", required: 1)
    guard let recurse else { throw Fault(.type, "only a loop marked 'recursive' can be called") }
    return .string(try recurse(bound[0] ?? .none))
  }

  /// An attribute other than a method; nil where there is none of that name.
  func attribute(_ name: String) throws(Fault) -> Value? {
    try checkRunning()
    return switch name {
    case "index": .integer(index0 + 1)
    case "index0": .integer(index0)
    case "first": .boolean(index0 == 0)
    case "last": .boolean(try peek() == nil)
    case "length": .integer(try count())
    case "revindex": .integer(try count() - index0)
    case "revindex0": .integer(try count() - index0 - 1)
    case "depth": .integer(depth0 + 1)
    case "depth0": .integer(depth0)
    case "previtem": previous ?? .undefined(UndefinedValue(.hint("there is no previous item")))
    case "nextitem": try peek() ?? .undefined(UndefinedValue(.hint("there is no next item")))
    default: nil
    }
  }

  func cycle(_ arguments: Arguments) throws(Fault) -> Value {
    try checkRunning()
    guard arguments.keywords.isEmpty, !arguments.positional.isEmpty else {
      throw Fault(.type, "loop.cycle needs positional arguments")
    }
    return arguments.positional[index0 % arguments.positional.count]
  }

  func changed(_ arguments: Arguments, _ budget: Budget) throws(Fault) -> Value {
    try checkRunning()
    guard arguments.keywords.isEmpty else { throw Fault(.type, "loop.changed takes no named arguments") }
    defer { lastChanged = arguments.positional }
    guard let lastChanged, lastChanged.count == arguments.positional.count else { return .boolean(true) }
    for (old, new) in zip(lastChanged, arguments.positional) where try !Value.areEqual(old, new, budget) {
      return .boolean(true)
    }
    return .boolean(false)
  }
}
