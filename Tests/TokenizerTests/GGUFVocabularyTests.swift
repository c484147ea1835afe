import JSON
import Testing

@testable import Tokenizer

/// Tokenizers from GGUF metadata, beside the same vocabulary as a tokenizer.json.
struct GGUFVocabularyTests {
  private struct Parts {
    var model = "gpt2"
    var preTokenizer: String? = "qwen2"
    var tokens: [String]
    var types: [Int]
    var merges: [String]

    /// The reduced vocabulary as a converter writes it.
    init() throws {
      let definition = try Fixtures.reduced()
      let vocabulary = try #require(definition["model"]?["vocab"]?.objectValue)
      let added = try #require(definition["added_tokens"]?.arrayValue)
      let size = added.reduce(vocabulary.count) { max($0, ($1["id"]?.intValue ?? 0) + 1) }
      tokens = (0..<size).map { "[PAD\($0)]" }
      types = Array(repeating: 5, count: size)
      for (text, id) in vocabulary {
        guard let id = id.intValue else { continue }
        (tokens[id], types[id]) = (text, 1)
      }
      for token in added {
        guard let id = token["id"]?.intValue, let text = token["content"]?.stringValue else { continue }
        (tokens[id], types[id]) = (text, token["special"] == true ? 3 : 4)
      }
      merges = try #require(definition["model"]?["merges"]?.arrayValue).map { merge in
        merge.stringValue ?? (merge.arrayValue ?? []).compactMap(\.stringValue).joined(separator: " ")
      }
    }

    func tokenizer() throws(TokenizerError) -> Tokenizer {
      try Tokenizer(
        TokenizerDefinition(
          ggufModel: model, preTokenizer: preTokenizer, tokens: tokens, types: types, merges: merges),
        unicode: Fixtures.unicode)
    }
  }

  private let texts = [
    "", "Hello, world!", "it's 12345 we'LL", "naïve e\u{301}", " \n\n  x\t1  2", "<|im_start|>user\nhi<|im_end|>",
    "<think>so</think>", "日本語 🐦", "[PAD3]", "a\u{0}b",
  ]

  @Test func equalsTheSameTokenizerAsJSON() throws {
    let found = try Parts().tokenizer()
    let expected = try Tokenizer.reduced()
    for text in texts {
      for parsesSpecial in [true, false] {
        let ids = expected.encode(text, parsingSpecialTokens: parsesSpecial)
        #expect(found.encode(text, parsingSpecialTokens: parsesSpecial) == ids, "\(text.debugDescription)")
        #expect(found.decode(ids) == expected.decode(ids))
      }
    }
    #expect(found.id(of: "<|im_end|>") == expected.id(of: "<|im_end|>"))
  }

  @Test func namesOfExpressionsMeanTheSameAsTheExpressions() throws {
    let digits: JSON = [
      "type": "Sequence",
      "pretokenizers": [
        ["type": "Digits", "individual_digits": true],
        ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true],
      ],
    ]
    let cases: [(String, JSON)] = [
      ("gpt-2", ["type": "ByteLevel", "add_prefix_space": false, "use_regex": true]), ("smollm", digits),
      ("starcoder", digits),
    ]
    for (name, preTokenizer) in cases {
      var parts = try Parts()
      parts.preTokenizer = name
      let expected = try Tokenizer(
        Fixtures.reduced().replacing("pre_tokenizer", with: preTokenizer).replacing("normalizer", with: .null))
      let found = try parts.tokenizer()
      for text in texts { #expect(found.encode(text) == expected.encode(text), "\(name): \(text.debugDescription)") }
    }
  }

  // MARK: - Refusals

  private func complaint(_ change: (inout Parts) -> Void) throws -> String {
    var parts = try Parts()
    change(&parts)
    do {
      _ = try parts.tokenizer()
      return "no complaint"
    } catch {
      return error.description
    }
  }

  @Test func whatIsNotSupportedIsNamed() throws {
    #expect(
      try complaint { $0.model = "llama" }
        == "tokenizer.ggml.model: \"llama\" is not supported; supported: \"gpt2\" (byte-level BPE)")
    #expect(
      try complaint { $0.preTokenizer = "tekken" }
        == "tokenizer.ggml.pre: \"tekken\" is not supported; "
        + "supported: qwen2, qwen35, llama-bpe, gpt-2, smollm, starcoder")
    #expect(try complaint { $0.preTokenizer = nil }.hasPrefix("tokenizer.ggml.pre: no name is not supported"))
  }

  @Test func whatContradictsItselfIsNamed() throws {
    #expect(
      try complaint { $0.types = [1] }.hasPrefix(
        "tokenizer.ggml.token_type: expected \(try Parts().tokens.count) types"))
    #expect(
      try complaint { $0.tokens[5] = $0.tokens[4] }
        .hasPrefix("tokenizer.ggml.tokens[5]: expected a text that no other token has"))
    #expect(try complaint { $0.merges[2] = "ab" } == "tokenizer.ggml.merges[2]: expected two tokens, found \"ab\"")
    #expect(
      try complaint { $0.merges[2] = "a nothing" }
        == "tokenizer.ggml.merges[2]: expected tokens of tokenizer.ggml.tokens, alone and joined, found \"a nothing\"")
  }
}
