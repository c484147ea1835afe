import CLinux
import Dispatch
import Foundation
import Synchronization

/// A thread that lets others go first.
enum YieldingThread {
  /// Steps of nice(2): a thread at 0 gets about nine times as much of a processor that both want.
  private static let steps: Int32 = 10

  private final class Outcome<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
    let isThere = DispatchSemaphore(value: 0)
  }

  /// Does work on such a thread, and returns when it is done. Threads that the work starts let others go first, too, for as
  /// long as they live.
  static func run<Value: Sendable, Failure: Error>(
    _ work: @escaping @Sendable () throws(Failure) -> Value
  ) throws(Failure) -> Value {
    let outcome = Outcome<Result<Value, Failure>>()
    let thread = Thread {
      lower_priority(steps)
      let result = Result(catching: work)
      outcome.value.withLock { $0 = result }
      outcome.isThere.signal()
    }
    thread.name = "apus.load"
    thread.stackSize = 8 << 20
    thread.start()
    outcome.isThere.wait()
    guard let result = outcome.value.withLock({ $0 }) else { preconditionFailure("the work is done") }
    return try result.get()
  }
}
