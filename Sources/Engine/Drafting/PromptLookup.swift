/// Guesses that a text goes on as it did before: after the last two tokens' previous occurrence (Saxena, Prompt Lookup
/// Decoding, 2023). It needs no weights, and helps where a reply quotes, edits or repeats.
public struct PromptLookup: Sendable {
  private var tokens: [Int32] = []
  /// By pair of neighbours: the index after its last occurrence.
  private var ends: [UInt64: Int] = [:]
  /// Where the text went on after the last pair's occurrence before.
  private var match: Int?

  /// A text without tokens.
  public init() {}

  /// The text grows.
  public mutating func append(_ new: some Sequence<Int32>) {
    for token in new {
      tokens.append(token)
      guard tokens.count > 1 else { continue }
      let pair = UInt64(UInt32(bitPattern: tokens[tokens.count - 2])) << 32 | UInt64(UInt32(bitPattern: token))
      match = ends.updateValue(tokens.count, forKey: pair)
    }
  }

  /// At most `count` tokens that may follow; none where the last pair is new.
  public func guesses(_ count: Int) -> [Int32] {
    guard let match else { return [] }
    return Array(tokens[match..<min(tokens.count, match + count)])
  }
}
