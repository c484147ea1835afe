public import JSON
public import Tensor

/// Why a model's files cannot be used: what was expected, what was found, and where.
public enum ModelFileError: Error, Hashable {
  /// A file that must be there could not be opened.
  case unreadable(MappedFileError)
  /// A file could not be written; `reason` is the system's own text.
  case unwritable(path: String, reason: String)
  /// None of the files that could hold something is there.
  case missingFile(folder: String, anyOf: [String])
  /// A folder has several models where one is expected.
  case ambiguousFolder(folder: String, files: [String])
  /// A GGUF file without a tokenizer where one is needed.
  case missingTokenizer(file: String)
  /// A file is larger than this program reads.
  case tooLarge(file: String, limit: Int, found: Int)
  /// A text file is not UTF-8.
  case notUTF8(file: String)
  /// A file is not JSON.
  case malformedJSON(file: String, JSONParseError)
  /// A key of a JSON file or of GGUF metadata is absent or holds something else than it must. `key` is a path such as
  /// `rope_scaling.factor`.
  case invalidValue(file: String, key: String, expected: String, found: String)
  /// The model is of a kind this program does not run.
  case unsupportedArchitecture(file: String, found: String, supported: [String])
  /// A weight file breaks its format outside any single tensor.
  case malformedFile(file: String, expected: String, found: String)
  /// A tensor's description or data is not what it must be.
  case invalidTensor(file: String, tensor: String, expected: String, found: String)
  /// A tensor the model needs is in none of its files.
  case missingTensor(tensor: String, expected: String, files: [String])
  /// Files hold tensors the model has no use for.
  case unexpectedTensors(file: String, tensors: [String])
}

extension ModelFileError {
  /// The file at fault, or the folder that lacks one, as the error has it.
  public var file: String? {
    switch self {
    case .unreadable(let error): error.path
    case .unwritable(let path, _): path
    case .missingFile(let folder, _), .ambiguousFolder(let folder, _): folder
    case .missingTokenizer(let file), .tooLarge(let file, _, _), .notUTF8(let file), .malformedJSON(let file, _),
      .invalidValue(let file, _, _, _), .unsupportedArchitecture(let file, _, _), .malformedFile(let file, _, _),
      .invalidTensor(let file, _, _, _), .unexpectedTensors(let file, _):
      file
    case .missingTensor(_, _, let files): files.first
    }
  }
}

extension ModelFileError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .unreadable(let error):
      error.description
    case .unwritable(let path, let reason):
      "\(path): cannot be written: \(reason)"
    case .missingFile(let folder, let names):
      "\(folder): expected \(names.joined(separator: " or ")), found no such file"
    case .ambiguousFolder(let folder, let files):
      "\(folder): expected one GGUF model, found \(Self.list(files)); name the file"
    case .missingTokenizer(let file):
      "\(file): expected a tokenizer under tokenizer.ggml.model, found none"
    case .tooLarge(let file, let limit, let found):
      "\(file): expected at most \(limit) bytes, found \(found)"
    case .notUTF8(let file):
      "\(file): expected UTF-8 text, found other bytes"
    case .malformedJSON(let file, let error):
      "\(file): malformed JSON: \(error)"
    case .invalidValue(let file, let key, let expected, let found):
      "\(file): \(key): expected \(expected), found \(found)"
    case .unsupportedArchitecture(let file, let found, let supported):
      "\(file): unsupported architecture \(found); supported: \(supported.joined(separator: ", "))"
    case .malformedFile(let file, let expected, let found):
      "\(file): expected \(expected), found \(found)"
    case .invalidTensor(let file, let tensor, let expected, let found):
      "\(file): tensor \(tensor): expected \(expected), found \(found)"
    case .missingTensor(let tensor, let expected, let files):
      "\(Self.list(files)): tensor \(tensor): expected \(expected), found no such tensor"
    case .unexpectedTensors(let file, let tensors):
      "\(file): expected only tensors of the model, found also \(Self.list(tensors))"
    }
  }

  private static func list(_ names: [String]) -> String {
    let shown = names.prefix(3).joined(separator: ", ")
    return names.count > 3 ? "\(shown) and \(names.count - 3) more" : shown
  }
}
