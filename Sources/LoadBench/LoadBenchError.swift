/// Why a run could not begin. What goes wrong with single requests is counted, and ends nothing.
public enum LoadBenchError: Error, Hashable, Sendable, CustomStringConvertible {
  /// The server did not answer as an OpenAI-compatible one does.
  case unexpectedAnswer(path: String, expected: String, found: String)
  /// A request that has to succeed did not.
  case requestFailed(path: String, reason: String)

  /// One sentence, with what was asked.
  public var description: String {
    switch self {
    case .unexpectedAnswer(let path, let expected, let found): "\(path): expected \(expected), found \(found)"
    case .requestFailed(let path, let reason): "\(path): \(reason)"
    }
  }
}
