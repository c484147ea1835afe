/// So much a minute, as a bucket that holds a minute's worth and is refilled steadily.
struct Allowance: Sendable {
  private let perMinute: Double
  private var level: Double
  private var updated: ContinuousClock.Instant

  /// A full bucket.
  init(perMinute: Int, at now: ContinuousClock.Instant) {
    self.perMinute = Double(max(1, perMinute))
    level = self.perMinute
    updated = now
  }

  /// Seconds until there is as much as `amount`; 0 if there is now.
  mutating func wait(for amount: Double, at now: ContinuousClock.Instant) -> Double {
    refill(at: now)
    return max(0, min(amount, perMinute) - level) * 60 / perMinute
  }

  /// Takes out, also more than there is: what was used has been used.
  mutating func take(_ amount: Double, at now: ContinuousClock.Instant) {
    // What came back before went into the bucket that was then, and over its rim.
    refill(at: now)
    level -= amount
  }

  private mutating func refill(at now: ContinuousClock.Instant) {
    let seconds = (now - updated) / .seconds(1)
    level = min(perMinute, level + max(0, seconds) * perMinute / 60)
    updated = max(updated, now)
  }
}
