import DiskCache
import Synchronization
import Tokenizer

/// Remembers which tokens the model produced, so that a conversation that comes back has them again.
///
/// A model may write a text in other tokens than the tokenizer would. Where a prompt begins with an earlier prompt and
/// its reply, both as text, the reply keeps its own tokens, and what was computed of it can be reused. Only the text
/// decides: where a template shows a reply in another way, it is tokenised like any other text.
final class ReplyHistory: Sendable {
  /// A prompt's text, so that a reply to it can be remembered.
  struct Place: Sendable, Hashable {
    let digest: Digest
    /// Its length in UTF-8.
    let byteCount: Int
  }

  /// The replies to one prompt.
  private struct Replies {
    /// The latest last.
    var tokens: [[Int32]] = []
    var lastUse = 0

    var byteCount: Int { tokens.reduce(0) { $0 + ReplyHistory.byteCount($1) } }
  }

  private struct State {
    var replies: [Place: Replies] = [:]
    /// How many prompts have a length.
    var lengths: [Int: Int] = [:]
    var byteCount = 0
    private var clock = 0

    /// The replies to a prompt, which are used now.
    mutating func use(_ place: Place) -> [[Int32]] {
      clock += 1
      replies[place]?.lastUse = clock
      return replies[place]?.tokens ?? []
    }

    mutating func insert(_ reply: [Int32], at place: Place) {
      clock += 1
      if replies[place] == nil { lengths[place.byteCount, default: 0] += 1 }
      var known = replies[place] ?? Replies()
      byteCount -= known.byteCount
      known.tokens.removeAll { $0 == reply }
      known.tokens.append(reply)
      known.tokens.removeFirst(max(0, known.tokens.count - ReplyHistory.repliesPerPrompt))
      known.lastUse = clock
      byteCount += known.byteCount
      replies[place] = known
    }

    /// Forgets what was used least recently until no more than `limit` bytes are left.
    mutating func forget(downTo limit: Int) {
      for (place, known) in replies.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
        guard byteCount > limit else { return }
        byteCount -= known.byteCount
        replies[place] = nil
        lengths[place.byteCount, default: 0] -= 1
        if lengths[place.byteCount] == 0 { lengths[place.byteCount] = nil }
      }
    }
  }

  private let state = Mutex(State())
  private let limit: Int
  /// Replies to one prompt that are remembered: clients ask for several, or ask again.
  private static let repliesPerPrompt = 8
  /// Bytes that a reply takes besides its tokens, about.
  private static let overhead = 160

  /// - Parameter limit: bytes it may take, about; 0 remembers nothing.
  init(limit: Int) { self.limit = limit }

  // MARK: - Looking up

  /// The tokens of a prompt's text, with those of earlier replies in it as the model produced them.
  ///
  /// - Parameter namespace: keeps conversations apart that may not know of each other.
  func tokens(of text: String, namespace: Digest, _ tokenizer: Tokenizer) -> (tokens: [Int32], place: Place) {
    var text = text
    return text.withUTF8 { utf8 in
      var hash = SHA256()
      hash.update(namespace.bytes)
      var tokens: [Int32] = []
      // Up to where tokens are made, and up to where the digest goes.
      var (made, hashed) = (0, 0)
      for length in lengths(upTo: utf8.count) where length >= made {
        hash.update(utf8[hashed..<length])
        hashed = length
        let rest = UnsafeBufferPointer(rebasing: utf8[length...])
        guard let reply = reply(to: Place(digest: hash.current(), byteCount: length), in: rest, tokenizer) else {
          continue
        }
        tokens += tokenizer.encode(String(decoding: utf8[made..<length], as: UTF8.self)) + reply.tokens
        made = length + reply.byteCount
      }
      hash.update(utf8[hashed...])
      tokens += tokenizer.encode(String(decoding: utf8[made...], as: UTF8.self))
      return (tokens, Place(digest: hash.current(), byteCount: utf8.count))
    }
  }

  /// Lengths of prompts that have replies, ascending.
  private func lengths(upTo limit: Int) -> [Int] {
    state.withLock { $0.lengths.keys.filter { $0 < limit } }.sorted()
  }

  /// The longest beginning of a reply to a prompt that `rest` begins with, and that ends where a special token does or
  /// begins: anywhere else, the texts before and after could not be tokenised apart.
  private func reply(
    to place: Place, in rest: UnsafeBufferPointer<UInt8>, _ tokenizer: Tokenizer
  ) -> (tokens: ArraySlice<Int32>, byteCount: Int)? {
    let known = state.withLock { $0.use(place) }
    var best: (tokens: ArraySlice<Int32>, byteCount: Int)?
    for tokens in known {
      var text = ReplyText(rest, tokenizer)
      var found = 0
      for (index, token) in tokens.enumerated() {
        let isApart = index == 0 || tokenizer.isSpecial(token) || tokenizer.isSpecial(tokens[index - 1])
        if index > 0, isApart, let end = text.end, end > best?.byteCount ?? 0 { best = (tokens[..<index], end) }
        guard text.accept(token) else { break }
        found += 1
      }
      guard found > 0, let end = text.end, end > best?.byteCount ?? 0,
        tokenizer.isSpecial(tokens[found - 1]) || beginsApart(rest[end...], tokenizer)
      else { continue }
      best = (tokens[..<found], end)
    }
    return best
  }

  /// Whether a text is empty or begins with a special token.
  private func beginsApart(_ text: Slice<UnsafeBufferPointer<UInt8>>, _ tokenizer: Tokenizer) -> Bool {
    // A special token's text is short.
    let beginning = tokenizer.encode(String(decoding: text.prefix(64), as: UTF8.self))
    return beginning.first.map(tokenizer.isSpecial) ?? true
  }

  // MARK: - Remembering

  /// Remembers a reply to the prompt at `place`; forgets those used least recently where there are too many.
  func remember(_ tokens: [Int32], after place: Place) {
    guard !tokens.isEmpty, Self.byteCount(tokens) <= limit else { return }
    state.withLock { state in
      state.insert(tokens, at: place)
      // Some more than needed, so that it is not done each time.
      if state.byteCount > limit { state.forget(downTo: limit - limit / 8) }
    }
  }

  private static func byteCount(_ tokens: [Int32]) -> Int { tokens.count * MemoryLayout<Int32>.stride + overhead }
}

/// Follows a text with tokens of a reply as its client saw them: bytes that are no UTF-8, such as those of a character that
/// was never completed, are U+FFFD there.
private struct ReplyText {
  private let text: UnsafeBufferPointer<UInt8>
  private var detokenizer: Detokenizer
  private var written: [UInt8] = []
  private var byteCount = 0

  init(_ text: UnsafeBufferPointer<UInt8>, _ tokenizer: Tokenizer) {
    self.text = text
    detokenizer = tokenizer.makeDetokenizer(skippingSpecialTokens: false)
  }

  /// Whether the text goes on with what the token completes.
  mutating func accept(_ token: Int32) -> Bool {
    written.removeAll(keepingCapacity: true)
    detokenizer.append(token, to: &written)
    guard text[byteCount...].starts(with: written) else { return false }
    byteCount += written.count
    return true
  }

  /// Bytes of the text if the reply ended with the tokens so far; nil if it has no such end.
  var end: Int? {
    var (rest, detokenizer) = ([UInt8](), detokenizer)
    detokenizer.finish(into: &rest)
    return text[byteCount...].starts(with: rest) ? byteCount + rest.count : nil
  }
}
