internal import Glibc
internal import Synchronization

/// A file of known size that is filled in any order, and appears under its name only when it is complete.
final class OutputFile: Sendable {
  private let path: String
  private let partialPath: String
  private let descriptor: Int32
  private let isComplete = Mutex(false)

  /// Creates a file of `byteCount` zero bytes beside `path`; a file that is there already is replaced at the end.
  init(path: String, byteCount: Int) throws(ModelFileError) {
    self.path = path
    partialPath = path + ".partial"
    descriptor = open(partialPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw Self.error(path) }
    guard ftruncate(descriptor, byteCount) == 0 else { throw Self.error(path) }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if descriptor >= 0, !isComplete.withLock({ $0 }) { unlink(partialPath) }
  }

  /// Writes `bytes` from byte `offset` of the file. May be called by several threads at once.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(ModelFileError) {
    var done = 0
    while done < bytes.count {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
      let count = pwrite(descriptor, rest.baseAddress, rest.count, offset + done)
      if count > 0 {
        done += count
      } else if errno != EINTR {
        throw Self.error(path)
      }
    }
  }

  /// Writes `bytes` from the start of the file.
  func write(_ bytes: [UInt8]) throws(ModelFileError) {
    let result = bytes.withUnsafeBytes { raw in Result { () throws(ModelFileError) in try write(raw, at: 0) } }
    try result.get()
  }

  /// Renames the file to its name.
  func finish() throws(ModelFileError) {
    guard rename(partialPath, path) == 0 else { throw Self.error(path) }
    isComplete.withLock { $0 = true }
  }

  private static func error(_ path: String) -> ModelFileError {
    .unwritable(path: path, reason: String(cString: strerror(errno)))
  }
}
