/// The one deadline that each of some owners may have.
///
/// Deadlines move far more often than they pass, so moving one is cheap and finding those that have passed is a scan,
/// which happens only when the earliest may have.
package struct DeadlineTable: Sendable {
  private var deadlines: [UInt64: ContinuousClock.Instant] = [:]
  /// No deadline is earlier; there may be none at it any more.
  package private(set) var earliest: ContinuousClock.Instant?

  package init() {}

  package mutating func set(_ deadline: ContinuousClock.Instant?, for owner: UInt64) {
    guard let deadline else {
      deadlines[owner] = nil
      return
    }
    deadlines[owner] = deadline
    earliest = earliest.map { min($0, deadline) } ?? deadline
  }

  /// Milliseconds until `takeExpired` has to be called, rounded up; negative when there is no need.
  func timeout(at now: ContinuousClock.Instant) -> CInt {
    guard let earliest, !deadlines.isEmpty else { return -1 }
    guard earliest > now else { return 0 }
    let (seconds, attoseconds) = (earliest - now).components
    let milliseconds = seconds.multipliedReportingOverflow(by: 1000)
    guard !milliseconds.overflow, milliseconds.partialValue < Int64(CInt.max) - 1000 else { return CInt.max }
    return CInt(milliseconds.partialValue + attoseconds / 1_000_000_000_000_000 + 1)
  }

  /// Removes the deadlines that have passed.
  /// - Returns: their owners, the first of them first.
  package mutating func takeExpired(at now: ContinuousClock.Instant) -> [UInt64] {
    guard let earliest, earliest <= now else { return [] }
    let expired = deadlines.filter { $0.value <= now }.map(\.key).sorted()
    for owner in expired { deadlines[owner] = nil }
    self.earliest = deadlines.values.min()
    return expired
  }
}
