import Testing

@testable import Tokenizer

struct DetokenizerTests {
  @Test func charactersAreHeldBackUntilComplete() throws {
    var detokenizer = try Tokenizer.bytes(merges: []).makeDetokenizer()
    let pieces = Array("é漢🙂".utf8).map { detokenizer.append(Int32($0)) }
    #expect(pieces == ["", "é", "", "", "漢", "", "", "", "🙂"])
    #expect(detokenizer.finish() == "")
  }

  @Test func brokenCharacters() throws {
    var detokenizer = try Tokenizer.bytes(merges: []).makeDetokenizer()
    #expect(detokenizer.append(0xF0) == "")
    #expect(detokenizer.append(0x9F) == "")
    #expect(detokenizer.append(0x41) == "\u{FFFD}A")
    #expect(detokenizer.append(0x80) == "\u{FFFD}")
    #expect(detokenizer.append(0xE6) == "")
    #expect(detokenizer.finish() == "\u{FFFD}")
    #expect(detokenizer.finish() == "")
    #expect(detokenizer.append(0x42) == "B")
  }

  /// The standard library replaces maximal subparts too.
  @Test func repairAgreesWithTheStandardLibrary() {
    var random = SplitMix64(state: 2)
    let bytes: [UInt8] = [
      0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xDF, 0xE0, 0xE1, 0xED, 0xEF, 0xF0, 0xF1, 0xF4, 0xF5, 0xFF,
    ]
    for _ in 0..<5000 {
      let input = (0..<Int.random(in: 0...10, using: &random)).map { _ in bytes.randomElement(using: &random)! }
      var repair = UTF8Repair()
      var output: [UInt8] = []
      for byte in input { repair.append(CollectionOfOne(byte), to: &output) }
      repair.finish(into: &output)
      #expect(output == Array(String(decoding: input, as: UTF8.self).utf8), "\(input)")
    }
  }

  @Test func specialTokensAreLeftOut() throws {
    let tokenizer = try Tokenizer.reduced()
    let ids = tokenizer.encode("<|im_start|>hi<think>")
    var detokenizer = tokenizer.makeDetokenizer()
    #expect(ids.map { detokenizer.append($0) }.joined() == "hi<think>")
  }

  @Test func roundTrip() throws {
    let tokenizer = try Tokenizer.reduced()
    var random = SplitMix64(state: 4)
    for _ in 0..<300 {
      var view = String.UnicodeScalarView()
      for _ in 0..<Int.random(in: 0...20, using: &random) {
        // Han characters and emoji have one form only.
        view.append(Unicode.Scalar(UInt32.random(in: 0x4E00...0x9FFF, using: &random)) ?? "a")
        view.append(Unicode.Scalar(UInt32.random(in: 0x1F300...0x1F5FF, using: &random)) ?? "a")
      }
      let text = String(view)
      #expect(tokenizer.decode(tokenizer.encode(text)).utf8.elementsEqual(text.utf8))
    }
  }
}
