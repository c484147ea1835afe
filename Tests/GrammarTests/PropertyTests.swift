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
      try check(definition, vocabulary, reference, &random.random, "seed \(seed)")
    }
  }

  private func check(
    _ definition: GrammarDefinition, _ vocabulary: TokenVocabulary, _ reference: ReferenceRecogniser,
    _ random: inout SplitMix64, _ name: String
  ) throws {
    let texts = vocabulary.texts
    let end = vocabulary.endTokens[0]
    guard reference.judge([]).isViable else {
      #expect(throws: GrammarError.matchesNothing(rule: "r0")) {
        try GrammarCompiler(vocabulary: vocabulary).compile(definition)
      }
      return
    }
    var matcher = try GrammarCompiler(vocabulary: vocabulary).compile(definition).makeMatcher()
    var text: [UInt8] = []
    var mask = Array(repeating: UInt64.max, count: vocabulary.maskWords)
    for _ in 0..<5 {
      mask.withUnsafeMutableBufferPointer { matcher.fillMask($0) }
      let (isComplete, isViable) = reference.judge(text)
      try #require(isViable && matcher.isComplete == isComplete, "\(name), after \(text)")
      var allowed: [Int32] = []
      for token in 0..<Int32(texts.count) {
        let expected = texts[Int(token)].map { reference.judge(text + $0).isViable } ?? (token == end && isComplete)
        let found = mask[Int(token) >> 6] >> UInt64(token & 63) & 1 == 1
        try #require(found == expected, "\(name), after \(text), token \(texts[Int(token)] ?? [])")
        var copy = matcher
        let accepted = copy.accept(token)
        try #require(accepted == expected)
        if expected, token != end { allowed.append(token) }
      }
      try #require(isComplete || !allowed.isEmpty, "\(name): a dead end after \(text)")
      try #require(matcher.isFinished == (isComplete && allowed.isEmpty))
      guard let token = allowed.randomElement(using: &random) else { return }
      let accepted = matcher.accept(token)
      try #require(accepted)
      text += texts[Int(token)] ?? []
    }
  }
}
