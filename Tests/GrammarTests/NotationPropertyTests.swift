import TestSupport
import Testing

@testable import Grammar

/// Masks of random grammars that are written down in each notation, beside the reference recogniser and every way to cut a
/// text into tokens.
@Suite struct NotationPropertyTests {
  enum Notation: CaseIterable {
    case gbnf, lark, regularExpression
  }

  @Test(arguments: Notation.allCases) func masksOfWrittenGrammarsAreExact(notation: Notation) throws {
    var finished = 0
    for seed in 0..<40 as Range<UInt64> {
      var random = SplitMix64(seed: seed)
      let count = notation == .regularExpression ? 0 : Int.random(in: 1...3, using: &random)
      let rules = (0..<max(count, 1)).map { _ in WrittenGrammar.random(depth: 2, rules: count, &random) }
      let names = rules.indices.map { "r\($0)" }
      var meant = GrammarDefinition(root: "r0")
      for (name, rule) in zip(names, rules) { meant[name] = rule.expression(names) }
      let definition: GrammarDefinition
      let source: String
      switch notation {
      case .gbnf:
        source = rules.enumerated().map { "\(WrittenGrammar.rule($0).gbnf) ::= \($1.gbnf)" }.joined(separator: "\n")
        definition = try GrammarDefinition(gbnf: source)
      case .lark:
        source = rules.enumerated().map { "\(WrittenGrammar.rule($0).lark): \($1.lark)" }.joined(separator: "\n")
        definition = try GrammarDefinition(lark: source)
      case .regularExpression:
        source = rules[0].regularExpression
        definition = GrammarDefinition(try RegularExpression.expression(source, matching: .whole))
      }
      var texts = RandomGrammar(seed: seed)
      let vocabulary = texts.vocabulary(tokens: 12)
      let reference = ReferenceRecogniser(definition: meant, alphabet: RandomGrammar.alphabet, extensionLength: 4)
      for broadFrom in [0, 1000] {
        let vocabulary = TokenVocabulary(
          texts: vocabulary, endTokens: [Int32(vocabulary.count - 2)], broadFrom: broadFrom)
        try checkMasks(of: definition, vocabulary, reference, &random, source)
        guard reference.judge([]).isViable else { continue }
        if try checkTokenisations(of: definition, vocabulary, &random, source) { finished += 1 }
      }
    }
    #expect(finished > 40)
  }
}
