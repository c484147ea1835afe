/// How a tokenizer cuts text into words before merging.
enum SplitRule: Sendable, CaseIterable {
  /// The expression of Qwen2 and Qwen3.
  case qwen2
  /// As Qwen2's, with marks among the letters.
  case qwen35
  /// As Qwen2's, with up to three digits in a piece.
  case llama3
  /// The expression of GPT-2.
  case gpt2
  /// Every digit is a piece of its own; the text between is cut by GPT-2's expression, as if it stood alone.
  case digitsThenGPT2

  /// The rule that is this regular expression; nil for one that is not known.
  init?(regex: String) {
    guard let rule = Self.allCases.first(where: { $0.regex.map { regex.utf8.elementsEqual($0.utf8) } ?? false })
    else { return nil }
    self = rule
  }

  /// The rule by the name it has under `tokenizer.ggml.pre`; nil for one that is not known.
  init?(ggufName: String) {
    switch ggufName {
    case "qwen2", "deepseek-r1-qwen": self = .qwen2
    case "qwen35": self = .qwen35
    case "llama-bpe", "llama3", "llama-v3": self = .llama3
    case "gpt-2": self = .gpt2
    case "smollm", "starcoder": self = .digitsThenGPT2
    default: return nil
    }
  }

  /// The names that GGUF files may give, for error messages.
  static let ggufNames = "qwen2, qwen35, llama-bpe, gpt-2, smollm, starcoder"

  /// Names of the known expressions, for error messages.
  static let regexNames = "Qwen2, Qwen3.5, Llama 3, GPT-2"

  /// The rule as one regular expression, where it is one.
  private var regex: String? {
    switch self {
    case .qwen2:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"#
        + #"\s+(?!\S)|\s+"#
    case .qwen35:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|"#
        + #"\s*[\r\n]+|\s+(?!\S)|\s+"#
    case .llama3:
      #"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"#
        + #"\s+(?!\S)|\s+"#
    case .gpt2: #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#
    case .digitsThenGPT2: nil
    }
  }
}

/// The scanner for a ``SplitRule``. It matches every text completely, piece after piece.
enum WordSplitter: Sendable {
  case newer(SplitPattern)
  case gpt2(GPT2Pattern)

  init(_ rule: SplitRule, classes: ScalarClasses) {
    self =
      switch rule {
      case .qwen2: .newer(SplitPattern(letters: .letter, maximumDigits: 1, classes: classes))
      case .qwen35: .newer(SplitPattern(letters: [.letter, .mark], maximumDigits: 1, classes: classes))
      case .llama3: .newer(SplitPattern(letters: .letter, maximumDigits: 3, classes: classes))
      case .gpt2: .gpt2(GPT2Pattern(isolatesDigits: false, classes: classes))
      case .digitsThenGPT2: .gpt2(GPT2Pattern(isolatesDigits: true, classes: classes))
      }
  }

  /// The end of the piece that starts at `start`, which is inside of `text` (well-formed UTF-8).
  @inline(__always)
  func end(ofPieceAt start: Int, in text: Span<UInt8>) -> Int {
    switch self {
    case .newer(let pattern): pattern.end(ofPieceAt: start, in: text)
    case .gpt2(let pattern): pattern.end(ofPieceAt: start, in: text)
    }
  }
}
