import Dispatch
import Foundation

/// The machine: its clock and its threads.
public struct SystemHost: HostSystem {
  private let queue = DispatchQueue(label: "apus.work", attributes: .concurrent)

  /// As much as a program's first thread has: what is read from files may be nested.
  private static let stackSize = 8 << 20

  /// The machine.
  public init() {}

  /// The time since some moment, the machine's sleep included.
  public var now: ContinuousClock.Instant { .now }

  /// Returns at a time.
  public func sleep(until deadline: ContinuousClock.Instant) async throws {
    try await Task.sleep(until: deadline, clock: .continuous)
  }

  /// A semaphore.
  public func makeWakeUp() -> any WakeUp { Semaphore() }

  /// Takes the turns on a thread of their own.
  public func start(_ name: String, wakeUp: any WakeUp, turn: sending @escaping () -> Turn) {
    let handedOver = HandedOver(turn)
    let thread = Thread {
      while true {
        switch handedOver.value() {
        case .again: continue
        case .sleep: wakeUp.wait()
        case .end: return
        }
      }
    }
    thread.name = name
    thread.stackSize = Self.stackSize
    thread.start()
  }

  /// Does the work on a thread of a pool.
  public func perform(_ work: @escaping @Sendable () -> Void) { queue.async(execute: work) }
}

private struct Semaphore: WakeUp {
  private let semaphore = DispatchSemaphore(value: 0)

  func signal() { semaphore.signal() }
  func wait() { semaphore.wait() }
}

/// Carries a value to the one thread that uses it from then on.
private struct HandedOver<Value>: @unchecked Sendable {
  let value: Value

  init(_ value: sending Value) { self.value = value }
}
