import APIServer

/// So much a minute, as a bound for every stretch of time: no more than a minute's worth, and what comes back meanwhile.
///
/// The server fills a bucket; here is no bucket, but all that was ever taken.
struct RateCheck {
  let perMinute: Int
  private var takings: [(time: Int64, amount: Int)] = []

  /// Numbers that ought to be equal differ by less.
  private static let tolerance = 1e-6
  private static let longestWait = 86_400.0

  init(perMinute: Int) { self.perMinute = perMinute }

  mutating func take(_ amount: Int, at time: Int64) { takings.append((time, amount)) }

  /// What may be taken; negative where too much was.
  private func room(at now: Int64) -> Double {
    var (least, taken) = (Double(perMinute), 0)
    for taking in takings.reversed() {
      taken += taking.amount
      let returned = Double(now - taking.time) / 60e9 * Double(perMinute)
      least = min(least, Double(perMinute) + returned - Double(taken))
    }
    return least
  }

  /// Whether one more may be taken.
  func allowsOne(at now: Int64) -> Bool { room(at: now) >= 1 - Self.tolerance }

  /// Whether one more may have to wait for so many seconds: after them it could be taken, and not a second before.
  func explains(wait seconds: Int, at now: Int64) -> Bool {
    let room = room(at: now)
    guard room < 1 + Self.tolerance else { return false }
    let needed = min(max(1, (1 - room) * 60 / Double(perMinute)), Self.longestWait)
    return Double(seconds) > needed - Self.tolerance && Double(seconds) < needed + 1 + Self.tolerance
  }
}

/// What the holder of a key may take and has taken.
struct KeyAccount {
  let limits: APIKey.Limits
  private var requests: RateCheck?
  private var tokens: RateCheck?

  init(_ limits: APIKey.Limits) {
    self.limits = limits
    requests = limits.requestsPerMinute.map { RateCheck(perMinute: $0) }
    tokens = limits.tokensPerMinute.map { RateCheck(perMinute: $0) }
  }

  mutating func take(tokens count: Int, at time: Int64) { tokens?.take(count, at: time) }

  /// A request is let in.
  /// - Parameter present: requests of the holder that are not over, without it.
  /// - Returns: the limit that it breaks, if it breaks one.
  mutating func enter(present: Int, at time: Int64) -> String? {
    defer { requests?.take(1, at: time) }
    if let most = limits.concurrentRequests, present >= most { return "\(present) of \(most) requests at a time" }
    if let requests, !requests.allowsOne(at: time) { return "\(requests.perMinute) requests a minute" }
    if let tokens, !tokens.allowsOne(at: time) { return "\(tokens.perMinute) tokens a minute" }
    return nil
  }

  /// Whether a limit is a reason to refuse a request, and to say that in so many seconds it may be otherwise.
  func explains(wait seconds: Int, present: Int, at time: Int64) -> Bool {
    if let most = limits.concurrentRequests, present >= most, seconds == 1 { return true }
    return [requests, tokens].contains { $0?.explains(wait: seconds, at: time) == true }
  }
}
