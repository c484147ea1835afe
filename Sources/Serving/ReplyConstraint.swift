import Grammar
import Sampling
import Tokenizer

/// Keeps the content of one reply, or its tool calls, to a grammar.
struct ReplyConstraint: Sendable {
  /// Tokens that a reply may begin with instead of content.
  struct Openings: Sendable {
    /// It begins a thought; the content comes after it.
    var thought: Int32?
    /// It begins a tool call.
    var toolCall: Int32?
  }

  /// Where the reply is in what it has to follow outside of thoughts; nil where it is free.
  private var matcher: GrammarMatcher?
  /// What it has to follow behind the opening tag of its first call; nil: anything.
  private let begunCalls: GrammarMatcher?
  private var mask: TokenMask
  /// All tokens but those that end a reply.
  private let endless: TokenMask
  private let tokenizer: Tokenizer
  private let openings: Openings
  private var hasBegun = false
  private var isInCalls = false

  /// A reply with content of a grammar, or with calls instead. Without a grammar the content is free.
  init(
    content: GrammarMatcher?, calls: CompiledToolCalls?, vocabularySize: Int, tokenizer: Tokenizer,
    endTokens: Set<Int32>, openings: Openings
  ) {
    self.tokenizer = tokenizer
    matcher = content
    begunCalls = calls?.begun
    mask = TokenMask(vocabularySize: vocabularySize)
    endless = Self.endless(vocabularySize, endTokens)
    self.openings = openings
  }

  /// A reply of nothing but calls, behind its thoughts.
  init(
    requiring calls: CompiledToolCalls, vocabularySize: Int, tokenizer: Tokenizer, endTokens: Set<Int32>,
    openings: Openings
  ) {
    self.tokenizer = tokenizer
    matcher = calls.whole
    begunCalls = calls.begun
    mask = TokenMask(vocabularySize: vocabularySize)
    endless = Self.endless(vocabularySize, endTokens)
    self.openings = Openings(thought: openings.thought)
  }

  private static func endless(_ vocabularySize: Int, _ endTokens: Set<Int32>) -> TokenMask {
    var mask = TokenMask(vocabularySize: vocabularySize, allowsAll: true)
    for token in endTokens { mask[token] = false }
    return mask
  }

  /// Whether the next token has to be one of `nextTokens`.
  func binds(isInReasoning: Bool) -> Bool { matcher != nil && (isInCalls || !isInReasoning) }

  /// The tokens that may come next where the constraint does not bind; nil if all may. Thoughts are free, but the reply
  /// does not end within them, before there is what it has to hold.
  func freeTokens(isInReasoning: Bool) -> TokenMask? { matcher != nil && isInReasoning ? endless : nil }

  /// Whether it has to hear of a call that the reply begins.
  var awaitsCall: Bool { !isInCalls && !(hasBegun && begunCalls == nil) }

  /// The tokens that may come next where the constraint binds; nil if there are none, as following the grammar took too
  /// much.
  mutating func nextTokens() -> TokenMask? {
    guard let matcher else { return TokenMask(vocabularySize: mask.vocabularySize, allowsAll: true) }
    mask.withWords { matcher.fillMask($0) }
    if !hasBegun {
      for token in [openings.thought, openings.toolCall] { if let token { mask[token] = true } }
    }
    return mask.first == nil || matcher.isExhausted ? nil : mask
  }

  /// The tokens that come next, at most `limit`, where there is one text to go on with, if the model cuts it into tokens
  /// as the tokenizer does. The last one before there is a choice is left out: it may well be one with what follows.
  func forcedTokens(_ limit: Int) -> [Int32] {
    guard let matcher, limit > 0, hasBegun || (openings.thought == nil && openings.toolCall == nil) else { return [] }
    // No token that says anything is longer on average.
    let bytes = matcher.forcedBytes(limit: (limit + 1) * 8)
    // A character may be forced only in part.
    for end in stride(from: bytes.count, to: max(0, bytes.count - 4), by: -1) {
      guard let text = String(validating: bytes[..<end], as: UTF8.self) else { continue }
      return Array(tokenizer.encode(text, parsingSpecialTokens: false).dropLast().prefix(limit))
    }
    return []
  }

  /// Goes on by a token that was chosen among `nextTokens`.
  mutating func accept(_ token: Int32) {
    if !hasBegun, token == openings.thought { return }
    if !hasBegun, token == openings.toolCall { return beginCalls("".utf8) }
    hasBegun = true
    _ = matcher?.accept(token)
  }

  /// Hears that the reply is inside a call, and what it has of it behind the opening tag. From the first call on it
  /// holds nothing but calls.
  mutating func follow(openCall text: [UInt8]) {
    guard !isInCalls else { return }
    // Content that has begun may look like a call; calls that are required have been followed from their beginning.
    if hasBegun { isInCalls = matcher != nil && begunCalls != nil } else { beginCalls(text) }
  }

  private mutating func beginCalls(_ text: some Sequence<UInt8>) {
    hasBegun = true
    matcher = begunCalls
    let text = Array(text)
    guard !text.isEmpty, matcher?.accept(text) == false else {
      isInCalls = matcher != nil
      return
    }
    // The tag and what follows it were one token, so that this could not be prevented.
    matcher = nil
  }
}
