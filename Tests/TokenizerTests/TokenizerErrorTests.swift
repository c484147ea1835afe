import JSON
import Testing

@testable import Tokenizer

struct TokenizerErrorTests {
  /// The complaint about the reduced tokenizer.json with another value (nil: none) at a path.
  private func complaint(_ path: String, _ value: JSON?) throws -> String? {
    let definition = try Fixtures.reduced().replacing(path, with: value)
    do {
      _ = try Tokenizer(definition)
      return nil
    } catch {
      return error.description
    }
  }

  @Test(
    arguments: [
      ("model", nil, "model is missing"),
      ("model.vocab", nil, "model.vocab is missing"),
      ("model.merges", nil, "model.merges is missing"),
      ("decoder", nil, "decoder is missing"),
      ("pre_tokenizer", nil, "pre_tokenizer is missing"),
      ("model", 1, "model: expected an object, found"),
      ("model.vocab.a", "x", #"model.vocab["a"]: expected an integer, found"#),
      ("model.vocab.a", -1, #"model.vocab["a"]: expected a token id, found -1"#),
      ("model.vocab.a", 0, "expected one of its own, found 0"),
      ("model.vocab.a", 5_000_000, #"model.vocab["a"]: 5000000 is above the limit of 1048575"#),
      ("model.merges.3", ["a"], #"model.merges[3]: expected two tokens, found ["a"]"#),
      ("model.merges.3", "a b c", #"model.merges[3]: expected two tokens, found "a b c""#),
      ("model.merges.3", ["a", "nothing"], "model.merges[3]: expected tokens of model.vocab, alone and joined, found"),
      ("model.merges", "x", "model.merges: expected an array, found"),
      ("model.type", "WordPiece", #"model.type: "WordPiece" is not supported; supported: BPE"#),
      ("model.dropout", 0.1, "model.dropout: 0.1 is not supported"),
      ("model.byte_fallback", true, "model.byte_fallback: true is not supported"),
      ("model.continuing_subword_prefix", "##", "model.continuing_subword_prefix: "),
      ("model.end_of_word_suffix", "</w>", "model.end_of_word_suffix: "),
      ("model.ignore_merges", 1, "model.ignore_merges: expected true or false, found"),
      ("normalizer", ["type": "NFKC"], #"normalizer.type: "NFKC" is not supported; supported: NFC, Sequence, null"#),
      (
        "normalizer", ["type": "Sequence", "normalizers": [["type": "NFC"], ["type": "Lowercase"]]],
        #"normalizer.normalizers[1].type: "Lowercase" is not supported"#
      ),
      ("pre_tokenizer", nil as JSON?, "pre_tokenizer is missing"),
      ("pre_tokenizer", JSON.null, "pre_tokenizer: null is not supported"),
      ("pre_tokenizer.type", "Metaspace", #"pre_tokenizer.type: "Metaspace" is not supported"#),
      ("pre_tokenizer.pretokenizers", [], "pre_tokenizer.pretokenizers: [] is not supported"),
      ("pre_tokenizer.pretokenizers.0.behavior", "Removed", "pre_tokenizer.pretokenizers[0].behavior: "),
      ("pre_tokenizer.pretokenizers.0.invert", true, "pre_tokenizer.pretokenizers[0].invert: true is not supported"),
      (
        "pre_tokenizer.pretokenizers.0.pattern", ["String": " "],
        #"pre_tokenizer.pretokenizers[0].pattern: {"String":" "} is not supported; supported: Regex"#
      ),
      (
        "pre_tokenizer.pretokenizers.0.pattern.Regex", "a+",
        "pre_tokenizer.pretokenizers[0].pattern.Regex: \"a+\" is not supported; supported: the expressions of Qwen2,"
      ),
      ("pre_tokenizer.pretokenizers.1.add_prefix_space", true, "pre_tokenizer.pretokenizers[1].add_prefix_space: true"),
      (
        "pre_tokenizer.pretokenizers.1.use_regex", nil,
        "pre_tokenizer.pretokenizers[1].use_regex: true is not supported"
      ),
      ("decoder.type", "Metaspace", #"decoder.type: "Metaspace" is not supported; supported: ByteLevel"#),
      (
        "post_processor", ["type": "BertProcessing"], #"post_processor.type: "BertProcessing" is not supported"#
      ),
      ("pre_tokenizer", ["type": "ByteLevel"], "pre_tokenizer.add_prefix_space: true is not supported"),
      (
        "pre_tokenizer.pretokenizers.0", ["type": "Digits"],
        "pre_tokenizer.pretokenizers[0].individual_digits: false is not supported"
      ),
      (
        "pre_tokenizer.pretokenizers.0", ["type": "Digits", "individual_digits": true],
        "pre_tokenizer.pretokenizers[1].use_regex: false is not supported"
      ),
      ("added_tokens.0.id", 3, #"the id of "<|endoftext|>": expected one of its own, found 3"#),
      ("added_tokens.0.content", "<think>", #"the id of "<think>": expected one of its own"#),
      ("added_tokens.0.special", nil, "added_tokens[0].special is missing"),
      ("added_tokens.0.lstrip", "no", "added_tokens[0].lstrip: expected true or false, found"),
      (
        "added_tokens.0.content", .string(String(repeating: "x", count: 5000)),
        "the length of added_tokens[0].content: 5000 is above the limit of 4096"
      ),
    ] as [(String, JSON?, String)])
  func unusableFile(_ path: String, _ value: JSON?, _ expected: String) throws {
    let found = try complaint(path, value)
    #expect(found?.contains(expected) == true, "\(found ?? "no complaint")")
  }

  @Test func whatMakesNoDifferenceIsIgnored() throws {
    for (path, value) in [
      ("truncation", ["max_length": 4]), ("padding", ["strategy": "BatchLongest"]), ("post_processor", nil),
      ("post_processor", ["type": "Sequence", "processors": [["type": "ByteLevel"], ["type": "TemplateProcessing"]]]),
      ("model.type", nil),
      ("model.fuse_unk", true), ("model.unk_token", "a"), ("unheard_of", 1), ("added_tokens", nil),
    ] as [(String, JSON?)] {
      #expect(try complaint(path, value) == nil)
    }
  }

  @Test func unknownTokenNeedsAllBytes() throws {
    var definition = try Fixtures.reduced().replacing("model.merges", with: [])
    definition = definition.replacing("model.vocab", with: ["a": 0, "b": 1]).replacing("model.unk_token", with: "a")
    #expect(throws: TokenizerError.self) { try Tokenizer(definition) }
    #expect(try Tokenizer(definition.replacing("model.unk_token", with: .null)).encode("axb") == [0, 1])
  }

  @Test func notJSON() {
    for text in ["", "{", "nonsense", "[1", "\"\\ud800\""] {
      #expect(throws: TokenizerError.self) { try Tokenizer(tokenizerJSON: Array(text.utf8)) }
    }
  }
}
