/// Why a scheduler cannot be made, refuses a request, or is broken.
public enum SchedulerError: Error, Equatable, CustomStringConvertible {
  /// `setting` is `value`, which is not `expected`.
  case invalidConfiguration(setting: String, value: Int, expected: String)
  /// The request has no prompt, or may generate nothing.
  case emptyRequest(promptTokens: Int, maximumTokens: Int)
  /// Prompt and completion would hold `needed` tokens in the cache, which has room for `available` in all.
  case promptTooLong(needed: Int, available: Int)
  /// As many requests wait already as may.
  case queueFull(limit: Int)
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
    case .queueFull(let limit): "the queue is full: \(limit) requests wait already"
    case .duplicateRequest(let id): "request \(id.rawValue) is already waiting or running"
    case .invariantBroken(let what): what
    }
  }
}
