internal import JSON

/// The vocabulary as the files of a Hugging Face folder.
extension SyntheticVocabulary {
  /// How Qwen2 splits texts before merging.
  private static let splitPattern =
    #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"#

  /// The contents of `tokenizer.json`.
  var tokenizerJSON: JSON {
    var entries = JSONObject()
    var added: [JSON] = []
    for (id, token) in tokens.enumerated() {
      guard kind(of: id) != .normal else {
        entries[token] = .integer(id)
        continue
      }
      added.append([
        "id": .integer(id), "content": .string(token), "single_word": false, "lstrip": false, "rstrip": false,
        "normalized": false, "special": .bool(kind(of: id) == .special),
      ])
    }
    return [
      "version": "1.0", "truncation": nil, "padding": nil, "added_tokens": .array(added),
      "normalizer": ["type": "NFC"],
      "pre_tokenizer": [
        "type": "Sequence",
        "pretokenizers": [
          [
            "type": "Split", "pattern": ["Regex": .string(Self.splitPattern)], "behavior": "Isolated",
            "invert": false,
          ],
          ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false],
        ],
      ],
      "post_processor": nil,
      "decoder": ["type": "ByteLevel", "add_prefix_space": false, "trim_offsets": false, "use_regex": false],
      "model": [
        "type": "BPE", "dropout": nil, "unk_token": nil, "continuing_subword_prefix": "", "end_of_word_suffix": "",
        "fuse_unk": false, "byte_fallback": false, "ignore_merges": false, "vocab": .object(entries),
        "merges": .array(merges.map(JSON.string)),
      ],
    ]
  }

  /// The contents of `tokenizer_config.json`.
  var tokenizerConfiguration: JSON {
    [
      "tokenizer_class": "Qwen2Tokenizer", "bos_token": nil, "eos_token": .string(tokens[endOfTurnID]),
      "pad_token": .string(tokens[endOfTextID]), "chat_template": .string(syntheticChatTemplate),
    ]
  }

  /// The contents of `generation_config.json`.
  var generationConfiguration: JSON { ["eos_token_id": [.integer(endOfTurnID), .integer(endOfTextID)]] }
}
