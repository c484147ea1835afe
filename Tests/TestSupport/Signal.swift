import Synchronization

/// Something that happens once, for one task of a test to wait for and another to make happen.
public final class Signal: Sendable {
  private struct State {
    var hasFired = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  private let state = Mutex(State())

  /// A signal that has not fired.
  public init() {}

  /// Whether it has happened.
  public var hasFired: Bool { state.withLock { $0.hasFired } }

  /// Makes it happen; more than once is as good as once.
  public func fire() {
    let waiters = state.withLock { state in
      state.hasFired = true
      defer { state.waiters = [] }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }

  /// Waits until it has happened, also when the task is cancelled.
  public func wait() async {
    await withCheckedContinuation { waiter in
      let hasFired = state.withLock { state in
        if !state.hasFired { state.waiters.append(waiter) }
        return state.hasFired
      }
      if hasFired { waiter.resume() }
    }
  }
}
