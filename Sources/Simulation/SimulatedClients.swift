import Scheduler
import Workload

/// The requests of a trace as a scheduler sees them: tokens that are equal exactly where conversations share them.
struct SimulatedClients {
  /// A turn whose time has come.
  struct Arrival {
    let time: Double
    let conversation: Int
    let turn: Int
  }

  let trace: Trace
  /// Tenants share nothing.
  let isolatesTenants: Bool
  private var next = 0
  private var later = EarliestFirst()

  init(_ trace: Trace, isolatesTenants: Bool) {
    self.trace = trace
    self.isolatesTenants = isolatesTenants
  }

  /// When the next request arrives; nil when none will.
  var nextTime: Double? {
    let first = next < trace.conversations.count ? trace.conversations[next].arrival : nil
    guard let waiting = later.first?.time else { return first }
    return first.map { min($0, waiting) } ?? waiting
  }

  /// Takes the next request that has arrived by `now`.
  mutating func take(at now: Double) -> Arrival? {
    guard let time = nextTime, time <= now else { return nil }
    if let waiting = later.first, waiting.time <= time { return later.removeFirst() }
    defer { next += 1 }
    return Arrival(time: time, conversation: next, turn: 0)
  }

  /// Lets the turn after this one follow, if there is one.
  mutating func follow(_ arrival: Arrival, at now: Double) {
    let turns = trace.conversations[arrival.conversation].turns
    guard arrival.turn + 1 < turns.count else { return }
    later.insert(
      Arrival(
        time: now + turns[arrival.turn + 1].pause, conversation: arrival.conversation, turn: arrival.turn + 1))
  }

  /// Tokens of the prompt of a turn.
  func promptCount(_ arrival: Arrival) -> Int {
    let conversation = trace.conversations[arrival.conversation]
    let before = conversation.turns[..<arrival.turn].reduce(0) { $0 + $1.prompt + $1.output }
    return (conversation.prefix?.tokens ?? 0) + before + conversation.turns[arrival.turn].prompt
  }

  func outputCount(_ arrival: Arrival) -> Int {
    trace.conversations[arrival.conversation].turns[arrival.turn].output
  }

  func tenant(_ arrival: Arrival) -> Int { trace.conversations[arrival.conversation].tenant }

  /// The prompt, with a breakpoint behind what is shared.
  func prompt(_ arrival: Arrival) -> CachedPrompt {
    let conversation = trace.conversations[arrival.conversation]
    let shared = conversation.prefix?.tokens ?? 0
    let count = promptCount(arrival)
    var tokens: [Int32] = []
    tokens.reserveCapacity(count + outputCount(arrival))
    if let prefix = conversation.prefix {
      let seed = UInt64(prefix.id) << 1 | 1
      for position in 0..<shared { tokens.append(Self.token(seed, position)) }
    }
    for position in shared..<count { tokens.append(token(arrival.conversation, position)) }
    let tenant = isolatesTenants ? UInt64(conversation.tenant) : 0
    return CachedPrompt(
      tokens: tokens, namespace: CacheNamespace(tenant, 0, 0, 0),
      breakpoints: shared > 0 && shared < count ? [CacheBreakpoint(position: shared, purpose: .shared)] : [])
  }

  /// The token at a position of a conversation, behind what it shares; replies have theirs, too.
  func token(_ conversation: Int, _ position: Int) -> Int32 { Self.token(UInt64(conversation) << 1, position) }

  private static func token(_ seed: UInt64, _ position: Int) -> Int32 {
    Int32(truncatingIfNeeded: SeededGenerator.mixed(seed << 32 &+ UInt64(position)) >> 33)
  }
}

/// A binary heap of arrivals, the earliest first; among equals the conversation that came first.
private struct EarliestFirst {
  private var heap: [SimulatedClients.Arrival] = []

  var first: SimulatedClients.Arrival? { heap.first }

  mutating func insert(_ arrival: SimulatedClients.Arrival) {
    heap.append(arrival)
    var child = heap.count - 1
    while child > 0, isBefore(child, (child - 1) / 2) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func removeFirst() -> SimulatedClients.Arrival? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    guard !heap.isEmpty else { return first }
    heap[0] = last
    var parent = 0
    while true {
      var least = parent
      for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && isBefore(child, least) {
        least = child
      }
      guard least != parent else { return first }
      heap.swapAt(parent, least)
      parent = least
    }
  }

  private func isBefore(_ one: Int, _ other: Int) -> Bool {
    (heap[one].time, heap[one].conversation) < (heap[other].time, heap[other].conversation)
  }
}
