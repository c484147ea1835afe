import Glibc

/// Why a disk cache cannot be used, or a file of it cannot be written.
public enum DiskCacheError: Error, Hashable, CustomStringConvertible {
  /// The folder cannot be made, or not be written to.
  case unusableFolder(path: String, reason: String)
  /// A file cannot be written.
  case unwritable(path: String, code: Int32)

  /// A sentence for a log.
  public var description: String {
    switch self {
    case .unusableFolder(let path, let reason):
      "the cache folder \(path) cannot be used: \(reason); name one that can be written to"
    case .unwritable(let path, let code): "the cache file \(path) cannot be written: \(String(cString: strerror(code)))"
    }
  }
}
