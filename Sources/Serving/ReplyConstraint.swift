import Grammar
import Sampling

/// Keeps the content of one reply to a grammar.
struct ReplyConstraint: Sendable {
  /// Tokens that a reply may begin with instead of content.
  struct Openings: Sendable {
    /// It begins a thought; the content comes after it.
    var thought: Int32?
    /// It begins a tool call; then the reply is free.
    var toolCall: Int32?
  }

  private var matcher: GrammarMatcher
  private var mask: TokenMask
  private let openings: Openings
  private var hasBegun = false
  /// Whether the reply need not follow the grammar any longer.
  private(set) var isReleased = false

  init(_ matcher: GrammarMatcher, vocabularySize: Int, openings: Openings) {
    self.matcher = matcher
    mask = TokenMask(vocabularySize: vocabularySize)
    self.openings = openings
  }

  /// The tokens that may come next outside of thoughts; nil if there are none, as following the grammar took too much.
  mutating func nextTokens() -> TokenMask? {
    let matcher = matcher
    mask.withWords { matcher.fillMask($0) }
    if !hasBegun {
      for token in [openings.thought, openings.toolCall] { if let token { mask[token] = true } }
    }
    return mask.first == nil || matcher.isExhausted ? nil : mask
  }

  /// Goes on by a token that was chosen among `nextTokens`.
  mutating func accept(_ token: Int32) {
    if !hasBegun, token == openings.thought { return }
    if !hasBegun, token == openings.toolCall {
      isReleased = true
      return
    }
    hasBegun = true
    _ = matcher.accept(token)
  }
}
