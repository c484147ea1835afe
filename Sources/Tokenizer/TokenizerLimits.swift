/// Bounds on what a tokenizer.json may hold, well above every published one.
enum TokenizerLimits {
  /// Bytes of the file.
  static let fileSize = 128 << 20
  /// One more than the largest token id.
  static let vocabularySize = 1 << 20
  /// Entries of `added_tokens`.
  static let addedTokens = 1 << 16
  /// Bytes of one added token's text.
  static let addedTokenLength = 4096
}
