public import ModelFiles
public import Tokenizer

extension Tokenizer {
  /// Builds the tokenizer that a model's files define. `path` names them in errors.
  public init(_ source: TokenizerSource, path: String) throws(ServingError) {
    do {
      switch source {
      case .json(let file): try self.init(tokenizerJSON: file)
      case .gguf(let metadata):
        try self.init(
          ggufModel: metadata.model, preTokenizer: metadata.preTokenizer, tokens: metadata.tokens,
          types: metadata.types, merges: metadata.merges)
      }
    } catch {
      throw .tokenizer(path: path, error)
    }
  }
}
