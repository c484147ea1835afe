import Glibc

/// What a cache folder does to files.
package protocol FileSystem: Sendable {
  /// Seconds of the time of day, as files have it.
  var now: Int { get }

  /// Makes a folder that only its owner may use. One that is there already is an error like others.
  func makeFolder(_ path: String) throws(FileError)

  /// Finds out whether files in a folder can be read and written.
  func checkAccess(to folder: String) throws(FileError)

  /// The names of what is in a folder; none where it cannot be read.
  func names(in folder: String) -> [String]

  /// The size of a file, and when it was changed; nil if it is no regular file.
  func status(of path: String) -> FileStatus?

  /// The first bytes of a file, `limit` of them unless it is shorter.
  func read(_ path: String, atMost limit: Int) throws(FileError) -> [UInt8]

  /// Writes a new file, and brings its content to the disk.
  func write(_ pieces: [[UInt8]], to path: String) throws(FileError)

  /// Gives a file another name, in place of the file that has it.
  func rename(_ path: String, to other: String) throws(FileError)

  /// Deletes a file, if it is there.
  func remove(_ path: String)

  /// Brings a folder's names to the disk. Without that, a file may be lost, no more.
  func synchronize(folder: String)

  /// Makes now the time a file was used at. The time that the kernel would give it may be the same for many.
  /// - Returns: that time in nanoseconds.
  func touch(_ path: String) -> Int
}

/// A file as a folder shows it.
package struct FileStatus: Sendable {
  package let byteCount: Int
  /// When it was changed, in nanoseconds of the time of day.
  package let time: Int

  package init(byteCount: Int, time: Int) {
    self.byteCount = byteCount
    self.time = time
  }
}

/// Why something cannot be done to a file: an `errno`.
package struct FileError: Error, Hashable {
  package let code: Int32

  package init(code: Int32) { self.code = code }

  var reason: String { String(cString: strerror(code)) }
}

/// The files of this machine.
struct SystemFiles: FileSystem {
  var now: Int { time(nil) }

  func makeFolder(_ path: String) throws(FileError) {
    if mkdir(path, 0o700) != 0 { throw FileError(code: errno) }
  }

  func checkAccess(to folder: String) throws(FileError) {
    if access(folder, R_OK | W_OK | X_OK) != 0 { throw FileError(code: errno) }
  }

  func names(in folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafeBytes(of: entry.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if name != ".", name != ".." { names.append(name) }
    }
    return names
  }

  func status(of path: String) -> FileStatus? {
    var status = stat()
    guard lstat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    return FileStatus(
      byteCount: Int(status.st_size), time: status.st_mtim.tv_sec * 1_000_000_000 + status.st_mtim.tv_nsec)
  }

  func read(_ path: String, atMost limit: Int) throws(FileError) -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else { throw FileError(code: errno) }
    defer { close(descriptor) }
    var code: Int32 = 0
    let bytes = [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
      while count < limit {
        let read = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, limit - count)
        if read < 0, errno == EINTR { continue }
        guard read > 0 else {
          if read < 0 { code = errno }
          return
        }
        count += read
      }
    }
    guard code == 0 else { throw FileError(code: code) }
    return bytes
  }

  func write(_ pieces: [[UInt8]], to path: String) throws(FileError) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileError(code: errno) }
    defer { close(descriptor) }
    for piece in pieces {
      var done = 0
      while done < piece.count {
        let written = piece.withUnsafeBytes {
          Glibc.write(descriptor, $0.baseAddress.map { $0 + done }, $0.count - done)
        }
        if written < 0, errno == EINTR { continue }
        guard written > 0 else { throw FileError(code: errno) }
        done += written
      }
    }
    guard fdatasync(descriptor) == 0 else { throw FileError(code: errno) }
  }

  func rename(_ path: String, to other: String) throws(FileError) {
    if Glibc.rename(path, other) != 0 { throw FileError(code: errno) }
  }

  func remove(_ path: String) { unlink(path) }

  func synchronize(folder: String) {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    fsync(descriptor)
    close(descriptor)
  }

  func touch(_ path: String) -> Int {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    utimensat(AT_FDCWD, path, [now, now], 0)
    return now.tv_sec * 1_000_000_000 + now.tv_nsec
  }
}
