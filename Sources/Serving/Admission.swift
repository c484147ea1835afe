import Scheduler
import Synchronization

/// Counts the requests in the service and refuses those that are too many or too late, without asking the step loop.
final class Admission: Sendable {
  private struct State {
    var count = 0
    var lastID: UInt64 = 0
    var isDraining = false
  }

  private let state = Mutex(State())
  /// Requests that may run and wait together.
  private let limit: Int

  init(limit: Int) { self.limit = limit }

  /// Lets a request in; `leave` is owed for it.
  func enter() throws(GenerationError) -> RequestID {
    let entry: Result<RequestID, GenerationError> = state.withLock { state in
      if state.isDraining { return .failure(.draining) }
      if state.count >= limit { return .failure(.queueFull(limit: limit)) }
      state.count += 1
      state.lastID += 1
      return .success(RequestID(rawValue: state.lastID))
    }
    return try entry.get()
  }

  /// A request that was let in is over.
  func leave() { state.withLock { $0.count -= 1 } }

  /// Refuses all requests from now on.
  func close() { state.withLock { $0.isDraining = true } }

  var isClosed: Bool { state.withLock { $0.isDraining } }
  var isEmpty: Bool { state.withLock { $0.count == 0 } }
}
