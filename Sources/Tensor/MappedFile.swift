import Glibc

/// Why a file could not be mapped.
public enum MappedFileError: Error, Hashable {
  /// Nothing exists at the path.
  case notFound(path: String)
  /// A directory, device or socket stands where a file is expected.
  case notAFile(path: String)
  /// The system refused; `reason` is its own text.
  case unreadable(path: String, reason: String)

  /// The path that was asked for.
  public var path: String {
    switch self {
    case .notFound(let path), .notAFile(let path), .unreadable(let path, _): path
    }
  }
}

extension MappedFileError: CustomStringConvertible {
  /// One sentence for people.
  public var description: String {
    switch self {
    case .notFound(let path): "\(path): no such file"
    case .notAFile(let path): "\(path): expected a file, found a directory or device"
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    }
  }
}

/// A file's contents as read-only memory, loaded by the kernel page by page when touched.
///
/// The mapping lives as long as the object. A file that is cut short by another program while it is mapped
/// makes touching the lost pages a fatal signal (`mmap(2)`, SIGBUS); model files are not rewritten in use.
public final class MappedFile: Sendable {
  /// The path as it was given.
  public let path: String
  /// The contents; empty for an empty file. Valid while this object lives: whoever keeps the pointer keeps the object,
  /// since Swift may release it after its last mention.
  public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer

  /// Maps the whole file at `path`, following symbolic links.
  public init(path: String) throws(MappedFileError) {
    self.path = path
    // Without O_NONBLOCK, opening a FIFO would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.error(path: path, code: errno) }
    defer { close(descriptor) }

    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.error(path: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    let count = Int(status.st_size)
    guard count > 0 else {
      bytes = UnsafeRawBufferPointer(start: nil, count: 0)
      return
    }
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw Self.error(path: path, code: errno)
    }
    bytes = UnsafeRawBufferPointer(start: start, count: count)
  }

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
  }

  /// A copy of the contents.
  public func contents() -> [UInt8] { Array(bytes) }

  private static func error(path: String, code: Int32) -> MappedFileError {
    code == ENOENT || code == ENOTDIR
      ? .notFound(path: path) : .unreadable(path: path, reason: String(cString: strerror(code)))
  }
}
