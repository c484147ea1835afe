/// Who guesses the tokens that a step verifies together with those it decodes.
public enum DraftSource: String, Sendable, CaseIterable {
  /// Nobody.
  case off
  /// Repetitions of what was read or written.
  case lookup
  /// The model's multi-token-prediction head.
  case mtp
}

/// Whether and how far the tokens of replies are guessed. Guesses change no reply: one stands only where it is the token
/// that would have been chosen anyway.
public struct DraftingConfiguration: Sendable, Equatable {
  /// Who guesses. Where a request brings a prediction of its reply, that is looked up first.
  public var source: DraftSource
  /// Tokens guessed for a reply in a step, at most.
  public var maximum: Int
  /// Whether the number follows what guesses bring, down to none; if not, it is always the maximum.
  public var adapts: Bool

  /// Tokens guessed for a reply in a step, at most, where its grammar leaves one text to go on with. These do not need
  /// anybody else to guess.
  public var forced: Int

  /// Nothing is guessed.
  public static let off = DraftingConfiguration(source: .off, forced: 0)
  /// Tokens that may be guessed in a step: a chunk of linear attention ends what can be taken back.
  public static let limits = 1...15

  /// A configuration.
  public init(source: DraftSource, maximum: Int = 4, adapts: Bool = true, forced: Int = 4) {
    self.source = source
    self.maximum = maximum
    self.adapts = adapts
    self.forced = forced
  }

  /// Tokens guessed in a step, at most, beside forced ones; 0 where nobody guesses.
  var count: Int { source == .off ? 0 : maximum }

  /// Tokens that a step may have to take back of a reply, at most.
  var most: Int { max(count, forced) }
}
