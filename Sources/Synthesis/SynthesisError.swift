public import ModelFiles

/// Why a model cannot be made.
public enum SynthesisError: Error, Hashable {
  /// A size is out of range or does not fit another.
  case invalidSize(setting: String, expected: String, found: Int)
  /// A model folder holds plain floats only.
  case quantizedFolder(WeightMix)
  /// Models of this architecture have no multi-token-prediction head.
  case draftHead(Architecture)
  /// The file could not be written.
  case file(ModelFileError)
}

extension SynthesisError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .invalidSize(let setting, let expected, let found):
      "\(setting): expected \(expected), found \(found)"
    case .quantizedFolder(let mix):
      "type: a model folder holds F32, F16 or BF16; for \(mix.rawValue), name a file that ends in .gguf"
    case .draftHead(let architecture):
      "draft-head: only \(Architecture.qwen3Next.ggufName) has one, not \(architecture.ggufName)"
    case .file(let error):
      error.description
    }
  }
}
