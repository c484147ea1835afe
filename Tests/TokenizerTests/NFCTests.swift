import Foundation
import Testing

@testable import Tokenizer

struct NFCTests {
  private func normalized(_ text: String) -> String {
    let utf8 = Array(text.utf8)
    return Fixtures.unicode.nfc.normalized(utf8.span).map { String(decoding: $0, as: UTF8.self) } ?? text
  }

  private func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

  @Test(arguments: [
    ("e\u{301}", "\u{E9}"),
    ("q\u{307}\u{323}", "q\u{323}\u{307}"),
    ("\u{1E9B}\u{323}", "\u{1E9B}\u{323}"),
    ("\u{212B}\u{2126}", "\u{C5}\u{3A9}"),
    ("a\u{5AE}\u{300}\u{315}b", "\u{E0}\u{5AE}\u{315}b"),
    // A mark of the same class blocks composition; a starter in between does too.
    ("a\u{302}\u{302}", "\u{E2}\u{302}"),
    ("a\u{34F}\u{301}", "a\u{34F}\u{301}"),
    // Composition exclusions and scalars that decompose into marks alone.
    ("\u{958}", "\u{915}\u{93C}"),
    ("\u{344}x", "\u{308}\u{301}x"),
    // Hangul by arithmetic.
    ("\u{1112}\u{1161}\u{11AB}", "\u{D55C}"),
    ("\u{D558}\u{11AB}\u{11AB}", "\u{D55C}\u{11AB}"),
    ("\u{1112}\u{11AB}", "\u{1112}\u{11AB}"),
    ("\u{1161}", "\u{1161}"),
  ])
  func examples(_ text: String, _ expected: String) {
    #expect(scalars(normalized(text)) == scalars(expected))
  }

  @Test func plainTextIsNotCopied() {
    let text = Array("Plain text, größer, 漢字, 한글, 🙂, العربية".utf8)
    #expect(Fixtures.unicode.nfc.normalized(text.span) == nil)
  }

  /// Foundation normalises on its own. The tables of `tokenizers` are older than the toolchain's, so scalars that came
  /// after Unicode 9 are left out.
  @Test func agreesWithFoundationOnEveryScalar() {
    for value in 0..<UInt32(0x3_0000) {
      guard let scalar = Unicode.Scalar(value), let age = scalar.properties.age, age.major <= 9 else { continue }
      guard
        Fixtures.unicode.classes[Int(value)].contains(.unstable)
          || scalar.properties.canonicalCombiningClass != .notReordered
      else { continue }
      // Foundation takes the class of these from the undecomposed scalar and lets them block composition.
      if [0xF73, 0xF75, 0xF81].contains(value) { continue }
      for text in ["\(scalar)", "a\(scalar)\u{301}", "\u{1100}\(scalar)\u{5B0}\u{327}"] {
        guard scalars(normalized(text)) == scalars(text.precomposedStringWithCanonicalMapping) else {
          Issue.record("U+\(String(value, radix: 16)) in \(scalars(text))")
          continue
        }
      }
    }
  }

  /// Composed Hangul syllables are left out: Foundation does not add a final consonant to them.
  @Test func agreesWithFoundationOnRandomText() {
    var random = SplitMix64(state: 11)
    let alphabet = Array(
      "aeouAEO\u{E9}\u{1EC7}\u{304}\u{301}\u{302}\u{323}\u{327}\u{345}\u{5B0}\u{5B4}\u{3099}かは\u{1100}\u{1161}\u{11A8}"
        .unicodeScalars)
    for _ in 0..<3000 {
      var view = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...14, using: &random) { view.append(alphabet.randomElement(using: &random)!) }
      let text = String(view)
      #expect(scalars(normalized(text)) == scalars(text.precomposedStringWithCanonicalMapping))
    }
  }

  @Test func longRunOfMarks() {
    let text = "a" + String(repeating: "\u{323}\u{301}", count: 20_000)
    let expected =
      "\u{1EA1}" + String(repeating: "\u{323}", count: 19_999) + String(repeating: "\u{301}", count: 20_000)
    #expect(scalars(normalized(text)) == scalars(expected))
  }
}
