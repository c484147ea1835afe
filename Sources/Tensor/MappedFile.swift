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
/// The mapping lives as long as the object. What another program writes into the file meanwhile shows in the memory, and
/// where it cuts the file short, touching the lost pages is a fatal signal (`mmap(2)`, SIGBUS): `hasChanged` tells of
/// either.
public final class MappedFile: Sendable {
  /// The path as it was given.
  public let path: String
  /// The contents; empty for an empty file. Valid while this object lives: whoever keeps the pointer keeps the object,
  /// since Swift may release it after its last mention.
  public nonisolated(unsafe) let bytes: UnsafeRawBufferPointer
  /// Stays open, so that the file can be asked for, whatever its name means by then.
  private let descriptor: Int32
  private let version: Version

  /// What differs after a write.
  private struct Version: Equatable {
    let size: Int
    let seconds: Int
    let nanoseconds: Int

    init(_ status: stat) {
      size = Int(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  /// Maps the whole file at `path`, following symbolic links.
  public init(path: String) throws(MappedFileError) {
    self.path = path
    // Without O_NONBLOCK, opening a FIFO would wait for a writer.
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw Self.error(path: path, code: errno) }
    do throws(MappedFileError) {
      (version, bytes) = try Self.map(descriptor, path: path)
    } catch {
      close(descriptor)
      throw error
    }
    self.descriptor = descriptor
  }

  private static func map(
    _ descriptor: Int32, path: String
  ) throws(MappedFileError) -> (Version, UnsafeRawBufferPointer) {
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw Self.error(path: path, code: errno) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    let version = Version(status)
    guard version.size > 0 else { return (version, UnsafeRawBufferPointer(start: nil, count: 0)) }
    guard let start = mmap(nil, version.size, PROT_READ, MAP_PRIVATE, descriptor, 0), start != MAP_FAILED else {
      throw Self.error(path: path, code: errno)
    }
    return (version, UnsafeRawBufferPointer(start: start, count: version.size))
  }

  deinit {
    if let start = bytes.baseAddress { munmap(UnsafeMutableRawPointer(mutating: start), bytes.count) }
    close(descriptor)
  }

  /// Whether the file was written to, cut short or touched since it was mapped. Another file that has taken its name
  /// changes nothing.
  public var hasChanged: Bool {
    var status = stat()
    return fstat(descriptor, &status) != 0 || Version(status) != version
  }

  /// When it was last written to before it was mapped, in nanoseconds since 1970.
  public var modificationTime: Int { version.seconds &* 1_000_000_000 &+ version.nanoseconds }

  /// A copy of the contents.
  public func contents() -> [UInt8] { Array(bytes) }

  private static func error(path: String, code: Int32) -> MappedFileError {
    code == ENOENT || code == ENOTDIR
      ? .notFound(path: path) : .unreadable(path: path, reason: String(cString: strerror(code)))
  }
}
