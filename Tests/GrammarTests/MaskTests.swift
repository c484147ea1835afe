import JSON
import TestSupport
import Testing

@testable import Grammar

/// Masks over a vocabulary that is large enough for tokens to be skipped together, beside the matcher.
@Suite struct MaskTests {
  /// Words, blanks and line ends, punctuation, numbers and cut characters, by themselves and in pairs.
  private static let texts: [[UInt8]?] = {
    var random = SplitMix64(seed: 1)
    let words = [
      "a", "ab", "abc", "b", "cd", "true", "null", "x", "xy", "y", "é", "ü", "日", "日本", "🙂", "\u{2028}", "\u{3000}",
    ]
    let others = [
      " ", "  ", "\n", "\n  ", "\t", "\"", "\"\"", "\":", "\": ", "\",", ",", ", ", "{", "{\"", "}", "[", "]", "\\",
      "\\n", "\\u",
      "/", "-", ".", "@", "0", "1", "7", "12", "00ff",
    ]
    let parts = (words + others).map { Array($0.utf8) }
    var texts = Set((0...255).map { [UInt8($0)] } + parts)
    while texts.count < 3000 {
      var text = (0..<Int.random(in: 2...4, using: &random)).flatMap { _ in parts.randomElement(using: &random) ?? [] }
      if Int.random(in: 0..<8, using: &random) == 0 { text.removeFirst() }
      if Int.random(in: 0..<8, using: &random) == 0 { text.removeLast() }
      texts.insert(text)
    }
    texts.insert(Array(repeating: 0x20, count: 40))
    texts.insert(Array(String(repeating: "é", count: 40).utf8))
    return texts.sorted { $0.lexicographicallyPrecedes($1) } + [nil, nil]
  }()

  private static func vocabulary(broadFrom: Int) -> TokenVocabulary {
    TokenVocabulary(texts: texts, endTokens: [Int32(texts.count - 1)], broadFrom: broadFrom)
  }

  private static let definitions: [GrammarDefinition] = {
    let schemas = [
      #"{"type":"array"}"#,
      #"{"type":"object","properties":{"a":{"type":"string"},"é":{"type":"integer"}},"required":["a"]}"#,
      #"{"type":"string","minLength":2,"maxLength":5}"#,
      #"{"type":"string","maxLength":40}"#,
      #"{"type":"array","items":{"type":"string","pattern":"ab|cd"}}"#,
      #"{"type":"string","pattern":"^x.*y$","minLength":1,"maxLength":12}"#,
      #"{"type":"string","pattern":"^.{3}$","minLength":1,"maxLength":6}"#,
      #"{"type":"string","pattern":"^.{1,5}$","minLength":4}"#,
      #"{"type":"string","pattern":"^[^\\s]+$","maxLength":9}"#,
      #"{"type":"string","pattern":"[\"\\\\]","minLength":2,"maxLength":7}"#,
      #"{"type":"string","pattern":"\\d","minLength":1,"maxLength":7}"#,
      // Lengths with gaps that the bounds fit into.
      #"{"type":"string","pattern":"^(?:[^,]{3})*x?$","minLength":4,"maxLength":4}"#,
      #"{"type":"string","pattern":"^(?:[^,]{3})*x?$","minLength":5,"maxLength":6}"#,
      #"{"anyOf":[{"type":"string","format":"hostname"},{"type":"number","minimum":0},{"type":"null"}]}"#,
    ]
    let characters = GrammarExpression.characters(.all)
    let expressions: [GrammarExpression] = [
      // The end of the text before could also be its middle.
      .sequence([
        .repetition(characters, atLeast: 1, atMost: 20), .text("y"), .repetition(characters, atLeast: 3, atMost: 9),
      ]),
      .sequence([.anyNumber(of: .characters(ScalarSet(of: "abcxyé日"))), .text(", "), .anyNumber(of: characters)]),
    ]
    let parsed = schemas.compactMap { try? GrammarDefinition(jsonSchema: JSON(parsing: $0)) }
    return parsed + expressions.map { GrammarDefinition($0) }
  }()

