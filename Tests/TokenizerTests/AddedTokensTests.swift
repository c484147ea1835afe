import JSON
import Testing

@testable import Tokenizer

struct AddedTokensTests {
  private func token(_ content: String, _ flags: String...) -> JSON {
    [
      "content": .string(content), "single_word": .bool(flags.contains("single_word")),
      "lstrip": .bool(flags.contains("lstrip")), "rstrip": .bool(flags.contains("rstrip")),
      "normalized": .bool(flags.contains("normalized")), "special": .bool(flags.contains("special")),
    ]
  }

  /// What becomes of a text, with the given added tokens in angle quotes.
  private func marked(_ text: String, _ tokens: JSON..., parsingSpecialTokens: Bool = true) throws -> String {
    let size = try Tokenizer.reduced(added: []).vocabularySize
    let numbered = tokens.enumerated().map { $0.element.replacing("id", with: .integer(size + $0.offset)) }
    let tokenizer = try Tokenizer.reduced(added: numbered)
    // Plain tokens are decoded together, as a character may be spread over several.
    var marked = ""
    var plain: [Int32] = []
    for id in tokenizer.encode(text, parsingSpecialTokens: parsingSpecialTokens) + [.max] {
      if Int(id) < size {
        plain.append(id)
      } else {
        marked += tokenizer.decode(plain)
        plain = []
        if id != .max { marked += "«\(tokenizer.token(id) ?? "")»" }
      }
    }
    return marked
  }

  @Test func leftmostThenLongest() throws {
    #expect(try marked("<<a>>", token("<a"), token("<a>"), token("a>>")) == "<«<a>»>")
    #expect(try marked("abcd", token("bcd"), token("abc")) == "«abc»d")
  }

  @Test func whiteSpaceIsTakenAlong() throws {
    #expect(try marked("x  ZQ  y", token("ZQ", "lstrip")) == "x«ZQ»  y")
    #expect(try marked("x \u{3000}ZQ \n y", token("ZQ", "rstrip")) == "x \u{3000}«ZQ»y")
    #expect(try marked("ZQ ZQ", token("ZQ", "lstrip", "rstrip")) == "«ZQ»«ZQ»")
  }

  @Test func singleWords() throws {
    let word = token("ZQ", "single_word")
    #expect(try marked("ZQ ZQ. xZQ ZQy _ZQ é", word) == "«ZQ» «ZQ». xZQ ZQy _ZQ é")
    #expect(try marked("éZQ ZQ\u{301} ZQ1 ZQ-", word) == "éZQ ZQ\u{301} ZQ1 «ZQ»-")
  }

  @Test func normalizedTokens() throws {
    let (composed, decomposed) = ("\u{E9}\u{E9}", "e\u{301}e\u{301}")
    #expect(try marked(decomposed, token(composed, "normalized")) == "«\(composed)»")
    #expect(try marked(composed, token(decomposed, "normalized")).unicodeScalars.first == "«")
    #expect(try marked(composed, token(decomposed)).unicodeScalars.first == "\u{E9}")
    #expect(try marked(decomposed, token(composed)).unicodeScalars.first == "\u{E9}")
  }

  @Test func specialTokensMayBeLeftAsText() throws {
    let tokens = (token("<s>", "special"), token("<t>"))
    #expect(try marked("<s><t>", tokens.0, tokens.1) == "«<s>»«<t>»")
    #expect(try marked("<s><t>", tokens.0, tokens.1, parsingSpecialTokens: false) == "<s>«<t>»")
  }

  @Test func lookUps() throws {
    let tokenizer = try Tokenizer.reduced()
    let end = try #require(tokenizer.id(of: "<|im_end|>"))
    #expect(tokenizer.token(end) == "<|im_end|>")
    #expect(tokenizer.isSpecial(end))
    #expect(tokenizer.bytes(of: end) == Array("<|im_end|>".utf8))
    let think = try #require(tokenizer.id(of: "<think>"))
    #expect(!tokenizer.isSpecial(think))
    #expect(Int(max(end, think)) < tokenizer.vocabularySize)
    #expect(tokenizer.decode([think, end], skippingSpecialTokens: true) == "<think>")
    let the = try #require(tokenizer.id(of: "Ġthe"))
    #expect(tokenizer.bytes(of: the) == Array(" the".utf8))
    #expect(tokenizer.id(of: " the") == nil)
    for id in [-1, Int32.max, Int32.min, Int32(tokenizer.vocabularySize)] {
      #expect(tokenizer.token(id) == nil && tokenizer.bytes(of: id) == nil && tokenizer.decode([id]) == "")
    }
  }
}
