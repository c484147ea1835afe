import Grammar
import Testing

/// What cannot be compiled, or must not take long.
@Suite struct CompilerTests {
  private func compile(_ definition: GrammarDefinition, _ limits: GrammarLimits = GrammarLimits()) throws(GrammarError)
  {
    let vocabulary = TokenVocabulary(texts: [[0x61], [0x62]], endTokens: [])
    _ = try GrammarCompiler(vocabulary: vocabulary, limits: limits).compile(definition)
  }

  @Test func errorsNameTheRule() {
    let a = GrammarExpression.text("a")
    let loop = GrammarExpression.sequence([a, .rule("s")])
    for (definition, error) in [
      (GrammarDefinition(root: "s"), GrammarError.undefinedRule("s", in: "the grammar")),
      (GrammarDefinition(root: "s", rules: ["s": .rule("t")]), .undefinedRule("t", in: "s")),
      (GrammarDefinition(root: "s", rules: ["s": loop]), .matchesNothing(rule: "s")),
      (
        GrammarDefinition(root: "s", rules: ["s": .choice([a, .intersection([a, .rule("s")])])]),
        .notRegular(rule: "s", recursive: "s")
      ),
      (
        GrammarDefinition(.repetition(a, atLeast: 3, atMost: 2)),
        .invalidBounds(rule: "root", atLeast: 3, atMost: 2)
      ),
    ] {
      #expect(throws: error) { try compile(definition) }
    }
  }

  @Test func countsOfNothingMatchNothing() throws {
    // Wide enough to be counted: see `ExpressionShape.isCounted`.
    let nothing = GrammarExpression.sequence([
      .characters(ScalarSet([0x20...0x2FFF])), .byteClass(ByteSet()), .text("tail"),
    ])
    #expect(throws: GrammarError.matchesNothing(rule: "root")) {
      try compile(GrammarDefinition(.repetition(nothing, atLeast: 1, atMost: 3)))
    }
    try compile(GrammarDefinition(.repetition(nothing, atLeast: 0, atMost: 3)))
  }

  @Test func hostileGrammarsEndInErrors() {
    let letter = GrammarExpression.characters(ScalarSet("a"..."b"))
    // The automaton of "the 40th character from the end is a" has 2^40 states.
    let exponential = GrammarExpression.sequence(
      [.anyNumber(of: letter), .text("a")] + Array(repeating: letter, count: 40))
    // Each rule doubles the next; together they are 2^200 letters.
    var doubling = GrammarDefinition(root: "r0")
    for level in 0..<200 {
      doubling["r\(level)"] = .intersection([.sequence([.rule("r\(level + 1)"), .rule("r\(level + 1)")]), letter])
    }
    doubling["r200"] = letter
    var nested = letter
    for _ in 0..<300 { nested = .optional(nested) }
    let options = GrammarExpression.intersection([
      .repetition(.optional(letter), atLeast: 0, atMost: 1_000_000), letter,
    ])
    var limits = GrammarLimits()
    limits.automatonStates = 10_000
    limits.expressions = 100_000
    for definition in [
      GrammarDefinition(exponential), doubling, GrammarDefinition(nested), GrammarDefinition(options),
    ] {
      let start = ContinuousClock.now
      #expect(throws: GrammarError.self) { try compile(definition, limits) }
      #expect(ContinuousClock.now - start < limits.time * 3)
    }
  }
}
