import TestSupport
import Testing

@testable import Grammar

/// Masks of random grammars, beside the reference recogniser.
@Suite struct PropertyTests {
  /// A token is allowed exactly where the text with it begins a document, and the end exactly where the text is one;
  /// there is always something to go on with; and `isFinished` tells where there is only the end.
  @Test(arguments: [0..<9, 13..<18, 31..<36] as [Range<UInt64>])
  func masksAreExact(seeds: Range<UInt64>) throws {
    for seed in seeds { try check(seed: seed) }
  }

  private func check(seed: UInt64) throws {
    var random = RandomGrammar(seed: seed)
    let definition = random.definition()
    let texts = random.vocabulary(tokens: 12)
    let reference = ReferenceRecogniser(definition: definition, alphabet: RandomGrammar.alphabet, extensionLength: 4)
    // With and without tables: the first threshold makes every state of a terminal broad.
    for broadFrom in [0, 3, 1000] {
      let vocabulary = TokenVocabulary(texts: texts, endTokens: [Int32(texts.count - 2)], broadFrom: broadFrom)
      try checkMasks(of: definition, vocabulary, reference, &random.random, "seed \(seed)")
    }
  }
}
