public import ModelFiles

/// Why a model could not be loaded.
public enum ModelError: Error, Hashable, CustomStringConvertible {
  /// A file, tensor or setting is not as expected.
  case file(ModelFileError)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .file(let error): error.description
    }
  }
}
