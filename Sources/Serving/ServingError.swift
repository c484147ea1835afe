public import ChatTemplate
public import DiskCache
public import Engine
import Foundation
public import ModelFiles
public import Models
public import Scheduler
public import Tokenizer

/// Why a model cannot be served.
public enum ServingError: Error {
  /// The model's files are missing, damaged or inconsistent.
  case modelFiles(ModelFileError)
  /// The weights do not make up the architecture.
  case model(ModelError)
  /// The tokenizer in the folder or file cannot be used.
  case tokenizer(path: String, TokenizerError)
  /// The model has no chat template, and none was given.
  case noChatTemplate(path: String)
  /// The file given as chat template cannot be read.
  case unreadableChatTemplate(path: String, reason: String)
  /// The chat template is not one; `path` is the file it was given in, nil for the model's own.
  case template(path: String?, TemplateError)
  /// The embedded model's files are in none of the places they may be.
  case embeddedModelMissing(searched: [String])
  /// The memory does not hold what was asked for.
  case tooLittleMemory(purpose: String, needed: Int, available: Int)
  /// The folder that caches are kept in cannot be used.
  case diskCache(DiskCacheError)
  /// A setting is out of range.
  case invalidSetting(name: String, expected: String, found: String)
  /// The engine refused its configuration.
  case engine(EngineError)
  /// The scheduler refused its configuration.
  case scheduler(SchedulerError)
}

extension ServingError {
  /// The name of the file or folder that is at fault, without the folders it is in; nil if there is none.
  public var fileName: String? {
    let path: String? =
      switch self {
      case .modelFiles(let error), .model(.file(let error)): error.file
      case .tokenizer(let path, _), .noChatTemplate(let path), .unreadableChatTemplate(let path, _): path
      case .template(let path, _): path
      default: nil
      }
    return path.map { ($0 as NSString).lastPathComponent }
  }
}

extension ServingError: CustomStringConvertible {
  /// What to tell who starts the server.
  public var description: String {
    switch self {
    case .modelFiles(let error): "\(error)"
    case .model(let error): "\(error)"
    case .tokenizer(let path, let error): "\(path): tokenizer: \(error)"
    case .noChatTemplate(let path):
      "\(path): no chat template (in chat_template.jinja, tokenizer_config.json or the GGUF file's metadata); "
        + "name one with --chat-template"
    case .unreadableChatTemplate(let path, let reason): "chat template \(path) cannot be read: \(reason)"
    case .template(let path, let error): "chat template\(path.map { " \($0)" } ?? ""): \(error)"
    case .embeddedModelMissing(let searched):
      "the embedded model was not found in any of: " + searched.joined(separator: ", ")
    case .tooLittleMemory(let purpose, let needed, let available):
      "\(purpose) needs \(needed) bytes, and \(available) are available"
    case .invalidSetting(let name, let expected, let found): "\(name): expected \(expected), found \(found)"
    case .diskCache(let error): "\(error)"
    case .engine(let error): "\(error)"
    case .scheduler(let error): "\(error)"
    }
  }
}
