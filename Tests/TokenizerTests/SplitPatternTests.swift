import Testing

@testable import Tokenizer

struct SplitPatternTests {
  private static let qwen2 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#
  private static let qwen35 =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s*[\r\n]+|"#
    + #"\s+(?!\S)|\s+"#

  private func pieces(_ text: String, regex: String = qwen2) throws -> [String] {
    try pieces(text, #require(SplitRule(regex: regex)))
  }

  private func pieces(_ text: String, _ rule: SplitRule) -> [String] {
    let splitter = WordSplitter(rule, classes: Fixtures.unicode.classes)
    let utf8 = Array(text.utf8)
    var pieces: [String] = []
    var start = 0
    while start < utf8.count {
      let end = splitter.end(ofPieceAt: start, in: utf8.span)
      guard end > start else { break }
      pieces.append(String(decoding: utf8[start..<end], as: UTF8.self))
      start = end
    }
    return pieces
  }

  @Test(arguments: [
    // Letters take one scalar of another kind along, but no newline and no digit.
    ("hello world", ["hello", " world"]),
    ("\tx\nx1x", ["\tx", "\n", "x", "1", "x"]),
    ("!abc$def", ["!abc", "$def"]),
    ("  abc", [" ", " abc"]),
    // Contractions, in any case; ſ folds to s.
    ("it's we'LL I'm", ["it", "'s", " we", "'LL", " I", "'m"]),
    ("'s's", ["'s", "'s"]),
    ("a'\u{17F}t", ["a", "'\u{17F}", "t"]),
    ("a'rx", ["a", "'rx"]),
    ("'", ["'"]),
    ("'l", ["'l"]),
    // One digit a piece, of every script.
    ("123", ["1", "2", "3"]),
    ("½٣ x", ["½", "٣", " x"]),
    // Symbols take a space before them and newlines behind them.
    (" ?!\r\n\nx", [" ?!\r\n\n", "x"]),
    ("  ?", [" ", " ?"]),
    ("a\t?", ["a", "\t", "?"]),
    // White space up to the last newline; else all but the last one before something else; else all.
    (" \n  \n  x", [" \n  \n", " ", " x"]),
    ("   \n", ["   \n"]),
    ("x   ", ["x", "   "]),
    ("x   1", ["x", "  ", " ", "1"]),
    ("\u{3000}\u{A0}\u{85}1", ["\u{3000}\u{A0}", "\u{85}", "1"]),
    // Marks are symbols to Qwen2.
    ("ne\u{301}e", ["ne", "\u{301}e"]),
    ("\u{301}\u{302}.", ["\u{301}\u{302}."]),
  ])
  func qwen2Pieces(_ text: String, _ expected: [String]) throws {
    let found = try pieces(text)
    #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(found)")
  }

  @Test(arguments: [
    ("ne\u{301}e", ["ne\u{301}e"]),
    ("\u{301}", ["\u{301}"]),
    ("\u{301}\u{302}.", ["\u{301}\u{302}", "."]),
    (" \u{301}a", [" \u{301}a"]),
    ("1\u{301}", ["1", "\u{301}"]),
    ("!\u{FE0F}!", ["!\u{FE0F}", "!"]),
  ])
  func qwen35Pieces(_ text: String, _ expected: [String]) throws {
    let found = try pieces(text, regex: Self.qwen35)
    #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(found)")
  }

  @Test func upToThreeDigits() throws {
    let regex = Self.qwen2.replacing(#"|\p{N}|"#, with: #"|\p{N}{1,3}|"#)
    #expect(try pieces("1234567x89", regex: regex) == ["123", "456", "7", "x", "89"])
  }

  @Test(arguments: [
    // At most one space goes along, and no other white space.
    ("hello  world\tx", ["hello", " ", " world", "\t", "x"]),
    (" 12 ?! ½٣", [" 12", " ?!", " ½٣"]),
    // Contractions in small letters only.
    ("it's we'LL 'll'", ["it", "'s", " we", "'", "LL", " '", "ll", "'"]),
    ("a \n\nb  ", ["a", " \n", "\n", "b", "  "]),
    ("ne\u{301}e", ["ne", "\u{301}", "e"]),
  ])
  func gpt2Pieces(_ text: String, _ expected: [String]) {
    let found = pieces(text, .gpt2)
    #expect(found.map { Array($0.utf8) } == expected.map { Array($0.utf8) }, "\(found)")
  }

  @Test(arguments: [
    ("a12 3  4b", ["a", "1", "2", " ", "3", "  ", "4", "b"]),
    ("x  y", ["x", " ", " y"]),
    ("'1s's", ["'", "1", "s", "'s"]),
    ("½٣", ["½", "٣"]),
  ])
  func isolatedDigits(_ text: String, _ expected: [String]) {
    #expect(pieces(text, .digitsThenGPT2) == expected)
  }

  /// Beside the standard library's regular expressions, on text between digits where those are cut out first.
  @Test func gpt2AgreesWithTheExpression() throws {
    let expression = try Regex(#"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#)
      .matchingSemantics(.unicodeScalar)
    func matches(_ text: String) -> [String] { text.matches(of: expression).map { String(text[$0.range]) } }
    var random = SplitMix64(state: 5)
    let alphabet = Array("ab'stlrevmdS  \n\t1½!?.\u{301}é漢\u{3000}🙂".unicodeScalars)
    for _ in 0..<1000 {
      var scalars = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...12, using: &random) {
        scalars.append(alphabet[Int.random(in: 0..<alphabet.count, using: &random)])
      }
      let text = String(scalars)
      #expect(pieces(text, .gpt2) == matches(text), "\(text.debugDescription)")

      var parts: [String] = []
      var between = String.UnicodeScalarView()
      for scalar in scalars {
        guard scalar == "1" || scalar == "½" else {
          between.append(scalar)
          continue
        }
        parts += matches(String(between)) + [String(scalar)]
        between = String.UnicodeScalarView()
      }
      parts += matches(String(between))
      #expect(pieces(text, .digitsThenGPT2) == parts, "\(text.debugDescription)")
    }
  }

  @Test func otherExpressionsAreNotGuessed() {
    #expect(SplitRule(regex: #"\p{L}+"#) == nil)
    #expect(SplitRule(regex: Self.qwen2 + " ") == nil)
  }

  @Test func everyPieceOfRandomTextIsPartOfIt() throws {
    var random = SplitMix64(state: 3)
    let alphabet = Array("ab'sS \n\r\t1!\u{301}é漢\u{3000}🙂".unicodeScalars)
    for _ in 0..<2000 {
      var text = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...12, using: &random) { text.append(alphabet.randomElement(using: &random)!) }
      #expect(try pieces(String(text)).joined().utf8.elementsEqual(String(text).utf8))
    }
  }

  /// The toolchain's Unicode tables agree on all that was in Unicode 15; later scalars may be unknown to either.
  @Test func classesAgreeWithTheToolchain() {
    for value in 0..<UInt32(0x3_1000) {
      guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age.major <= 15 else { continue }
      let found = Fixtures.unicode.classes[Int(value)]
      let category = scalar.properties.generalCategory
      let letters: [Unicode.GeneralCategory] = [
        .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
      ]
      let isLetter = letters.contains(category)
      let isMark = [.nonspacingMark, .spacingMark, .enclosingMark].contains(category)
      let isNumber = [.decimalNumber, .letterNumber, .otherNumber].contains(category)
      guard
        found.contains(.letter) == isLetter, found.contains(.mark) == isMark, found.contains(.number) == isNumber,
        found.contains(.whitespace) == scalar.properties.isWhitespace
      else {
        Issue.record("U+\(String(value, radix: 16))")
        continue
      }
    }
  }
}
