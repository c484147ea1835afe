/// A byte-level vocabulary of any size: 256 bytes, a few merges of them, made-up words that no text is split into but
/// that read like words when a model picks them, and last the special tokens of ChatML.
struct SyntheticVocabulary {
  /// What kind of token stands at an id.
  enum Kind {
    /// Part of texts.
    case normal
    /// Matched whole in texts, and shown.
    case added
    /// Matched whole in texts, and not shown.
    case special
  }

  /// All tokens by id, as byte-level vocabularies spell them.
  let tokens: [String]
  /// The pairs that are merged, most urgent first.
  let merges = [
    "Ġ t", "h e", "Ġt he", "i n", "Ġ a", "r e", "o n", "a n", "e r", "Ġ s", "i t", "Ġ o", "e n", "Ġ w", "Ġ in", "an d",
    "Ġ and", "Ċ Ċ",
  ]

  private static let specialTokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
  private static let addedTokens = ["<think>", "</think>", "<tool_call>", "</tool_call>"]
  private static let mergeCount = 18
  /// The smallest vocabulary that holds bytes, merges and special tokens.
  static let minimumSize = 256 + mergeCount + specialTokens.count + addedTokens.count

  init(size: Int) {
    var tokens = (0...255).map(Self.spelling)
    for merge in merges { tokens.append(merge.filter { $0 != " " }) }
    let last = Self.specialTokens + Self.addedTokens
    let wordCount = max(0, size - tokens.count - last.count)
    tokens += (0..<wordCount).map { "Ġ" + Self.word($0) }
    self.tokens = tokens + last
  }

  /// The id of the token that ends a text.
  var endOfTextID: Int { tokens.count - Self.specialTokens.count - Self.addedTokens.count }
  /// The id of the token that ends a turn.
  var endOfTurnID: Int { endOfTextID + 2 }

  func kind(of id: Int) -> Kind {
    switch id - endOfTextID {
    case ..<0: .normal
    case ..<Self.specialTokens.count: .special
    default: .added
    }
  }

  /// A byte as GPT-2's vocabularies write it: printable Latin-1 as itself, others as U+0100 and on in order.
  private static func spelling(of byte: Int) -> String {
    let value: Int =
      switch byte {
      case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: byte
      case ...0x20: 0x100 + byte
      case 0xAD: 0x143
      default: 0x121 + byte - 0x7F
      }
    return Unicode.Scalar(UInt32(value)).map(String.init) ?? ""
  }

  /// Word number `index`: its digits to the base of 85 syllables, three of them or more.
  private static func word(_ index: Int) -> String {
    let (consonants, vowels) = (Array("bdfghjklmnprstvwz"), Array("aeiou"))
    var word = ""
    var rest = index
    for _ in 0..<(index < 85 * 85 * 85 ? 3 : 4) {
      let syllable = rest % 85
      word += String([consonants[syllable / 5], vowels[syllable % 5]])
      rest /= 85
    }
    return word
  }
}

/// A chat template in ChatML that can switch thinking off.
let syntheticChatTemplate = """
  {%- for message in messages -%}
  <|im_start|>{{ message.role }}
  {{ message.content }}<|im_end|>
  {% endfor -%}
  {%- if add_generation_prompt -%}
  <|im_start|>assistant
  {% if enable_thinking is defined and not enable_thinking %}<think>

  </think>

  {% endif -%}
  {%- endif -%}

  """
