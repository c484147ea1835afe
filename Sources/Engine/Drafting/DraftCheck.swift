/// Finds out how many guesses of one input stand: each is right exactly when it is the token that would have been chosen
/// in its place, so that guessing changes no text.
public struct DraftCheck: Sendable {
  /// The input's tokens: known ones, then guesses.
  private let tokens: [Int32]
  private let known: Int
  /// The tokens chosen so far: one after the known tokens, and one after each guess that was right.
  public private(set) var choices: [Int32] = []

  /// A check of an input whose first `known` tokens, at least one, are no guesses.
  public init(tokens: [Int32], known: Int) {
    self.tokens = tokens
    self.known = known
  }

  /// The tokens of the input that stand.
  public var kept: Int { known + max(0, choices.count - 1) }

  /// Calls `choose` for the logits after the input's token at `index`, if all before it stands. Indices come in order.
  public mutating func take(_ index: Int, choose: () -> Int32) {
    guard index == known - 1 + choices.count, choices.isEmpty || tokens[index] == choices[choices.count - 1] else {
      return
    }
    choices.append(choose())
  }
}
