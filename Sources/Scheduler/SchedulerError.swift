/// Why a scheduler cannot be made, refuses a request, or is broken.
public enum SchedulerError: Error, Equatable, CustomStringConvertible {
  /// `setting` is `value`, which is not `expected`.
  case invalidConfiguration(setting: String, value: Int, expected: String)
  /// `setting` is `seconds` long, which is not `expected`.
  case invalidDuration(setting: String, seconds: Double, expected: String)
  /// The request has no prompt, or may generate nothing.
  case emptyRequest(promptTokens: Int, maximumTokens: Int)
  /// Prompt and completion would hold `needed` tokens in the cache, which has room for `available` in all.
  case promptTooLong(needed: Int, available: Int)
  /// As many requests wait already as may. There should be a place in `retryAfter` seconds.
  case queueFull(limit: Int, retryAfter: Double)
  /// As many requests of the tenant wait and run already as may. There should be a place in `retryAfter` seconds.
  case tenantLimit(limit: Int, retryAfter: Double)
  /// The first token is wanted in `allowed` seconds, and expected in `predicted`. In `retryAfter` seconds there should be
  /// time for it.
  case deadlineUnreachable(predicted: Double, allowed: Double, retryAfter: Double)
  /// A request with this identity is waiting or running.
  case duplicateRequest(RequestID)
  /// `checkInvariants` found the books wrong.
  case invariantBroken(String)

  /// One sentence with the numbers.
  public var description: String {
    switch self {
    case .invalidConfiguration(let setting, let value, let expected):
      "\(setting) is \(value), but must be \(expected)"
    case .emptyRequest(let promptTokens, let maximumTokens):
      "a request needs at least one prompt token and one new token; this one has \(promptTokens) and \(maximumTokens)"
    case .promptTooLong(let needed, let available):
      "prompt and completion need room for \(needed) tokens, and the cache holds \(available)"
    case .invalidDuration(let setting, let seconds, let expected):
      "\(setting) is \(seconds) seconds, but must be \(expected)"
    case .queueFull(let limit, let retryAfter):
      "the queue is full: \(limit) requests wait already; try again in \(Self.whole(retryAfter)) s"
    case .tenantLimit(let limit, let retryAfter):
      "\(limit) requests of this client wait and run already; try again in \(Self.whole(retryAfter)) s"
    case .deadlineUnreachable(let predicted, let allowed, let retryAfter):
      "the first token is wanted in \(Self.whole(allowed)) s, and expected in \(Self.whole(predicted)) s; "
        + "try again in \(Self.whole(retryAfter)) s"
    case .duplicateRequest(let id): "request \(id.rawValue) is already waiting or running"
    case .invariantBroken(let what): what
    }
  }

  /// Seconds, rounded up; what is beyond a year is not told apart.
  private static func whole(_ seconds: Double) -> Int {
    let bounded = min(max(0, seconds), 31_536_000)
    let whole = Int(bounded)
    return Double(whole) < bounded ? whole + 1 : whole
  }
}
