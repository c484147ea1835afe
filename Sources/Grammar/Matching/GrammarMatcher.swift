/// A position in a document that follows a grammar. A copy is a position of its own, and costs next to nothing.
///
/// Tokens come in with `accept`; `fillMask` tells which may come next. A token is allowed exactly where some whole
/// document begins with the text so far and the token. Only end tokens differ: they are allowed exactly where the
/// text so far is a whole document.
public struct GrammarMatcher: Sendable {
  private var store: ParserStore
  private var set = ParserState.first
  /// The sets before the last tokens, for `rollback`.
  private var earlier: [Int32] = []
  /// Whether an end token has been accepted.
  public private(set) var hasEnded = false

  /// Tokens that can be taken back, at most.
  public static let longestRollback = 128

  init(_ store: ParserStore) {
    self.store = store
  }

  /// The words that `fillMask` needs.
  public var maskWords: Int { store.vocabulary.maskWords }

  /// Whether the text so far is a whole document.
  public var isComplete: Bool { store.ends(set).isComplete }

  /// Whether only the end is left: the text is a whole document that nothing can follow.
  public var isFinished: Bool {
    let ends = store.ends(set)
    return ends.isComplete && !ends.continues
  }

  /// Whether following the grammar has taken more work than is allowed: it is too ambiguous. The tokens that masks
  /// allow are then too few.
  public var isExhausted: Bool { store.isExhausted }

  /// Writes the mask of what may come next: bit i of word i / 64 is set where token i is allowed. No bit is set after
  /// an end token.
  ///
  /// - Parameter words: At least `maskWords` words; those beyond are left alone.
  public func fillMask(_ words: UnsafeMutableBufferPointer<UInt64>) {
    precondition(words.count >= maskWords, "a mask has a bit for each token")
    let words = UnsafeMutableBufferPointer(rebasing: words[..<maskWords])
    if hasEnded {
      words.update(repeating: 0)
    } else {
      store.fill(words, for: set)
    }
  }

  /// Goes on by a token. False, and no change, if it is not allowed.
  public mutating func accept(_ token: Int32) -> Bool {
    guard !hasEnded else { return false }
    if store.vocabulary.endTokens.contains(token) {
      guard isComplete else { return false }
      remember()
      hasEnded = true
      return true
    }
    guard let text = store.vocabulary.text(of: token), !text.isEmpty else { return false }
    return accept(text)
  }

  /// Goes on by bytes, as one token. False, and no change, if they are not allowed.
  public mutating func accept(_ bytes: [UInt8]) -> Bool {
    guard !hasEnded, let next = store.step(set, bytes) else { return false }
    remember()
    set = next
    if store.isFull { moveToNewStore() }
    return true
  }

  /// Takes the last `count` accepted tokens back. False, and no change, if there are not as many, or if more than
  /// `longestRollback` would be taken back.
  public mutating func rollback(_ count: Int) -> Bool {
    guard count >= 0, count <= earlier.count else { return false }
    guard count > 0 else { return true }
    set = earlier[earlier.count - count]
    earlier.removeLast(count)
    hasEnded = false
    return true
  }

  /// The bytes that have to follow, up to the first place where there is a choice (the end being one) or a marker; at
  /// most `limit`.
  public func forcedBytes(limit: Int = 256) -> [UInt8] {
    hasEnded ? [] : store.forcedBytes(after: set, limit: limit)
  }

  private mutating func remember() {
    if earlier.count >= 2 * Self.longestRollback { earlier.removeFirst(Self.longestRollback) }
    earlier.append(set)
  }

  private mutating func moveToNewStore() {
    let (store, sets) = store.compacted(keeping: earlier + [set])
    self.store = store
    earlier = Array(sets.dropLast())
    set = sets.last ?? ParserState.first
  }
}
