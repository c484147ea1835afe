/// Turns tokens into text one by one, for streams.
///
/// Bytes of an unfinished character are held back until it is complete, so every returned piece is well-formed; the
/// pieces and the result of ``finish()`` put together are exactly ``Tokenizer/decode(_:skippingSpecialTokens:)`` of all
/// tokens. A token costs the same however many went before.
public struct Detokenizer: Sendable {
  private let tokenizer: Tokenizer
  private let skippingSpecialTokens: Bool
  private var repair = UTF8Repair()

  init(tokenizer: Tokenizer, skippingSpecialTokens: Bool) {
    self.tokenizer = tokenizer
    self.skippingSpecialTokens = skippingSpecialTokens
  }

  /// The text that `id` completes, empty where it only starts a character. Ids without a token add nothing.
  public mutating func append(_ id: Int32) -> String {
    var output: [UInt8] = []
    append(id, to: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Appends the text that `id` completes to `output`, in UTF-8.
  public mutating func append(_ id: Int32, to output: inout [UInt8]) {
    if !skips(id) { repair.append(tokenizer.vocabulary.bytes(of: id), to: &output) }
  }

  /// Whether `id` is left out.
  public func skips(_ id: Int32) -> Bool { skippingSpecialTokens && tokenizer.isSpecial(id) }

  /// What is left at the end: U+FFFD for a character that was never completed, else nothing. The detokenizer can be
  /// used for another stream afterwards.
  public mutating func finish() -> String {
    var output: [UInt8] = []
    finish(into: &output)
    return String(decoding: output, as: UTF8.self)
  }

  /// Appends what is left at the end to `output`.
  public mutating func finish(into output: inout [UInt8]) { repair.finish(into: &output) }
}
