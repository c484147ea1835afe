/// What the server takes of the machine it runs on, beside memory, network and files: time, and somebody to do its work.
///
/// `SystemHost` is the machine. Another host can decide which piece of work is done next, and what time it is, so that
/// all there is to a server happens in one thread, in an order that can be repeated.
public protocol HostSystem: Sendable {
  /// The time; it never goes back.
  var now: ContinuousClock.Instant { get }

  /// Returns at a time.
  /// - Throws: `CancellationError` as soon as the task is cancelled.
  func sleep(until deadline: ContinuousClock.Instant) async throws

  /// Something for a worker to sleep on.
  func makeWakeUp() -> any WakeUp

  /// Has a worker's turns taken, one after another, beside everybody else's.
  ///
  /// - Parameters:
  ///   - name: what a thread is called.
  ///   - wakeUp: waited for whenever there is nothing to do.
  ///   - turn: one turn.
  func start(_ name: String, wakeUp: any WakeUp, turn: sending @escaping () -> Turn)

  /// Has a piece of work done some time soon, beside everybody else's.
  func perform(_ work: @escaping @Sendable () -> Void)
}

/// What a worker is to do after a turn.
public enum Turn: Sendable {
  /// Take another one.
  case again
  /// Wait to be woken, and take another one: there is nothing to do.
  case sleep
  /// Nothing any more.
  case end
}

/// Something to sleep on. Somebody who is woken before sleeping does not fall asleep.
public protocol WakeUp: Sendable {
  /// Wakes who waits, or will wait.
  func signal()
  /// Returns when it was signalled: once for each signal.
  func wait()
}
