import ArgumentParser
import ModelFiles
import Serving
import Tokenizer

/// `--model PATH`, shared by the commands that take a model apart.
struct ModelOption: ParsableArguments {
  @Option(
    name: .customLong("model"), help: "Folder of a Hugging Face model, or a GGUF file. Default: the embedded swiftlet.")
  var path: String?

  /// The folder or file that was named, or the embedded model's folder.
  func resolvedPath() throws -> String {
    if let path { return path }
    return try EmbeddedModel.folder()
  }

  /// The opened model: configuration and weights.
  func folder() throws -> ModelPackage {
    try ModelPackage(path: try resolvedPath())
  }

  /// The model's tokenizer. Only that has to be there; the path may also name a `tokenizer.json` itself.
  func tokenizer() throws -> Tokenizer {
    let path = try resolvedPath()
    return try Tokenizer(TokenizerSource(path: path), path: path)
  }
}
