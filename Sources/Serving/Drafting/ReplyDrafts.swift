import Engine

/// Who guesses the tokens of a reply, and how many.
struct DraftTerms: Sendable {
  /// Tokens guessed in a step, at most; 0: nothing is guessed.
  var maximum = 0
  /// Knows the prompt, and the prediction if there is one; nil where nothing is looked up.
  var lookup: PromptLookup?
  /// Whether the model's head guesses where nothing is found.
  var usesHead = false
}

/// What was guessed of one reply.
struct ReplyDrafts {
  /// Tokens that probably follow those known; the first of them are verified by the reply's next step.
  private(set) var guesses: [Int32] = []
  private var terms: DraftTerms
  /// Steps in a row for which nothing was to be guessed.
  private var idleSteps = 0

  /// After so many steps without guesses the head follows a reply no longer: it does not pay.
  private static let patience = 32

  init(_ terms: DraftTerms) { self.terms = terms }

  /// Whether the head has seen all of the reply, and goes on with it.
  var followsHead: Bool { terms.usesHead && terms.maximum > 0 && idleSteps < Self.patience }

  /// The reply grows by `tokens`, and `limit` tokens may be guessed behind them. Looks some up.
  /// - Returns: how many tokens the head is to guess.
  mutating func advance(_ tokens: [Int32], limit: Int, wanted: Int) -> Int {
    guard terms.maximum > 0 else { return 0 }
    terms.lookup?.append(tokens)
    let count = max(0, min(terms.maximum, wanted, limit))
    guesses = terms.lookup?.guesses(count) ?? []
    guard terms.usesHead, idleSteps < Self.patience else { return 0 }
    idleSteps = wanted > 0 ? 0 : idleSteps + 1
    return guesses.isEmpty ? count : 0
  }

  /// Nothing is guessed any more.
  mutating func clear() { guesses = [] }

  /// The head guesses a token behind the others.
  mutating func append(_ guess: Int32) { guesses.append(guess) }
}
