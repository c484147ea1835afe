public import ModelFiles

/// Why a model could not be loaded.
public enum ModelError: Error, Hashable, CustomStringConvertible {
  /// A file, tensor or setting is not as expected.
  case file(ModelFileError)
  /// The operating system did not give the memory for a copy of the weights.
  case outOfMemory(byteCount: Int)

  /// A sentence for people.
  public var description: String {
    switch self {
    case .file(let error): error.description
    case .outOfMemory(let byteCount): "could not allocate \(byteCount) bytes for the weights"
    }
  }
}
