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

    mutating func remove(_ id: String) -> Entry? {
      size -= sizes.removeValue(forKey: id) ?? 0
      running.removeValue(forKey: id)?.cancel()
      order.removeAll { $0 == id }
      return entries.removeValue(forKey: id)
    }
  }

  private let state = Mutex(State())
  private let limit: Int

  /// - Parameter limit: bytes of JSON that are kept.
  init(limit: Int) { self.limit = limit }

  /// The response called `id`.
  subscript(id: String) -> Entry? { state.withLock { $0.entries[id] } }

  /// Keeps a response, in place of one with the same id. One that is larger than the limit is not kept.
  func keep(_ entry: Entry, as id: String) {
    let size = entry.size
    state.withLock { state in
      state.size += size - (state.sizes[id] ?? 0)
      state.sizes[id] = size
      if state.entries.updateValue(entry, forKey: id) == nil { state.order.append(id) }
      while state.size > limit, let oldest = state.order.first { _ = state.remove(oldest) }
    }
  }

  /// Forgets a response, and ends it if it is being made. Returns whether there was one.
  func remove(_ id: String) -> Bool { state.withLock { $0.remove(id) != nil } }

  /// The item called `id` of a stored response.
  func item(_ id: String) -> JSON? {
    state.withLock { state in
      for name in state.order.reversed() {
        if let item = state.entries[name]?.conversation.first(where: { $0["id"]?.stringValue == id }) { return item }
      }
      return nil
    }
  }

  // MARK: - Responses being made in the background

  /// Keeps a response as it is at its beginning; the task that `makeTask` returns makes it.
  func start(_ entry: Entry, as id: String, _ makeTask: () -> Task<Void, Never>) {
    keep(entry, as: id)
    // Within the lock, so that the task cannot be done before it is known.
    state.withLock { $0.running[id] = makeTask() }
  }

  /// Keeps a response that has been made in the background; one that was cancelled or forgotten stays so.
  func finish(_ entry: Entry, as id: String) {
    guard state.withLock({ $0.running.removeValue(forKey: id) }) != nil else { return }
    keep(entry, as: id)
  }

  /// Ends a response that is being made, and returns it as it is then; nil if it is not being made.
  func cancel(_ id: String) -> Entry? {
    state.withLock { state in
      guard let task = state.running.removeValue(forKey: id), var entry = state.entries[id] else { return nil }
      task.cancel()
      var response = entry.response.objectValue ?? [:]
      response["status"] = "cancelled"
      entry.response = .object(response)
      state.entries[id] = entry
      return entry
    }
  }
}