  @Test(arguments: definitions.indices, [0, 16, 256])
  func masksAllowWhatTheMatcherAccepts(definition: Int, broadFrom: Int) throws {
    #expect(Self.definitions.count == 16)
    let vocabulary = Self.vocabulary(broadFrom: broadFrom)
    // A budget that no table fits in changes nothing.
    let compiler = GrammarCompiler(vocabulary: vocabulary, cacheBytes: broadFrom == 0 ? 1 : 16 << 20)
    let grammar = try compiler.compile(Self.definitions[definition])
    var random = SplitMix64(seed: UInt64(definition))
    var mask = Array(repeating: UInt64(0), count: vocabulary.maskWords)
    for _ in 0..<3 {
      var matcher = grammar.makeMatcher()
      for step in 0..<8 {
        mask.withUnsafeMutableBufferPointer { matcher.fillMask($0) }
        var allowed: [Int32] = []
        for token in 0..<Int32(vocabulary.size) {
          var copy = matcher
          let isAccepted = copy.accept(token)
          let isSet = mask[Int(token) >> 6] >> UInt64(token & 63) & 1 == 1
          try #require(
            isSet == isAccepted,
            "grammar \(definition), step \(step), token \(String(decoding: Self.texts[Int(token)] ?? [], as: UTF8.self))"
          )
          if isAccepted { allowed.append(token) }
        }
        guard let token = allowed.randomElement(using: &random), matcher.accept(token) else { break }
      }
    }
  }

  @Test func tablesStayWithinTheirBudget() throws {
    let vocabulary = Self.vocabulary(broadFrom: 16)
    let budget = CompilationBudget(GrammarLimits(), rule: "text")
    let definition = GrammarDefinition(.repetition(.characters(ScalarSet(of: "abcxyé日")), atLeast: 0, atMost: 20))
    let terminals = TerminalCache(budgetBytes: 1 << 20)
    var builder = NetworkBuilder(try RuleAnalysis(definition, budget), terminals, budget)
    let terminal = try #require(try builder.build().terminals.first)
    let whole = TableCache(vocabulary, budgetBytes: 1 << 20)
    let small = TableCache(vocabulary, budgetBytes: 4 * whole.table(terminal, 0).bytes)
    for state in 0..<Int32(terminal.automaton.count) {
      #expect(small.table(terminal, state).bytes == whole.table(terminal, state).bytes)
      #expect(small.bytes <= 4 * whole.table(terminal, 0).bytes)
    }
    #expect(whole.table(terminal, 0) === whole.table(terminal, 0))
  }

  @Test func freeLettersAreThoseReadAnyNumberOfTimes() throws {
    let budget = CompilationBudget(GrammarLimits(), rule: "text")
    let automaton = { (pattern: String) throws in
      try ByteNFA.automaton(of: RegularExpression.expression(pattern, matching: .whole), budget)
    }
    let mask = { (letters: String) in
      letters.utf8.reduce(UInt64(0)) { $0 | 1 << UInt64(Letters.groups[Int($1)]) }
    }
    var anything = FreeLetters(try automaton("[^\"]*"), nil)
    #expect(anything.letters(from: 0).letters == ~(mask("\"") | Letters.never | 1 << 62))
    // A line separator is no dot, and shares its first byte with others.
    var dots = FreeLetters(try automaton(".*"), nil)
    #expect(dots.letters(from: 0).letters & (mask("\n\r") | 1 << UInt64(Letters.groups[0xE2])) == 0)
    #expect(dots.letters(from: 0).letters & mask("a0 \"") == mask("a0 \""))
    var two = FreeLetters(try automaton("[a-z]{2}"), nil)
    #expect(two.letters(from: 0).letters == mask("abcdefghijklmnopqrstuvwxyz"))
    #expect(two.letters(from: 0).characters == 2)
    // Whatever has been read of the pair, both letters may follow.
    var pairs = FreeLetters(try automaton("(a|b)*abb(a|b)*"), nil)
    #expect(pairs.letters(from: 0).letters == mask("ab"))
    #expect(pairs.letters(from: 0).characters == Letters.mostCharacters)
  }
}
