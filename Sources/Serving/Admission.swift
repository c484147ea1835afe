import Host
import Scheduler
import Synchronization

/// Counts the replies in the service and refuses those that are too many or too late, without asking the step loop.
final class Admission: Sendable {
  private struct State {
    var count = 0
    /// When the count was last more than 0, or when it began to be kept.
    var lastUse: ContinuousClock.Instant
    var lastID: UInt64 = 0
    /// Why nobody is let in any more.
    var refusal: GenerationError?
    /// To be done whenever the last is over.
    var whenEmpty: (@Sendable () -> Void)?
  }

  private let state: Mutex<State>
  /// Replies that may run and wait together.
  let limit: Int
  private let host: any HostSystem

  /// - Parameter host: whose time counts.
  init(limit: Int, host: any HostSystem) {
    self.limit = limit
    self.host = host
    state = Mutex(State(lastUse: host.now))
  }

  /// Lets so many replies to one request in together; `leave` is owed for each.
  func enter(_ count: Int) throws(GenerationError) -> [RequestID] {
    let entry: Result<[RequestID], GenerationError> = state.withLock { state in
      if let refusal = state.refusal { return .failure(refusal) }
      guard count <= limit else { return .failure(.tooManyChoices(count, limit: limit)) }
      if state.count > limit - count { return .failure(.queueFull(limit: limit)) }
      state.count += count
      let first = state.lastID + 1
      state.lastID += UInt64(count)
      return .success((first...state.lastID).map(RequestID.init(rawValue:)))
    }
    return try entry.get()
  }

  /// So many that were let in are over.
  func leave(_ count: Int = 1) {
    let now = host.now
    let action = state.withLock { state in
      state.count -= count
      state.lastUse = now
      return state.count == 0 ? state.whenEmpty : nil
    }
    action?()
  }

  /// Has something done whenever the last is over, on whatever thread that comes about.
  func whenEmpty(_ action: @escaping @Sendable () -> Void) { state.withLock { $0.whenEmpty = action } }

  /// Refuses all requests from now on, for the reason that was given first.
  func close(_ reason: GenerationError = .draining) { state.withLock { $0.refusal = $0.refusal ?? reason } }

  var isClosed: Bool { state.withLock { $0.refusal != nil } }
  var isEmpty: Bool { state.withLock { $0.count == 0 } }
  /// Since when nobody has been in; nil while somebody is.
  var emptySince: ContinuousClock.Instant? { state.withLock { $0.count == 0 ? $0.lastUse : nil } }
}
