/// Guesses that a text goes on as it did before: after the last two tokens' previous occurrence (Saxena, Prompt Lookup
/// Decoding, 2023). It needs no weights, and helps where a reply quotes, edits or repeats.
public struct PromptLookup: Sendable {
  private var tokens: [Int32] = []
  /// By pair of neighbours: the index after its last occurrence.
  private var ends: [UInt64: Int] = [:]
  /// The text's last token.
  private var last: Int32?
  /// Where the text went on after the last pair's occurrence before.
  private var match: Int?

  /// A text without tokens.
  public init() {}

  /// The text grows.
  public mutating func append(_ new: some Sequence<Int32>) {
    for token in new {
      let continued = match.flatMap { tokens[$0] == token ? $0 + 1 : nil }
      tokens.append(token)
      if let last {
        let pair = UInt64(UInt32(bitPattern: last)) << 32 | UInt64(UInt32(bitPattern: token))
        let found = ends.updateValue(tokens.count, forKey: pair)
        // An occurrence that has matched for longer goes before a later one.
        match = continued ?? found
      }
      last = token
    }
  }

  /// The text is expected to go on with `prediction`, or with parts of it.
  public mutating func expect(_ prediction: [Int32]) {
    guard !prediction.isEmpty else { return }
    let (last, start) = (last, tokens.count)
    append(prediction)
    (self.last, match) = (last, start)
  }

  /// At most `count` tokens that may follow; none where the last pair is new.
  public func guesses(_ count: Int) -> [Int32] {
    guard let match else { return [] }
    return Array(tokens[match..<min(tokens.count, match + count)])
  }
}
