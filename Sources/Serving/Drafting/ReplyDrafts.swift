import Engine

/// Who guesses the tokens of a reply, and how many.
struct DraftTerms: Sendable {
  /// Tokens guessed in a step, at most; 0: nothing is guessed.
  var maximum = 0
  /// Knows the prompt, and the prediction if there is one; nil where nothing is looked up.
  var lookup: PromptLookup?
  /// Whether the model's head guesses where nothing is found.
  var usesHead = false
  /// Tokens guessed in a step where the grammar leaves one text to go on with, at most.
  var forced = 0
}

/// What was guessed of one reply.
struct ReplyDrafts {
  /// Tokens that probably follow those known; the first of them are verified by the reply's next step.
  private(set) var guesses: [Int32] = []
  /// Whether they are guessed as the grammar leaves no other text, which tells nothing about how well others are guessed.
  private(set) var areForced = false
  private var terms: DraftTerms
  /// How many forced tokens stood, less those that did not.
  private var forcedBalance = 0
  /// Steps in a row for which nothing was to be guessed.
  private var idleSteps = 0

  /// After so many steps without guesses the head follows a reply no longer: it does not pay.
  private static let patience = 32

  /// A reply that cuts forced text into other tokens than the tokenizer, time and again, is left to do so.
  private static let leastForcedBalance = -8

  init(_ terms: DraftTerms) { self.terms = terms }

  /// Whether the head has seen all of the reply, and goes on with it.
  var followsHead: Bool { terms.usesHead && terms.maximum > 0 && idleSteps < Self.patience }

  /// The reply grows by `tokens`, and `limit` tokens may be guessed behind them. Looks some up.
  ///
  /// - Parameter forced: tokens that the grammar probably leaves no other choice than.
  /// - Returns: how many tokens the head is to guess.
  mutating func advance(_ tokens: [Int32], limit: Int, wanted: Int, forced: (Int) -> [Int32]) -> Int {
    terms.lookup?.append(tokens)
    let mostForced = min(terms.forced, limit)
    if mostForced > 0, forcedBalance > Self.leastForcedBalance { guesses = forced(mostForced) }
    areForced = !guesses.isEmpty
    guard terms.maximum > 0 else { return 0 }
    let count = max(0, min(terms.maximum, wanted, limit))
    if !areForced { guesses = terms.lookup?.guesses(count) ?? [] }
    guard terms.usesHead, idleSteps < Self.patience else { return 0 }
    idleSteps = wanted > 0 ? 0 : idleSteps + 1
    return guesses.isEmpty ? count : 0
  }

  /// Hears how many of the guesses that were verified stood. Nothing is guessed any more.
  mutating func clear(accepted: Int, of verified: Int) {
    if areForced { forcedBalance = min(0, forcedBalance + 2 * accepted - verified) }
    guesses = []
    areForced = false
  }

  /// The head guesses a token behind the others.
  mutating func append(_ guess: Int32) { guesses.append(guess) }
}
