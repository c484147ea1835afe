import Engine

/// Chooses how many tokens steps guess, by what guesses brought and what they cost in steps with about as many replies:
/// the more replies, the dearer a row more, as it touches experts that no other row does.
struct DraftControl {
  private let configuration: DraftingConfiguration
  /// By the number of replies, in classes that double.
  private var lengths: [DraftLength] = []
  /// What the guesses took that the next step verifies; nil where the head also followed a prompt meanwhile.
  private var guessSeconds: Double?

  init(_ configuration: DraftingConfiguration) { self.configuration = configuration }

  private static func index(of replies: Int) -> Int { Int.bitWidth - 1 - max(1, replies).leadingZeroBitCount }

  private mutating func prepare(_ replies: Int) -> Int {
    let index = Self.index(of: replies)
    while lengths.count <= index {
      lengths.append(DraftLength(maximum: configuration.count, adapts: configuration.adapts))
    }
    return index
  }

  /// Tokens to guess for each of so many replies.
  mutating func count(for replies: Int) -> Int {
    guard configuration.count > 0 else { return 0 }
    return lengths[prepare(replies)].next
  }

  /// Records what became of the guesses of one of so many replies.
  mutating func record(accepted: Int, of drafted: Int, replies: Int) {
    guard drafted > 0 else { return }
    lengths[prepare(replies)].record(drafted: drafted, accepted: accepted)
  }

  /// Records how long a step took.
  ///
  /// - Parameters:
  ///   - replies: how many it advanced.
  ///   - drafted: guesses that it verified, of all replies together.
  ///   - seconds: without the time of new guesses.
  ///   - guessing: the time of new guesses; it counts for the next step.
  ///   - isPlain: whether it read no prompt.
  mutating func record(replies: Int, drafted: Int, seconds: Double, guessing: Double, isPlain: Bool) {
    let before = guessSeconds
    guessSeconds = isPlain ? guessing : nil
    guard configuration.count > 0, isPlain, let before, replies > 0 else { return }
    let average = (drafted + replies / 2) / replies
    lengths[prepare(replies)].record(drafted: average, seconds: seconds + before)
  }
}
