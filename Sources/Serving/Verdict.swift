import Synchronization

/// Whether a request was taken into the queue: decided once, and a task can wait for it.
final class Verdict: Sendable {
  private struct State {
    var result: Result<Void, GenerationError>?
    var waiters: [CheckedContinuation<Result<Void, GenerationError>, Never>] = []
  }

  private let state = Mutex(State())

  /// Decides; what was decided before stands.
  func decide(_ result: Result<Void, GenerationError>) {
    let waiters = state.withLock { state in
      guard state.result == nil else { return [CheckedContinuation<Result<Void, GenerationError>, Never>]() }
      state.result = result
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume(returning: result) }
  }

  /// Returns once it is decided.
  func wait() async -> Result<Void, GenerationError> {
    await withCheckedContinuation { waiter in
      let result = state.withLock { state in
        if state.result == nil { state.waiters.append(waiter) }
        return state.result
      }
      if let result { waiter.resume(returning: result) }
    }
  }
}
