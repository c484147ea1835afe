import Foundation
import JSON
import Testing

@testable import Tokenizer

/// Agreement with Hugging Face `tokenizers` on committed strings; Tools/tokenizer/compare.py has the whole vocabularies.
struct ReferenceTests {
  @Test func reducedVocabularyInAllVariants() throws {
    let base = try Fixtures.reduced()
    let variants = try #require(Fixtures.cases()["variants"]?.arrayValue)
    #expect(variants.count == 8)
    for variant in variants {
      var definition = base
      for (path, value) in try #require(variant["patch"]?.objectValue) {
        definition = definition.replacing(path, with: value)
      }
      try check(Tokenizer(definition), variant, variant["name"]?.stringValue ?? "")
    }
  }

  @Test func embeddedModel() throws {
    let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let file = root.appending(path: "Sources/Serving/Resources/swiftlet/tokenizer.json")
    let tokenizer = try Tokenizer(tokenizerJSON: [UInt8](Data(contentsOf: file)))
    try check(tokenizer, #require(Fixtures.cases()["swiftlet"]), "swiftlet")
  }

  private func check(_ tokenizer: Tokenizer, _ cases: JSON, _ name: String) throws {
    for parsesSpecial in [true, false] {
      for example in try #require(cases[parsesSpecial ? "encode" : "encodePlain"]?.arrayValue) {
        let text = try #require(example[0]?.stringValue)
        let found = tokenizer.encode(text, parsingSpecialTokens: parsesSpecial)
        #expect(found == example[1]?.ids, "\(name): \(text.debugDescription)")
      }
    }
    for example in try #require(cases["decode"]?.arrayValue) {
      let ids = try #require(example[0]?.ids)
      for skips in [false, true] {
        let expected = try #require(example[skips ? 2 : 1]?.stringValue)
        let decoded = tokenizer.decode(ids, skippingSpecialTokens: skips)
        #expect(Array(decoded.utf8) == Array(expected.utf8), "\(name): \(ids)")
        var detokenizer = tokenizer.makeDetokenizer(skippingSpecialTokens: skips)
        let streamed = ids.map { detokenizer.append($0) }.joined() + detokenizer.finish()
        #expect(Array(streamed.utf8) == Array(expected.utf8), "\(name): \(ids)")
      }
    }
  }
}
