/// How a model answers: at once, or after thinking aloud.
public enum Mode: String, Sendable, Hashable, CaseIterable {
  /// Answers at once.
  case instruct
  /// Reasons between thinking tags first.
  case thinking
}
