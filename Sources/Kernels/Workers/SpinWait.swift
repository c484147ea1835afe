import CIntrinsics
import Foundation

/// Waiting that keeps the processor for a limited time, before a thread goes to sleep.
struct SpinWait: Sendable {
  /// Nanoseconds.
  let limit: UInt64

  /// Turns between two looks at the clock: about half a microsecond.
  private static let turns = 32

  /// Whether `condition` came true within the limit.
  @inline(__always)
  func wait(for condition: () -> Bool) -> Bool {
    var deadline: UInt64 = 0
    while true {
      for _ in 0..<Self.turns {
        if condition() { return true }
        spin_hint()
      }
      let now = Self.now()
      // The clock is first read when the shortest of waits is over.
      if deadline == 0 { deadline = now + limit }
      if now >= deadline { return false }
    }
  }

  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
