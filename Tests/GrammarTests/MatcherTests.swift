import Testing

@testable import Grammar

@Suite struct MatcherTests {
  /// Single bytes, some words, a special token and an end token.
  private let vocabulary: TokenVocabulary = {
    let words = ["{\"", "\":", "name", "\",\"", "\"}", "ab", "abc", "aaaa"]
    let texts: [[UInt8]?] = (0...255).map { [UInt8($0)] } + words.map { Array($0.utf8) } + [nil, nil]
    return TokenVocabulary(texts: texts, endTokens: [265], broadFrom: 4)
  }()

  private func matcher(_ definition: GrammarDefinition) throws -> GrammarMatcher {
    try GrammarCompiler(vocabulary: vocabulary).compile(definition).makeMatcher()
  }

  private func allowed(_ matcher: GrammarMatcher) -> Set<Int32> {
    var words = Array(repeating: UInt64.max, count: matcher.maskWords)
    words.withUnsafeMutableBufferPointer { matcher.fillMask($0) }
    return Set((0..<Int32(vocabulary.size)).filter { words[Int($0) >> 6] >> UInt64($0 & 63) & 1 == 1 })
  }

  @Test func tokensMayCrossTheBordersOfRules() throws {
    let text = GrammarExpression.sequence([.anyNumber(of: .characters(ScalarSet("a"..."z"))), .text("\"")])
    var definition = GrammarDefinition(root: "object")
    definition["text"] = text
    definition["object"] = .sequence([.text("{\""), .rule("text"), .text(":\""), .rule("text"), .text("}")])
    var matcher = try matcher(definition)
    #expect(allowed(matcher) == [0x7B, 256])
    for token in [256, 258, 257, 0x22, 261, 260] as [Int32] {
      #expect(allowed(matcher).contains(token))
      let accepted = matcher.accept(token)
      #expect(accepted)
    }
    #expect(matcher.isComplete && matcher.isFinished && allowed(matcher) == [265])
    let ended = matcher.accept(265)
    #expect(ended && matcher.hasEnded && allowed(matcher).isEmpty)
  }

  @Test func markersAreReadWhereTheyAreAskedForOnly() throws {
    let texts: [[UInt8]?] = (0...255).map { [UInt8($0)] } + [Array("<x>".utf8), Array("</x>".utf8)]
    let vocabulary = TokenVocabulary(texts: texts, endTokens: [], markers: [256, 257])
    let letters = GrammarExpression.anyNumber(of: .characters(ScalarSet("a"..."z")))
    let definition = GrammarDefinition(.sequence([.marker(0), letters, .marker(1)]))
    var matcher = try GrammarCompiler(vocabulary: vocabulary).compile(definition).makeMatcher()
    func allowed() -> Set<Int> {
      var words = Array(repeating: UInt64.max, count: matcher.maskWords)
      words.withUnsafeMutableBufferPointer { matcher.fillMask($0) }
      return Set((0..<258).filter { words[$0 >> 6] >> UInt64($0 & 63) & 1 == 1 })
    }
    #expect(allowed() == [256] && matcher.forcedBytes().isEmpty)
    let begun = matcher.accept(256)
    #expect(begun && allowed() == Set(0x61...0x7A).union([257]))
    let spelt = matcher.accept(Array("</x>".utf8))
    let ended = matcher.accept(257)
    #expect(!spelt && ended && matcher.isFinished)
  }

  @Test func largeBoundsAreCounted() throws {
    let letters = GrammarExpression.repetition(.characters(.all), atLeast: 3, atMost: 100_000)
    var matcher = try matcher(GrammarDefinition(.sequence([letters, .text("\"}")])))
    for _ in 0..<24_999 {
      let accepted = matcher.accept(263)
      try #require(accepted)
    }
    #expect(allowed(matcher).isSuperset(of: [0x61, 261, 262, 263, 260]))
    let three = matcher.accept(262)
    #expect(three && allowed(matcher).contains(0x61) && !allowed(matcher).contains(261))
    // One is left, then the end: a quotation mark may be either, and both bytes at once only the end.
    #expect(allowed(matcher).isSuperset(of: [0x22, 260]) && !allowed(matcher).contains(257))
    let last = matcher.accept(0x61)
    #expect(last && allowed(matcher) == [0x22, 260] && !matcher.isComplete)
  }

  @Test func takingBackAndCopies() throws {
    var matcher = try matcher(GrammarDefinition(.anyNumber(of: .choice([.text("ab"), .text("abc")]))))
    let copy = matcher
    for token in [261, 262, 261] as [Int32] {
      let accepted = matcher.accept(token)
      #expect(accepted)
    }
    let refused = matcher.accept(263)
    #expect(!refused && matcher.isComplete)
    let back = matcher.rollback(2)
    #expect(back && matcher.isComplete && allowed(matcher).contains(0x63))
    let tooFar = matcher.rollback(2)
    #expect(!tooFar)
    #expect(allowed(copy) == [0x61, 261, 262, 265])
  }

  @Test func whatHasToComeIsKnown() throws {
    let definition = GrammarDefinition(.sequence([.text("{\"name\":"), .choice([.text("12"), .text("13")])]))
    var matcher = try matcher(definition)
    #expect(matcher.forcedBytes() == Array("{\"name\":1".utf8))
    #expect(matcher.forcedBytes(limit: 3) == Array("{\"n".utf8))
    let accepted = matcher.accept(Array("{\"name\":13".utf8))
    #expect(accepted && matcher.forcedBytes().isEmpty && matcher.isFinished)
  }

  @Test func aStoreThatIsFullIsLeftForAnother() throws {
    let budget = CompilationBudget(GrammarLimits(), rule: "list")
    var builder = NetworkBuilder(try RuleAnalysis(Self.nested, budget), TerminalCache(budgetBytes: 1 << 20), budget)
    let tables = TableCache(vocabulary, budgetBytes: 1 << 20)
    let store = ParserStore(ParserState(try builder.build()), tables)
    let open = try #require(store.step(ParserState.first, Array("((a,(a,".utf8)))
    let (fresh, sets) = store.compacted(keeping: [open])
    #expect(fresh.step(sets[0], Array("a))))".utf8)) == nil)
    let closed = try #require(fresh.step(sets[0], Array("a)))".utf8)))
    #expect(fresh.ends(closed).isComplete)
  }

  private static let nested = GrammarDefinition(
    root: "list",
    rules: [
      "list": .choice([
        .text("a"),
        .sequence([.text("("), .rule("list"), .anyNumber(of: .sequence([.text(","), .rule("list")])), .text(")")]),
      ])
    ])
}
