/// The tokens that may come next: a set of ids below the size of a vocabulary.
///
/// Id `i` is in the set where bit `i % 64` of word `i / 64` is set. Bits from the vocabulary's size on mean nothing.
public struct TokenMask: Sendable, Equatable {
  /// Ids the set may hold.
  public let vocabularySize: Int
  private var words: [UInt64]

  /// A set of no token, or of all.
  public init(vocabularySize: Int, allowsAll: Bool = false) {
    precondition(vocabularySize > 0, "a vocabulary has at least one token")
    self.vocabularySize = vocabularySize
    words = Array(repeating: allowsAll ? .max : 0, count: Self.wordCount(vocabularySize))
  }

  /// Words of a set over so many ids.
  public static func wordCount(_ vocabularySize: Int) -> Int { (vocabularySize + 63) / 64 }

  /// Whether a token may come next; ids outside the vocabulary may not.
  public subscript(id: Int32) -> Bool {
    get {
      guard id >= 0, Int(id) < vocabularySize else { return false }
      return words[Int(id) / 64] >> UInt64(id % 64) & 1 == 1
    }
    set {
      guard id >= 0, Int(id) < vocabularySize else { return }
      let bit: UInt64 = 1 << UInt64(id % 64)
      if newValue { words[Int(id) / 64] |= bit } else { words[Int(id) / 64] &= ~bit }
    }
  }

  /// Lets `body` fill the set in, a word for 64 ids.
  public mutating func withWords<Result>(_ body: (UnsafeMutableBufferPointer<UInt64>) -> Result) -> Result {
    words.withUnsafeMutableBufferPointer { body($0) }
  }

  /// The lowest id in the set; nil if it is empty.
  public var first: Int32? {
    for (index, word) in words.enumerated() where word != 0 {
      let id = index * 64 + word.trailingZeroBitCount
      return id < vocabularySize ? Int32(id) : nil
    }
    return nil
  }

  /// Sets the logits of all other tokens to minus infinity. `logits` has one element an id.
  func apply(to logits: UnsafeMutableBufferPointer<Float>) {
    precondition(logits.count == vocabularySize, "a mask has one bit a logit")
    for (index, word) in words.enumerated() where word != .max {
      for id in index * 64..<min(index * 64 + 64, vocabularySize) where word >> UInt64(id % 64) & 1 == 0 {
        logits[id] = -.infinity
      }
    }
  }
}
