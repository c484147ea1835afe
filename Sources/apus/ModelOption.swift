import ArgumentParser
import Foundation
import ModelFiles
import Serving
import Tokenizer

/// `--model PATH`, shared by the commands that take a model apart.
struct ModelOption: ParsableArguments {
  @Option(name: .customLong("model"), help: "Folder of a Hugging Face model. Default: the embedded swiftlet.")
  var path: String?

  /// The folder that was named, or the embedded model's.
  func resolvedPath() throws -> String {
    if let path { return path }
    return try EmbeddedModel.folder()
  }

  /// The opened model folder: configuration and weights.
  func folder() throws -> ModelFolder {
    try ModelFolder(path: try resolvedPath())
  }

  /// The model's tokenizer. Only `tokenizer.json` has to be there; the path may also name that file itself.
  func tokenizer() throws -> Tokenizer {
    var file = URL(fileURLWithPath: try resolvedPath())
    if file.pathExtension != "json" { file.append(component: "tokenizer.json") }
    return try Tokenizer(tokenizerJSON: readInput(file.path))
  }
}
