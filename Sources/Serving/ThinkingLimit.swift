/// Bounds a reply's thoughts: when only enough tokens are left for the closing text, that is written.
struct ThinkingLimit: Sendable {
  /// A text that ends a thought.
  struct Closing: Sendable {
    let tokens: [Int32]
    /// How many of the tokens count as thought: those up to the one that completes the closing tag.
    let thoughtTokens: Int
  }

  /// Tokens of the reply's thoughts after which the closing text begins.
  let freeTokens: Int
  /// What is written then.
  let closing: [Int32]

  /// - Parameters:
  ///   - budget: tokens of the thoughts, closing text included.
  ///   - closings: texts to end them with, the best first; where the budget holds none, the last is taken.
  init?(budget: Int, closings: [Closing]) {
    guard let closing = closings.first(where: { $0.thoughtTokens <= budget }) ?? closings.last else { return nil }
    freeTokens = max(0, budget - closing.thoughtTokens)
    self.closing = closing.tokens
  }
}
