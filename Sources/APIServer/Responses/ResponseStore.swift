import JSON
import Synchronization

/// The responses that can be asked for again, in memory and within a bound: the oldest make room for new ones.
final class ResponseStore: Sendable {
  /// A response and what it answers.
  struct Entry: Sendable {
    /// The response object.
    var response: JSON
    /// Every item the response answers, those of earlier responses included.
    let input: [JSON]
    /// The key that let its request in; nil where everybody is let in.
    let owner: String?

    /// What a response that goes on from this one answers.
    var conversation: [JSON] { input + (response["output"]?.arrayValue ?? []) }

    /// Roughly what the entry takes of the memory.
    fileprivate var size: Int { input.reduce(response.bytes.count) { $0 + $1.bytes.count } }
  }

  private struct State {
    var entries: [String: Entry] = [:]
    /// Ids, the oldest first.
    var order: [String] = []
    var sizes: [String: Int] = [:]
    var size = 0
    var running: [String: Task<Void, Never>] = [:]
    /// Events of responses that can be followed.
    var logs: [String: ResponseEventLog] = [:]

    /// Counts what an entry and its events take now.
    mutating func measure(_ id: String, _ bytes: Int) {
      size += bytes - (sizes[id] ?? 0)
      sizes[id] = bytes
    }

    /// Adds events to a response that can be followed.
    mutating func log(_ events: [ReplyFrame], _ id: String, _ notices: inout Notices) {
      guard let bytes = logs[id]?.append(events), bytes > 0 else { return }
      measure(id, (sizes[id] ?? 0) + bytes)
      notices.told += logs[id]?.followers.values.map { ($0, events) } ?? []
    }

    mutating func remove(_ id: String, _ notices: inout Notices) -> Entry? {
      size -= sizes.removeValue(forKey: id) ?? 0
      notices.cancelled += running.removeValue(forKey: id).map { [$0] } ?? []
      notices.ended += logs.removeValue(forKey: id)?.followers.values.map(\.self) ?? []
      order.removeAll { $0 == id }
      return entries.removeValue(forKey: id)
    }

    mutating func shrink(to limit: Int, _ notices: inout Notices) {
      while size > limit, let oldest = order.first { _ = remove(oldest, &notices) }
    }
  }

  /// What others are told of a change, once the state is no longer locked. The runtime locks a task to wake or to cancel
  /// it, and while a cancelled one lets go of its stream, which takes the state's lock: within that, one would wait for
  /// the other for ever.
  private struct Notices: Sendable {
    var told: [(follower: ResponseEventLog.Follower, events: [ReplyFrame])] = []
    var ended: [ResponseEventLog.Follower] = []
    var cancelled: [Task<Void, Never>] = []

    func give() {
      for (follower, events) in told { follower.yield(events) }
      for follower in ended { follower.finish() }
      for task in cancelled { task.cancel() }
    }
  }

  private let state = Mutex(State())
  private let limit: Int

  /// - Parameter limit: bytes of JSON that are kept.
  init(limit: Int) { self.limit = limit }

  /// Changes the state, then tells others.
  private func change<Value: Sendable>(_ work: (inout State, inout Notices) -> Value) -> Value {
    let (value, notices) = state.withLock { state in
      var notices = Notices()
      let value = work(&state, &notices)
      return (value, notices)
    }
    notices.give()
    return value
  }

  /// The response called `id`, if it is the owner's: nobody can tell those of others from those there are not.
  subscript(id: String, owner: String?) -> Entry? {
    state.withLock { state in state.entries[id].flatMap { $0.owner == owner ? $0 : nil } }
  }

  /// Keeps a response, in place of one with the same id. One that is larger than the limit is not kept.
  func keep(_ entry: Entry, as id: String) {
    let size = entry.size
    change { state, notices in
      state.measure(id, size + (state.logs[id]?.byteCount ?? 0))
      if state.entries.updateValue(entry, forKey: id) == nil { state.order.append(id) }
      state.shrink(to: limit, &notices)
    }
  }

  /// Forgets a response, and ends it if it is being made. Returns whether there was one.
  func remove(_ id: String) -> Bool { change { $0.remove(id, &$1) != nil } }

  /// The item called `id` of a stored response of the owner.
  func item(_ id: String, of owner: String?) -> JSON? {
    state.withLock { state in
      for name in state.order.reversed() {
        guard let entry = state.entries[name], entry.owner == owner else { continue }
        if let item = entry.conversation.first(where: { $0["id"]?.stringValue == id }) { return item }
      }
      return nil
    }
  }

  // MARK: - Responses being made in the background

  /// Keeps a response as it is at its beginning; the task that `makeTask` returns makes it.
  /// - Parameter events: what its stream begins with; nil where it cannot be followed.
  func start(_ entry: Entry, as id: String, events: [ReplyFrame]?, _ makeTask: () -> Task<Void, Never>) {
    keep(entry, as: id)
    // Within the lock, so that the task cannot be done, and tell of events, before it is known.
    change { state, notices in
      state.running[id] = makeTask()
      if events != nil, state.entries[id] != nil { state.logs[id] = ResponseEventLog() }
      state.log(events ?? [], id, &notices)
      state.shrink(to: limit, &notices)
    }
  }

  /// Keeps a response that has been made in the background; one that was cancelled or forgotten stays so.
  func finish(_ entry: Entry, as id: String) {
    guard state.withLock({ $0.running.removeValue(forKey: id) }) != nil else { return }
    keep(entry, as: id)
  }

  /// Ends a response that is being made, and returns it as it is then; nil if it is not being made.
  func cancel(_ id: String) -> Entry? {
    change { state, notices in
      guard let task = state.running.removeValue(forKey: id), var entry = state.entries[id] else { return nil }
      notices.cancelled.append(task)
      var response = entry.response.objectValue ?? [:]
      response["status"] = "cancelled"
      entry.response = .object(response)
      state.entries[id] = entry
      notices.ended += state.logs[id]?.end() ?? []
      return entry
    }
  }

  // MARK: - Events

  /// Keeps further events of a response that is being made, and tells those who follow it. They count as the response
  /// does, so that the oldest responses make room for them.
  /// - Parameter isLast: whether there will be no others.
  func append(_ events: [ReplyFrame], to id: String, isLast: Bool) {
    change { state, notices in
      state.log(events, id, &notices)
      if isLast { notices.ended += state.logs[id]?.end() ?? [] }
      state.shrink(to: limit, &notices)
    }
  }

  /// The events of a response from `first` on, those there are and those to come; the stream ends with the last one, or
  /// when the response is cancelled or forgotten. Nil where it cannot be followed.
  func events(of id: String, from first: Int) -> AsyncStream<[ReplyFrame]>? {
    let (stream, follower) = AsyncStream.makeStream(of: [ReplyFrame].self)
    let key = RequestIdentity.random(prefix: "")
    follower.onTermination = { [weak self] _ in
      self?.state.withLock { _ = $0.logs[id]?.followers.removeValue(forKey: key) }
    }
    let isFollowed: Bool? = state.withLock { state in
      guard let log = state.logs[id] else { return nil }
      // Within the lock, so that what comes next comes behind it; nobody waits for this stream yet.
      follower.yield(Array(log.events.dropFirst(first)))
      if !log.isOver { state.logs[id]?.followers[key] = follower }
      return !log.isOver
    }
    guard let isFollowed else { return nil }
    if !isFollowed { follower.finish() }
    return stream
  }
}
