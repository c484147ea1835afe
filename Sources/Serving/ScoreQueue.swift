import Sampling

/// Holds the scores of tokens until it is known whether their text became content.
struct ScoreQueue: Sendable {
  private struct Entry: Sendable {
    let score: TokenScore
    /// Bytes of the reply's text; nil while they are not known.
    var span: Range<Int>?
    /// Whether it is told in any case.
    let isTextless: Bool
    var isContent = false
  }

  /// Tokens whose text is not told of yet, in order.
  private var waiting: [Entry] = []
  /// Scores of content that are still to be handed out.
  private var ready: [TokenScore] = []
  /// Whether tokens without text count, too.
  private let takesTextless: Bool

  init(takesTextless: Bool) { self.takesTextless = takesTextless }

  /// Takes a token that has no text of its own.
  mutating func append(textless score: TokenScore) {
    if takesTextless { waiting.append(Entry(score: score, isTextless: true)) }
  }

  /// Takes a token that has text; `extend` tells which.
  mutating func append(_ score: TokenScore) { waiting.append(Entry(score: score, isTextless: false)) }

  /// The reply's text grows by the bytes of `span`. They belong to the last token and to those before it that only began
  /// a character.
  mutating func extend(by span: Range<Int>) {
    for index in waiting.indices where waiting[index].span == nil { waiting[index].span = span }
  }

  /// Takes note of what became of the text.
  ///
  /// - Parameters:
  ///   - end: the text before it is content, thought, a call or dropped for good.
  ///   - content: the parts of it that became content since the last call.
  mutating func settle(before end: Int, content: [Range<Int>]) {
    for index in waiting.indices {
      guard let span = waiting[index].span else { continue }
      if content.contains(where: { $0.overlaps(span) }) { waiting[index].isContent = true }
    }
    while let entry = waiting.first, let span = entry.span, span.upperBound <= end {
      if entry.isTextless || entry.isContent { ready.append(entry.score) }
      waiting.removeFirst()
    }
  }

  /// The scores of settled content.
  mutating func take() -> [TokenScore] {
    defer { ready = [] }
    return ready
  }

  /// All that is left at the end of the reply.
  mutating func finish() -> [TokenScore] {
    ready += waiting.filter { $0.isTextless || $0.isContent }.map(\.score)
    waiting = []
    return take()
  }
}
