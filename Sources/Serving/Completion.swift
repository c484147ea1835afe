import Synchronization

/// Something that happens once, and that tasks can wait for.
final class Completion: Sendable {
  private struct State {
    var isReached = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  /// It has happened.
  func reach() {
    let waiters = state.withLock { state in
      state.isReached = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Returns once it has happened.
  func wait() async {
    await withCheckedContinuation { waiter in
      let isReached = state.withLock { state in
        if !state.isReached { state.waiters.append(waiter) }
        return state.isReached
      }
      if isReached { waiter.resume() }
    }
  }
}
